"""The other side of the wire: one node as its peers, the sequencer and operators reach it."""

from __future__ import annotations

import json
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Ballot, Consent, Head, Start
from hallmark.consortium.judgement import Judgement
from hallmark.consortium.seal import SignedSeal
from hallmark.consortium.sealing import Announcement
from hallmark.kernel import canonical, hashing
from hallmark.kernel.text import Text, quoted
from hallmark.ledger.note import Note, Signature, from_decimal
from hallmark.node import protocol
from hallmark.node.errors import BadRequest, NotReached, OldSizeDiffers, Refused, WrongEvidence
from hallmark.node.protocol import Message, Offer
from hallmark.node.sighting import Sighting
from hallmark.node.store import Pair
from hallmark.verify import disk

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

SIZE_TYPE = "text/x.tlog.size"
_MAX_ANSWER = 2 * protocol.CHUNK_SIZE
_WHOLE = 3  # times the patience for a part: so long an answer may take altogether
_CODE = re.compile(r"[a-z0-9-]{1,100}")


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    media_type: str
    body: bytes


class _Ending(RawIOBase):
    """What arrives at a socket until a time: a node that trickles would else be waited for again with every byte."""

    def __init__(self, arriving: RawIOBase, connected: socket.socket, seconds: float) -> None:
        self._arriving = arriving
        self._connected = connected
        self._patience, self._end = seconds, monotonic() + _WHOLE * seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        left = self._end - monotonic()
        if left <= 0:
            raise TimeoutError
        self._connected.settimeout(min(left, self._patience))
        return self._arriving.readinto(buffer)

    def close(self) -> None:
        self._arriving.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *rest: Any, **more: Any) -> None:
        super().__init__(sock, *rest, **more)
        self.fp = BufferedReader(_Ending(self.fp.detach(), sock, sock.gettimeout() or 0))


