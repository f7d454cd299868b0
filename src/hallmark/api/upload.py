"""A request's body as a stream that ends where it was announced to end, or says that it was cut short."""

from __future__ import annotations

from django.http import HttpRequest

from hallmark.api.errors import CutShort, NoLength, TooSlow


class Upload:
    """The bytes of a body; nothing of a body that is cut short is ever taken for all of it."""

    def __init__(self, request: HttpRequest) -> None:
        """Open the body; raises `NoLength`."""
        announced = request.META.get("CONTENT_LENGTH") or ""
        if not announced.isdecimal():
            raise NoLength
        self._request = request
        self._announced = int(announced)
        self._got = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes; raises `CutShort` at an end that comes too early, `TooSlow` where it does not."""
        try:
            piece: bytes = self._request.read(size)
        except OSError as error:
            if came_too_slowly(error):
                raise TooSlow from None
            piece = b""
        self._got += len(piece)
        if not piece and self._got < self._announced:
            raise CutShort(got=self._got, announced=self._announced)
        return piece

    def read_all(self, most: int) -> bytes:
        """Return the whole body, of one that is longer than `most` the first `most` + 1 bytes."""
        pieces = []
        wanted = most + 1
        while wanted and (piece := self.read(wanted)):
            pieces.append(piece)
            wanted -= len(piece)
        return b"".join(pieces)


def came_too_slowly(error: BaseException | None) -> bool:
    """Tell whether a body could not be read because the time for it was over, however often Django wrapped that."""
    return isinstance(error, TimeoutError) or (error is not None and came_too_slowly(error.__cause__))


FILE: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""What OpenAPI says of a body that is a file."""
