"""Jobs and deadlines."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import Q


class Outcome(StrEnum):
    """How a job ended; empty while it has not."""

    OPEN = ""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(models.Model):
    """A piece of work: waiting, leased to a worker until a time, or ended. Times are ms since 1970 UTC."""

    kind = models.CharField(max_length=64)
    payload = models.JSONField(default=dict)
    owner = models.CharField(max_length=96, blank=True)
    dedupe = models.CharField(max_length=200, blank=True)
    due_ms = models.BigIntegerField()
    attempts = models.IntegerField(default=0)
    max_attempts = models.IntegerField()
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until_ms = models.BigIntegerField(default=0)
    cancel = models.BooleanField(default=False)
    progress = models.JSONField(default=dict)
    outcome = models.CharField(max_length=9, blank=True)
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)
    ended_ms = models.BigIntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("dedupe",), condition=~Q(dedupe=""), name="job_once"),)
        indexes = (models.Index(fields=("due_ms", "id"), condition=Q(outcome=""), name="job_open"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Deadline(models.Model):
    """A time at which something falls due for a subject; it only starts the job of its kind. A projection."""

    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=200)
    due_ms = models.BigIntegerField()
    done = models.BooleanField(default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("kind", "subject"), condition=Q(done=False), name="deadline_once"),
        )
        indexes = (models.Index(fields=("due_ms",), condition=Q(done=False), name="deadline_open"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
