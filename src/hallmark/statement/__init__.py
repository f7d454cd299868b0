"""Statements: what organisations sign. One file a subject; each kind is data."""
