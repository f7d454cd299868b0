"""What the office knows of its evidence; the content is in the vault."""

from __future__ import annotations

from django.db import models


class Evidence(models.Model):
    """One object: what it is, whose it is and who may read it. Organisations and cases are named by identifier."""

    address = models.CharField(primary_key=True, max_length=64)
    size = models.BigIntegerField()
    # A plain digest confirms a guess, so it leaves this table only as a salted claim, and goes when the content goes.
    digest = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=200, blank=True)
    media_type = models.CharField(max_length=127)
    owner = models.CharField(max_length=96, db_index=True)
    case = models.CharField(max_length=96, blank=True, db_index=True)
    visibility = models.CharField(max_length=7)
    stored_by = models.CharField(max_length=96, blank=True)
    stored_ms = models.BigIntegerField()
    erased_ms = models.BigIntegerField(null=True)
    ground = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.address


class Share(models.Model):
    """An organisation other than the owner that may read."""

    evidence = models.ForeignKey(Evidence, on_delete=models.CASCADE)
    organisation = models.CharField(max_length=96)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("evidence", "organisation"), name="one_share"),)

    def __str__(self) -> str:
        return f"{self.evidence_id} {self.organisation}"
