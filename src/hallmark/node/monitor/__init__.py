"""A monitor: whoever follows the ledger from outside, trusts nobody's server, and keeps proof of what is wrong.

`replay` runs the law over the entries and keeps them in a store, `triggers` look for what is allowed and odd. `watch`
reads what the register and the nodes publish and holds it against each other and against what was `seen` before.
"""
