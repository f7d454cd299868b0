"""Files that prove something: kept encrypted under the hash of their ciphertext, never rewritten, and erasable."""
