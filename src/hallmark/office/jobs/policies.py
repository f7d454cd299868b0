"""Who may see and cancel a job."""

from __future__ import annotations

from collections.abc import Collection

from hallmark.office.jobs.errors import NoSuchJob
from hallmark.office.jobs.models import Job


def may_see(job_id: int, organisations: Collection[str]) -> Job:
    """Return the job; raises `NoSuchJob` unless one of `organisations` owns it."""
    job = Job.objects.filter(pk=job_id, owner__in=organisations).exclude(owner="").first()
    if job is None:
        raise NoSuchJob(job=job_id)
    return job
