"""Attestation evidence: what it proves as of a given time, and whether a policy accepts it (RFC 9334)."""
