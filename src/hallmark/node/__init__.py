"""A member's node: it keeps the ledger, runs the rules over every entry, and signs what it stored."""
