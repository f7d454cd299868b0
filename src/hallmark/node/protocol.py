"""What travels to and between nodes, as bytes; how it travels is in `service` and `client`.

| body     | encoding                                                                                |
|----------|-----------------------------------------------------------------------------------------|
| offer    | `add-checkpoint` of C2SP tlog-witness: old size, consistency proof, the sequencer's note |
| message  | `[sender, receiver, purpose, seconds, content, signature]`                              |
| entries  | `[start, [[entry, disclosures], ...]]`, the content of a message                        |
| wanted   | `[start, end, sealing key]`, the content of a message                                   |
| judged   | as entries, the content of a message; `judgement` says how it is answered                |
| chunk    | `[[[entry, disclosures], ...], proof]`                                                  |
| starts   | `[start, ...]`, each as bytes                                                            |
| forks    | `[[note, other note], ...]`                                                              |
| account  | `[[[kind, content, signature], ...], signature]`; what is in it is in `sighting`         |

CBOR is canonical. A message is signed over `["hallmark/message/1", [all but the signature]]`: entries by the key of the
sequencer, under the empty name, and what is wanted by a member's witness key. An account of what `peer` saw of `member`
is signed by the peer's witness key over `["hallmark/account/1", [peer, member, nonce, the sightings]]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import BadMemberSignature, verified
from hallmark.kernel import canonical, keys
from hallmark.kernel.text import Text
from hallmark.ledger.merkle import MAX_SIZE
from hallmark.ledger.note import Note, from_base64, from_decimal, to_base64
from hallmark.node import sighting
from hallmark.node.errors import BadRequest, MessageNotTrusted
from hallmark.node.sighting import Sighting
from hallmark.node.store import Pair
from hallmark.statement.envelope import MAX_SIZE as MAX_ENTRY

SEQUENCER = ""
ENTRIES, JUDGED, WANTED = "entries", "judged", "wanted"  # purposes: two of the sequencer's, one of a member's
FRESH_SECONDS = 60
NONCE_SIZE = 16
CHUNK_SIZE = 4 * 2**20  # bytes of entries and disclosures that one answer or one message holds, about
_MAX_PATH = 63
_MAX_NAME = 100
_MESSAGE, _ACCOUNT = "hallmark/message/1", "hallmark/account/1"


@dataclass(frozen=True, slots=True)
class Offer:
    """The sequencer's `note`, and the proof that it grew from the `old` size."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    def encode(self) -> bytes:
        """Return the body."""
        lines = [f"old {self.old}", *map(to_base64, self.proof)]
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.note.encode()

    @classmethod
    def parse(cls, data: bytes) -> Offer:
        """Return the offer whose only encoding is `data`; raises `BadRequest`, `BadNote`."""
        head, separator, note = data.partition(b"\n\n")
        first, *lines = head.decode(errors="replace").split("\n")
        old = from_decimal(first.removeprefix("old ")) if first.startswith("old ") else None
        proof = tuple(from_base64(line) or b"" for line in lines)
        if not separator or old is None or old > MAX_SIZE:
            raise BadRequest(
                why=Text(
                    "开头没有旧大小，或证明之后没有空行",
                    "it does not begin with the old size and end its proof with an empty line",
                )
            )
        if len(proof) > _MAX_PATH or not all(proof):
            raise BadRequest(
                why=Text("其证明不是至多 63 个 base64 哈希值", "its proof is not up to 63 hashes in base64")
            )
        return cls(old, proof, Note.parse(note))


@dataclass(frozen=True, slots=True)
class Message:
    """Content that a member or the sequencer vouches for, to one receiver, for one purpose, at one time in seconds."""

    sender: str
    receiver: str
    purpose: str
    seconds: int
    content: bytes
    signature: bytes = b""

    def signed(self, signer: keys.Signer) -> Message:
        """Return the message with its signature."""
        signature = signer.sign(self._signed_bytes)
        return Message(self.sender, self.receiver, self.purpose, self.seconds, self.content, signature)

    def encode(self) -> bytes:
        """Return the body."""
        return canonical.encode([*self._parts, self.signature])

    @classmethod
    def parse(cls, data: bytes) -> Message:
        """Return the message whose only encoding is `data`; raises `NotCanonical`, `BadRequest`."""
        match canonical.decode(data, what=Text("消息", "message")):
            case [str(sender), str(receiver), str(purpose), int(seconds), bytes(content), bytes(signature)]:
                if type(seconds) is int and len(sender) <= _MAX_NAME and sender.isprintable():  # refusals repeat it
                    return cls(sender, receiver, purpose, seconds, content, signature)
        raise BadRequest(why=Text("不是由六部分组成的消息", "it is not a message of six parts"))

    def open(self, receiver: str, purpose: str, seconds: int, constitution: Constitution) -> bytes:
        """Return the content if it is for `receiver` and `purpose`, fresh, and of who may send such.

        Raises `MessageNotTrusted`.
        """
        member = constitution.member(self.sender)
        if self.sender == SEQUENCER and purpose in (ENTRIES, JUDGED):
            key = constitution.sequencer
        elif member and purpose == WANTED:
            key = member.witness
        else:
            raise MessageNotTrusted(sender=self.sender, why=Text(f"它不得发送 {purpose}", f"it may not send {purpose}"))
        if (self.receiver, self.purpose) != (receiver, purpose):
            raise MessageNotTrusted(sender=self.sender, why=Text("它是发给另一方的", "it is meant for another"))
        if abs(seconds - self.seconds) > FRESH_SECONDS:
            raise MessageNotTrusted(sender=self.sender, why=Text("它不是此刻的消息", "it is not of this minute"))
        try:
            key.verify(self._signed_bytes, self.signature)
        except keys.BadSignature as error:
            raise MessageNotTrusted(sender=self.sender, why=error.facts.get("why")) from None
        return self.content

    @property
    def _parts(self) -> list[object]:
        return [self.sender, self.receiver, self.purpose, self.seconds, self.content]

    @property
    def _signed_bytes(self) -> bytes:
        return canonical.encode([_MESSAGE, self._parts])