class Peer:
    """The node of member `name` at `url`, over connections that are kept. Every method raises `NotReached`.

    A part of an answer may take `timeout` seconds, all of it three times as many. What a node refuses comes back as
    `Refused`, with the `code` of its reason; whatever else it says is as good as no answer.
    """

    def __init__(self, name: str, url: str, timeout: float = 10) -> None:
        try:
            parts = urlsplit(url)
            place = parts.hostname or "", parts.port
        except ValueError:  # of brackets, or of the port
            place = "", None
        if not place[0] or parts.scheme not in {"http", "https"}:
            raise BadRequest(why=Text(f"{url[:100]} 不是节点的 URL", f"{url[:100]} is not the URL of a node"))
        self.name = name
        self._type = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._place = place
        self._prefix = parts.path.rstrip("/")
        self._timeout = timeout
        self._idle: list[HTTPConnection] = []

    def hand_in(self, message: Message) -> None:
        """Hand in entries; raises `OldSizeDiffers`."""
        self._post("/add-entries", message.encode())

    def witness(self, offer: Offer) -> list[Signature]:
        """Return witness co-signatures; raises `OldSizeDiffers`, `BadNote`."""
        return _signatures(self._post("/add-checkpoint", offer.encode()))

    def mirror(self, certificate: Note) -> list[Signature]:
        """Return mirror co-signatures; raises `BadNote`."""
        return _signatures(self._post("/add-certificate", certificate.encode()))

    def finish(self, final: Note) -> None:
        """Publish a final checkpoint."""
        self._post("/add-final", final.encode())

    def note(self, name: str) -> Note | None:
        """Return the newest `checkpoint` or `certificate`, or None; raises `BadNote`."""
        answer = self._ask("GET", f"/{name}")
        return None if answer.status == 404 else Note.parse(self._checked(answer))

    def tile(self, path: str) -> bytes:
        """Return the tile or bundle at `path`; whoever reads it checks it against a checkpoint (`TiledLog`)."""
        return self._checked(self._ask("GET", f"/{path}"))

    def forks(self) -> list[tuple[Note, Note]]:
        """Return the pairs of notes that prove a sequencer's lie; raises as `protocol.decode_forks`."""
        return protocol.decode_forks(self._checked(self._ask("GET", "/forks")))

    def account(self, member: str, constitution: Constitution) -> tuple[Sighting, ...]:
        """Return what the node holds of a member's signatures; raises as `protocol.decode_account`."""
        nonce = secrets.token_bytes(protocol.NONCE_SIZE)
        body = self._checked(self._ask("GET", f"/trace/{quote(member, safe='')}/{nonce.hex()}"))
        return protocol.decode_account(body, self.name, member, nonce, constitution)

    def chunk(self, message: Message) -> tuple[list[Pair], list[bytes]]:
        """Return entries; raises as `protocol.decode_chunk`."""
        return protocol.decode_chunk(self._post("/entries", message.encode()))

    def sealing(self) -> Announcement:
        """Return the key to seal to for the member; raises as `Announcement.parse`, and whoever uses it verifies it."""
        return Announcement.parse(self._checked(self._ask("GET", "/sealing")))

    def judge(self, message: Message) -> Judgement:
        """Return what the member finds of entries; raises `OldSizeDiffers`, and as `Judgement.parse`."""
        return Judgement.parse(self._post("/judge", message.encode()))

    def starts(self, after: int) -> Iterator[Start]:
        """Yield the starts of the epochs after `after`; raises as `protocol.decode_starts` and `Start.parse`."""
        yield from map(Start.parse, protocol.decode_starts(self._checked(self._ask("GET", f"/starts/{after}"))))

    def evidence(self, digest: bytes) -> bytes:
        """Return the archived evidence with this digest; raises `WrongEvidence`."""
        bundle = self._checked(self._ask("GET", f"/evidence/{digest.hex()}"))
        if hashing.sha256(bundle) != digest:
            raise WrongEvidence(why=Text("其摘要不同", "its digest is another"))
        return bundle

    def successor(self, base: Head) -> Constitution:
        """Return what the votes on the ledger up to `base` make of the constitution; raises as `Constitution.parse`."""
        return Constitution.parse(self._checked(self._ask("GET", f"/successor/{base.size}/{base.root.hex()}")))

    def seal(self, attempt: int, calls: dict[str, bytes]) -> SignedSeal:
        """Return the member's seal; raises as `SignedSeal.parse`."""
        return SignedSeal.parse(self._post("/seal", canonical.encode([attempt, calls])))

    def consent(self, given: Consent) -> None:
        """Show the node that members consented to another sequencer."""
        self._post("/consent", given.encode())

    def prepare(self, ballot: Ballot, seals: list[SignedSeal]) -> bytes:
        """Return the signature of the member's prepare."""
        return self._post("/prepare", canonical.encode([ballot.to_value(), [each.encode() for each in seals]]))

    def commit(self, ballot: Ballot, prepares: dict[str, bytes]) -> tuple[bytes, bytes]:
        """Return the signatures of the member's commit; raises `NotCanonical`, `BadRequest`."""
        answer = canonical.decode(self._post("/commit", canonical.encode([ballot.to_value(), prepares])))
        match answer:
            case [bytes(mirror), bytes(archive)]:
                return mirror, archive
        raise BadRequest(why=Text("一项提交并非两个签名", "a commit is two signatures"))

    def start(self, start: Start) -> None:
        """Show the node that the next epoch was started."""
        self._post("/start", start.encode())

    def _post(self, path: str, body: bytes) -> bytes:
        return self._checked(self._ask("POST", path, body))

    def _checked(self, answer: _Answer) -> bytes:
        if answer.status == 200:
            return answer.body
        if answer.media_type == SIZE_TYPE:
            size = from_decimal(answer.body.decode(errors="replace").removesuffix("\n"))
            if size is not None:
                raise OldSizeDiffers(old="?", size=size)
        try:
            problem = json.loads(answer.body)
            facts = {"code": _code(problem["code"]), "detail": _shown(problem["detail"])}
        except (ValueError, KeyError, TypeError, RecursionError):
            raise NotReached(node=self.name, why=Text(f"状态 {answer.status}", f"status {answer.status}")) from None
        if answer.status >= 500:
            raise NotReached(node=self.name, why=facts["detail"], code=facts["code"])
        raise Refused(node=self.name, **facts)

    def close(self) -> None:
        """Close the connections that are kept."""
        while self._idle:
            self._idle.pop().close()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> _Answer:
        try:
            with suppress(IndexError, ConnectionError, HTTPException):  # none is kept, or the node closed it meanwhile
                return self._ask_on(self._idle.pop(), method, path, body)
            connection = self._type(*self._place, timeout=self._timeout)
            connection.response_class = _Response
            return self._ask_on(connection, method, path, body)
        except OSError as error:
            raise NotReached(node=self.name, why=disk.reason(error)) from None
        except (HTTPException, ValueError) as error:  # the latter of a chunk that claims a negative size
            raise NotReached(node=self.name, why=quoted(_shown(error))) from None

    def _ask_on(self, connection: HTTPConnection, method: str, path: str, body: bytes | None) -> _Answer:
        try:
            if connection.sock:
                connection.sock.settimeout(self._timeout)
            connection.request(method, self._prefix + path, body)
            response = connection.getresponse()
            content = response.read(_MAX_ANSWER + 1)
        except BaseException:
            connection.close()
            raise
        if len(content) > _MAX_ANSWER:
            connection.close()
            raise HTTPException("its answer is too long")
        self._idle.append(connection)
        return _Answer(response.status, response.headers.get_content_type(), content)


def _code(said: object) -> str:
    """Return the code of a reason; raises `ValueError` for what is none, since people and logs are shown it."""
    if not isinstance(said, str) or not _CODE.fullmatch(said):
        raise ValueError
    return said


def _shown(said: object) -> str:
    """Return a node's own words without what a terminal or a log would take for more than words."""
    return "".join(each for each in str(said)[:1000] if each.isprintable())


def _signatures(body: bytes) -> list[Signature]:
    try:
        return [Signature.parse(line) for line in body.decode().splitlines()]
    except UnicodeDecodeError:
        raise BadRequest(why=Text("签名不是 UTF-8", "its signatures are not UTF-8")) from None
