"""Hallmark: product certification for payment technology."""