def encode_entries(start: int, pairs: Sequence[Pair]) -> bytes:
    """Return the content that hands in `pairs` from position `start` on."""
    return canonical.encode([start, [list(pair) for pair in pairs]])


def decode_entries(data: bytes) -> tuple[int, list[Pair]]:
    """Return start and pairs; raises `NotCanonical`, `BadRequest`."""
    match canonical.decode(data, what=Text("条目", "entries")):
        case [int(start), list(pairs)] if type(start) is int and 0 <= start <= MAX_SIZE:
            return start, [_pair(pair) for pair in pairs]
    raise BadRequest(why=Text("不是位置加条目", "it is not a position and entries"))


def encode_wanted(start: int, end: int, key: bytes = b"") -> bytes:
    """Return the content that asks for entries [start, end), what is sealed among them sealed to `key`."""
    return canonical.encode([start, end, key])


def decode_wanted(data: bytes) -> tuple[int, int, bytes]:
    """Return the range of entries asked for and the asking member's sealing key; raises `NotCanonical`, `BadRequest`.

    Where it has none, which is no reason to refuse it, the key is empty.
    """
    match canonical.decode(data, what=Text("区间", "range")):
        case [int(start), int(end), bytes(key)] if type(start) is type(end) is int and 0 <= start < end <= MAX_SIZE:
            return start, end, key
    raise BadRequest(why=Text("不是条目范围", "it is not a range of entries"))


def encode_chunk(pairs: Sequence[Pair], proof: Sequence[bytes]) -> bytes:
    """Return the answer with the first of the entries asked for, and the proof from their end to the end asked for."""
    return canonical.encode([[list(pair) for pair in pairs], list(proof)])


def decode_chunk(data: bytes) -> tuple[list[Pair], list[bytes]]:
    """Return entries and proof; raises `NotCanonical`, `BadRequest`."""
    match canonical.decode(data, what=Text("条目", "entries")):
        case [list(pairs), list(proof)] if all(type(each) is bytes for each in proof):
            return [_pair(pair) for pair in pairs], proof
    raise BadRequest(why=Text("不是条目加证明", "it is not entries and a proof"))


def encode_account(peer: str, member: str, nonce: bytes, seen: Sequence[Sighting], signer: keys.Signer) -> bytes:
    """Return what `peer` holds of the signatures of `member`, signed."""
    held = [each.value for each in seen]
    return canonical.encode([held, signer.sign(_account_bytes(peer, member, nonce, held))])


def decode_account(
    data: bytes, peer: str, member: str, nonce: bytes, constitution: Constitution
) -> tuple[Sighting, ...]:
    """Return what `peer` holds of the signatures of `member`, which are still to be verified.

    Raises `NotCanonical`, `BadRequest`, `BadMemberSignature`.
    """
    match canonical.decode(data, what=Text("见证记录", "account")):
        case [held, bytes(signature)]:
            seen = sighting.read(held)
            if not verified(_account_bytes(peer, member, nonce, held), {peer: signature}, constitution, "witness"):
                raise BadMemberSignature(member=peer, why=Text("它没有席位", "it has no seat"))
            return seen
    raise BadRequest(why=Text("不是成员签名的记述", "it is not an account of a member's signatures"))


def decode_starts(data: bytes) -> list[bytes]:
    """Return encoded starts of epochs from `[start, ...]`; raises `NotCanonical`, `BadRequest`."""
    match canonical.decode(data, what=Text("纪元启动记录", "starts")):
        case [*starts] if all(type(each) is bytes for each in starts):
            return starts
    raise BadRequest(why=Text("不是启动记录列表", "it is not a list of starts"))


def decode_forks(data: bytes) -> list[tuple[Note, Note]]:
    """Return pairs of notes from `[[note, other note], ...]`; raises `NotCanonical`, `BadRequest`, `BadNote`."""
    match canonical.decode(data, what=Text("分叉证据", "forks")):
        case [*pairs] if all(isinstance(pair, list) and [*map(type, pair)] == [bytes, bytes] for pair in pairs):
            return [(Note.parse(one), Note.parse(other)) for one, other in pairs]
    raise BadRequest(why=Text("不是成对的签名文本", "it is not pairs of notes"))


def decode_signatures(value: object) -> dict[str, bytes]:
    """Return member -> signature from a CBOR value; raises `BadRequest`."""
    if isinstance(value, dict) and all(type(name) is str and type(each) is bytes for name, each in value.items()):
        return value
    raise BadRequest(why=Text("签名未按成员名称列出", "its signatures are not by members' names"))


def _account_bytes(peer: str, member: str, nonce: bytes, held: object) -> bytes:
    return canonical.encode([_ACCOUNT, [peer, member, nonce, held]])


def _pair(value: Any) -> Pair:
    match value:
        case [bytes(entry), bytes(disclosures)] if len(entry) <= MAX_ENTRY:
            return entry, disclosures
    raise BadRequest(
        why=Text(
            "有条目不是至多 65535 字节的内容加其披露",
            "an entry is not its bytes, at most 65535, and those of its disclosures",
        )
    )
