"""What can end a job."""

from __future__ import annotations

from django.db import InterfaceError, InternalError, OperationalError

from hallmark.kernel.errors import HallmarkError, Missing, Refusal, Unavailable

OUT_OF_REACH = (OperationalError, InterfaceError, InternalError)
"""What Django raises of a database that is locked or gone, or is a standby by now and takes no writes."""


class NoSuchJob(Missing):
    """No job has this number, or it is not this reader's."""

    en = "There is no job {job} of yours. It may be finished and forgotten; look at its result."
    zh = "没有属于您的任务 {job}。该任务可能已结束并被清理，请查看其结果。"


class Cancelled(Refusal):
    """Somebody asked for the job to stop."""

    en = "The job was cancelled. Start it again if it is still wanted."
    zh = "任务已取消。如仍需要，请重新启动。"


class LeaseLost(Unavailable):
    """The lease ran out and another worker may hold the job."""

    en = "This worker lost its lease on the job, so its result is not recorded. Another worker does the job again."
    zh = "本工作进程已失去该任务的租约，其结果不予记录。将由其他工作进程重新执行。"


class WorkerLost(Unavailable):
    """Every worker that took the job disappeared."""

    en = "The job was given up: {attempts} workers took it and none came back. Look at the machines and start it again."
    zh = "任务已放弃：先后 {attempts} 个工作进程领取后均未返回。请检查机器后重新启动。"


class HandlerFailed(Unavailable):
    """The code of the job failed."""

    en = "The job failed with {error}, which is a fault of this software. Report it with the number of the job."
    zh = "任务因 {error} 失败，属于本软件的缺陷。请附任务编号报告。"


def told(error: HallmarkError) -> dict[str, str]:
    """Return what a job keeps of an error: its code, and its sentences in both languages."""
    return {"code": error.code, "en": error.explain("en"), "zh": error.explain("zh")}
