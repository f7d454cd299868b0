"""What can go wrong with an inbox."""

from __future__ import annotations

from hallmark.kernel.errors import Missing


class NoSuchNotice(Missing):
    """There is no such notice, or it is for somebody else."""

    en = "There is no notice {notice} for you. Check the identifier."
    zh = "没有发给您的通知 {notice}。请核对编号。"
