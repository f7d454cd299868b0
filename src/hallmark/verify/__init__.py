"""The offline verifier: what a relying party runs, with nothing but a trust bundle."""
