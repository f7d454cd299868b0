"""Audits in the making: drafts on the way to a report. What counts is the statement `audit.reported`."""

from __future__ import annotations

from django.db import models


class Audit(models.Model):
    """An audit of a case at one site: the sheet as filled in so far, and the drafts that were drawn up from it."""

    id = models.CharField(primary_key=True, max_length=96)
    case = models.CharField(max_length=96, db_index=True)
    body = models.CharField(max_length=96)
    sheet = models.BinaryField()
    drafts = models.JSONField(default=dict)
    opened_by = models.CharField(max_length=96)
    opened_ms = models.BigIntegerField()

    def __str__(self) -> str:
        return self.id


class Pack(models.Model):
    """A pack that was handed out, by the digest of its head: only such a pack is taken back."""

    digest = models.CharField(primary_key=True, max_length=64)
    audit = models.ForeignKey(Audit, on_delete=models.CASCADE)
    made_by = models.CharField(max_length=96)
    made_ms = models.BigIntegerField()

    def __str__(self) -> str:
        return self.digest
