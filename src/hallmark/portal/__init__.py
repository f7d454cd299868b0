"""What anyone sees without signing in: register, check page, scheme and ledger, in Chinese and English."""
