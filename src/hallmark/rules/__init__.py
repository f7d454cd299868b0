"""The scheme's law as pure functions: may this statement happen, and what is so when it has."""
