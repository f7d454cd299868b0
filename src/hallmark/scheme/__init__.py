"""A certification scheme as data: load it, explain it, resolve its parameters."""
