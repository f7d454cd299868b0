"""The REST API: thin operations over office services and queries, one error shape, described by OpenAPI."""
