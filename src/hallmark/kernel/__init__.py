"""Identifiers, hashing, canonical CBOR, keys, signatures and errors: what every other room stands on."""
