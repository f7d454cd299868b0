"""Log lines without personal data: what happened and where in the code, never the message of an exception."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Line(logging.Formatter):
    """One line a record; under it the type and the places of an exception: its message may quote a person."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - the name is logging's
        """Return the type and the places of an exception."""
        kind, _, places = ei
        return "".join(traceback.format_tb(places)) + (kind.__name__ if kind else "")


class Errors(logging.Filter):
    """Lets only errors of the server through, and puts the route in place of the path, which may name a person."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is written."""
        request = getattr(record, "request", None)
        match = getattr(request, "resolver_match", None)
        record.msg, record.args = "%s /%s", (getattr(request, "method", "-"), match.route if match else "-")
        return record.levelno >= logging.ERROR
