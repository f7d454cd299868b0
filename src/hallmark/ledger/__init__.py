"""The ledger: Merkle tree and map, tiles, signed checkpoints, co-signatures, trust policy, proofs and receipts."""
