"""Certificates as people hold them: one record, many forms, one status."""
