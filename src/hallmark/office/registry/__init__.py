"""The ledger and what is so: the only writer of entries, records and checkpoints."""
