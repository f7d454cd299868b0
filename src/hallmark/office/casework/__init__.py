"""Cases as people work on them: what is missing, who may do what, and what comes next."""
