"""The inbox of the office."""

from __future__ import annotations

from django.db import models


class Notice(models.Model):
    """Something that concerns a person, or those who hold a function of an organisation. Times are ms since 1970 UTC.

    A projection: `entry` is the statement that made it, none where a deadline did. Its words are `audience.WORDS`.
    """

    id = models.CharField(primary_key=True, max_length=96)
    organisation = models.CharField(max_length=96)
    function = models.CharField(max_length=64, blank=True)
    person = models.CharField(max_length=96, blank=True)
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=96)
    facts = models.JSONField()
    entry = models.BigIntegerField(null=True)
    made_ms = models.BigIntegerField()
    read_ms = models.BigIntegerField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=("organisation", "function", "made_ms"), name="notice_function"),
            models.Index(fields=("person", "made_ms"), name="notice_person"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
