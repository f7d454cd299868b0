"""Test runs: drafts on the way to a report. What counts is the statement `test.reported`."""

from __future__ import annotations

from django.db import models


class TestRun(models.Model):
    """One run of a kit on a sample of a case; `record` is the result record with the judgements by hand so far."""

    __test__ = False  # no test of ours

    id = models.CharField(primary_key=True, max_length=96)
    case = models.CharField(max_length=96, db_index=True)
    sample = models.CharField(max_length=96)
    laboratory = models.CharField(max_length=96)
    product_type = models.CharField(max_length=64)
    files = models.JSONField()
    declaration = models.JSONField()
    seed = models.BinaryField(max_length=32)
    asked_by = models.CharField(max_length=96)
    asked_ms = models.BigIntegerField()
    ended_ms = models.BigIntegerField(null=True)
    job = models.BigIntegerField(null=True)
    record = models.BinaryField(default=b"")
    error = models.JSONField(null=True)

    def __str__(self) -> str:
        return self.id
