"""The reader's own files, and in both languages why one cannot be read."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from typing import IO

from hallmark.kernel.text import Text, quoted

_REASONS: Mapping[int, str] = {
    errno.EACCES: "没有权限",
    errno.EBADF: "未打开",
    errno.ECONNREFUSED: "连接被拒绝",
    errno.ECONNRESET: "连接中断",
    errno.EEXIST: "已经存在",
    errno.EHOSTUNREACH: "无法到达该主机",
    errno.EIO: "读写出错",
    errno.EISDIR: "是文件夹",
    errno.ELOOP: "链接循环",
    errno.ENAMETOOLONG: "名称过长",
    errno.ENETUNREACH: "无法到达该网络",
    errno.ENOENT: "没有该文件或文件夹",
    errno.ENOSPC: "空间不足",
    errno.ENOTDIR: "路径中有一项不是文件夹",
    errno.EPERM: "没有权限",
    errno.EROFS: "只能读取",
    errno.ETIMEDOUT: "超时",
}


class NotAPlainFile(OSError):
    """A pipe or a device, which may never end, or never begin."""


def open_file(path: str | os.PathLike[str]) -> IO[bytes]:
    """Return the file at `path`, open; raises `OSError`, or `ValueError` for a path that no file can have."""
    mode = os.stat(path).st_mode  # noqa: PTH116 - pathlib takes 10 ms of a cold start
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise NotAPlainFile
    return open(path, "rb")  # noqa: PTH123 - ditto; whoever asked for it closes it


def reason(error: object) -> Text:
    """Return why the system refused; what has no words of ours is quoted."""
    if isinstance(error, NotAPlainFile):
        return Text("不是普通文件；管道请经标准输入提供", "it is no ordinary file; pipe it to the standard input")
    if isinstance(error, TimeoutError):
        return Text("超时", "it took too long")
    number, words = getattr(error, "errno", None), getattr(error, "strerror", None) or str(error)[:200]
    if (
        isinstance(number, int) and number in _REASONS and words == os.strerror(number)
    ):  # libraries number their own errors from 1 again
        return Text(_REASONS[number], words)
    return quoted(words)
