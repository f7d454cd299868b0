"""The laboratory: take a sample, run a kit on it in a sandbox, and keep a record that can be decided again."""

from hallmark.lab.runner import run, warm
from hallmark.lab.sample import take

__all__ = ["run", "take", "warm"]
