"""The API over HTTP, with nothing but the standard library."""

from __future__ import annotations

import http.client
import io
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import IO, Any
from urllib.parse import quote, urlencode, urlsplit

from hallmark.cli.errors import Answered, BadServer, NotOurServer, NotReachable
from hallmark.kernel.text import Language, Text
from hallmark.verify import disk

_TIMEOUT_S = 120
_MOST = 64 << 20
_CHUNK = 1 << 20
_JSON = "application/json"
_PROBLEM = "application/problem+json"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes to the server it was made for and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Client:
    """One server, and the token to show it."""

    def __init__(self, server: str, token: str | None, language: Language) -> None:
        """Raise `BadServer` unless `server` is the address of one."""
        parts = urlsplit(server)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise BadServer(server=server[:200])
        self.server = server.rstrip("/")
        self._headers = {"Accept-Language": language, "User-Agent": "hallmark"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._opener = urllib.request.build_opener(_NoRedirect)

    def get(self, path: str, **query: object) -> Any:
        """Return the JSON at `path`; raises as `call`."""
        return self._json(self.call("GET", path, query=query))

    def send(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON that answers `body`, None where there is none; raises as `call`."""
        data = None if body is None else json.dumps(body).encode()
        return self._json(self.call(method, path, data=data))

    def bring(self, path: str, file: IO[bytes], size: int, media_type: str, **query: object) -> Any:
        """Return the JSON that answers a file of `size` bytes; raises as `call`."""
        return self._json(self.call("POST", path, data=file, size=size, media_type=media_type, query=query))

    def fetch(self, path: str, target: IO[bytes]) -> int:
        """Write the body of the answer to `target` and return its size; raises as `call`."""
        return self._exchange("GET", path, target)

    def call(self, method: str, path: str, **options: Any) -> bytes:
        """Return the body of the answer; raises `Answered`, `NotReachable`, `NotOurServer`.

        `data`, of `media_type` and where it is a file of `size` bytes, is the request's body; `query` its query.
        """
        body = io.BytesIO()
        self._exchange(method, path, body, most=_MOST, **options)
        return body.getvalue()

    def _exchange(
        self,
        method: str,
        path: str,
        target: IO[bytes],
        *,
        data: Any = None,
        size: int | None = None,
        media_type: str = _JSON,
        query: Mapping[str, object] | None = None,
        most: int | None = None,
    ) -> int:
        asked = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        url = f"{self.server}/api/v1{quote(path)}" + (f"?{urlencode(asked, doseq=True)}" if asked else "")
        request = urllib.request.Request(url, data=data, headers=self._headers, method=method)  # noqa: S310 - see above
        if data is not None:
            request.add_header("Content-Type", media_type)
        if size is not None:
            request.add_header("Content-Length", str(size))
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                return self._copy(answer, target, most)
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error) from None
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            why = getattr(error, "reason", None) or error
            raise NotReachable(server=self.server, why=disk.reason(why)) from None

    def _copy(self, answer: Any, target: IO[bytes], most: int | None) -> int:
        """Copy an answer's body; raises `NotOurServer` beyond `most` bytes, `NotReachable` where it is cut short."""
        announced = answer.headers.get("Content-Length")
        got = 0
        while chunk := answer.read(_CHUNK):
            got += len(chunk)
            if most is not None and got > most:
                raise NotOurServer(server=self.server, status=Text(f"超过 {most} 字节", f"more than {most} bytes"))
            target.write(chunk)
        if announced is not None and got != int(announced):
            raise NotReachable(server=self.server, why=Text("应答中断", "the answer was cut short"))
        return got

    def _refusal(self, error: urllib.error.HTTPError) -> Exception:
        try:
            problem = json.loads(error.read(_MOST)) if error.headers.get("Content-Type", "") == _PROBLEM else {}
        except (ValueError, RecursionError, OSError, http.client.HTTPException):
            problem = {}
        if not isinstance(problem, dict) or not isinstance(problem.get("detail"), str) or "status" not in problem:
            return NotOurServer(server=self.server, status=error.code)
        return Answered(detail=problem["detail"], problem={**problem, "status": error.code})

    def _json(self, data: bytes) -> Any:
        try:
            return json.loads(data) if data else None
        except (ValueError, RecursionError):
            raise NotOurServer(server=self.server, status=Text("不是 JSON", "no JSON")) from None
