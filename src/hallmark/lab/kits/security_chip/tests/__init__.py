"""Tests of the security chip kit."""
