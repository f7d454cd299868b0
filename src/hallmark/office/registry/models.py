"""The ledger's tables: entries, the records that are so, and the head. Only `sequencer` writes them."""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One admitted statement and, for those who may read them, its disclosures."""

    index = models.BigIntegerField(primary_key=True)
    digest = models.BinaryField(max_length=32)
    kind = models.CharField(max_length=64)
    issuer = models.CharField(max_length=96, db_index=True)
    subject = models.CharField(max_length=96, db_index=True)
    told_ms = models.BigIntegerField()
    encoded = models.BinaryField()
    disclosures = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.index} {self.kind}"


class StateRecord(models.Model):
    """One record of the state: the last word of entry `entry` about `key`."""

    key = models.CharField(primary_key=True, max_length=255)
    family = models.CharField(max_length=64, db_index=True)
    record = models.BinaryField()
    entry = models.BigIntegerField()

    def __str__(self) -> str:
        return self.key


class Head(models.Model):
    """The one row that orders writers: the size and frontier of the log, and what of it was published."""

    id = models.IntegerField(primary_key=True, default=1)
    frontier = models.BinaryField()
    published = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.id)


class Draft(models.Model):
    """A statement that waits for approvals and for the organisation's signature."""

    id = models.CharField(primary_key=True, max_length=96)
    kind = models.CharField(max_length=64)
    issuer = models.CharField(max_length=96, db_index=True)
    subject = models.CharField(max_length=96, db_index=True)
    content = models.BinaryField()
    disclosures = models.BinaryField()
    approvals = models.BinaryField()
    made_by = models.CharField(max_length=96)
    made_ms = models.BigIntegerField()
    entry = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.id} {self.kind}"


class Certificate(models.Model):
    """A projection of the register: what people search for."""

    number = models.CharField(primary_key=True, max_length=96)
    entry = models.BigIntegerField()
    body = models.CharField(max_length=96, db_index=True)
    product_type = models.CharField(max_length=64, db_index=True)
    status = models.CharField(max_length=16, db_index=True)
    valid_from = models.DateField()
    valid_until = models.DateField(db_index=True)
    record = models.BinaryField()

    def __str__(self) -> str:
        return self.number


class SearchTerm(models.Model):
    """One term of one certificate: a word, or two neighbouring Chinese characters."""

    term = models.CharField(max_length=40)
    certificate = models.ForeignKey(Certificate, on_delete=models.CASCADE)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("term", "certificate"), name="one_term"),)

    def __str__(self) -> str:
        return self.term
