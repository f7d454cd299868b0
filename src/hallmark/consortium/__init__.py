"""The consortium: who its members are, what each signs and when, how an epoch follows another, and what is final."""
