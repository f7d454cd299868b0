"""The ledger's tables: entries, the records that are so, and the head. Only `sequencer` writes them.

Their indexes are few, for each costs every entry: `db_index` would make two on PostgreSQL.
"""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One admitted statement and, for those who may read them, its disclosures."""

    index = models.BigIntegerField(primary_key=True)
    digest = models.BinaryField(max_length=32)
    kind = models.CharField(max_length=64)
    issuer = models.CharField(max_length=96)
    subject = models.CharField(max_length=96)
    told_ms = models.BigIntegerField()
    encoded = models.BinaryField()
    disclosures = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("digest",), name="one_entry"),)
        indexes = (models.Index(fields=("subject", "index"), name="entry_subject"),)

    def __str__(self) -> str:
        return f"{self.index} {self.kind}"


class StateRecord(models.Model):
    """One record of the state: the last word of entry `entry` about `key`."""

    key = models.CharField(primary_key=True, max_length=255)
    family = models.CharField(max_length=64)
    record = models.BinaryField()
    entry = models.BigIntegerField()

    class Meta:
        indexes = (models.Index(fields=("family",), name="record_family"),)

    def __str__(self) -> str:
        return self.key


class Ordered(models.Model):
    """One admitted statement that has its place, and waits for a quorum of nodes to make it an entry."""

    index = models.BigIntegerField(primary_key=True)
    encoded = models.BinaryField()
    disclosures = models.BinaryField()

    def __str__(self) -> str:
        return str(self.index)


class Head(models.Model):
    """The one row that orders writers: the size and frontier of the log, and what of it was published.

    Of a consortium's ledger also the newest final checkpoint, and how the epoch was started that this server is in,
    where the ledger does not say so yet.
    """

    id = models.IntegerField(primary_key=True, default=1)
    frontier = models.BinaryField()
    published = models.BigIntegerField(default=0)
    note = models.BinaryField(null=True)
    start = models.BinaryField(null=True)

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
    """A projection of the register: what people search for, newest last by `entry`."""

    number = models.CharField(primary_key=True, max_length=96)
    entry = models.BigIntegerField(unique=True)
    status = models.CharField(max_length=16)
    valid_from = models.DateField()
    valid_until = models.DateField()
    record = models.BinaryField()

    def __str__(self) -> str:
        return self.number


class SearchTerm(models.Model):
    """One term of one certificate: a word, a Chinese character, two neighbours, or its type or body."""

    pk = models.CompositePrimaryKey("term", "certificate")
    term = models.CharField(max_length=112)
    certificate = models.ForeignKey(
        Certificate, to_field="entry", db_column="entry", db_index=False, on_delete=models.CASCADE
    )

    def __str__(self) -> str:
        return self.term


class StatusPeriod(models.Model):
    """The days, first and last, on which one certificate has one status as far as is recorded; together all days."""

    pk = models.CompositePrimaryKey("status", "certificate", "first_day", "last_day")
    status = models.CharField(max_length=16)
    certificate = models.ForeignKey(
        Certificate, to_field="entry", db_column="entry", db_index=False, on_delete=models.CASCADE
    )
    first_day = models.DateField()
    last_day = models.DateField()

    def __str__(self) -> str:
        return f"{self.status} {self.first_day}"
