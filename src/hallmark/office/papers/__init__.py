"""Pages for people: certificates and reports as sealed PDF, drawn from the ledger and the records."""
