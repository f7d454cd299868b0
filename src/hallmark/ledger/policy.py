"""Trust policies (C2SP tlog-policy): which logs and witnesses a verifier knows, and which quorum it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from hallmark.kernel.errors import HallmarkError, Malformed, Unverified
from hallmark.kernel.text import Text
from hallmark.ledger import cosignature, note
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import PLAIN, Note, VerifierKey

NONE = "none"
_THRESHOLD = re.compile(r"[1-9][0-9]{0,5}")
_FORBIDDEN = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")


class BadPolicy(Malformed):
    """The bytes are not a trust policy."""

    article = "C2SP tlog-policy"
    en = "This is not a trust policy: line {line}: {why}. Take the policy from the trust bundle again."
    zh = "这不是有效的信任策略：第 {line} 行：{why}。请重新从信任包获取策略。"


class UnknownLog(Unverified):
    """No log of the policy signed the checkpoint as its own."""

    article = "C2SP tlog-policy"
    en = "The checkpoint is of the log {origin} but carries no signature of a known key of that log. Do not rely on it."
    zh = "该检查点属于日志 {origin}，但没有该日志已知密钥的签名。请勿信赖。"


class QuorumMissing(Unverified):
    """Too few witnesses co-signed the checkpoint."""

    article = "C2SP tlog-policy"
    en = "The checkpoint of {origin} at {size} lacks its quorum: {missing}. Wait for more co-signatures or ask the log."
    zh = "{origin} 大小为 {size} 的检查点未达到法定共签数：{missing}。请等待更多共签或询问日志运营方。"


@dataclass(frozen=True, slots=True)
class Group:
    """`threshold` of `members`, each a witness or an earlier group, must have co-signed."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Endorsement:
    """A checkpoint under its quorum: the log keys that signed it, and when (in seconds) each witness co-signed it."""

    checkpoint: Checkpoint
    logs: tuple[VerifierKey, ...]
    cosigned: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Policy:
    """Known logs, witnesses by name, groups in the order of their definition, and the name that is the quorum.

    Octets of a name that are no UTF-8 stand in it as lone surrogates. URLs are accepted and not kept.
    """

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, Group]
    quorum: str

    @classmethod
    def parse(cls, data: bytes) -> Policy:
        """Return the policy in `data`; raises `BadPolicy`."""
        draft = _Draft()
        if _FORBIDDEN.search(data) or (data and not data.endswith(b"\n")):
            raise BadPolicy(
                line="-",
                why=Text("含控制字符，或末行残缺", "it holds control characters or its last line is cut short"),
            )
        lines = data.decode(errors="surrogateescape").split("\n")
        for number, line in enumerate(lines, 1):
            words = [word for word in re.split("[ \t]+", line) if word]
            if words and not words[0].startswith("#"):
                try:
                    draft.add(words)
                except HallmarkError as error:
                    raise BadPolicy(line=number, why=error.facts.get("why")) from None
        if draft.quorum is None:
            raise BadPolicy(line=len(lines), why=Text("结尾仍没有 quorum 行", "it ends without a quorum"))
        return cls(tuple(draft.logs), draft.witnesses, draft.groups, draft.quorum)

    def verify(self, signed: Note) -> Endorsement:
        """Return the checkpoint in `signed` if a known log signed it and the quorum co-signed it.

        Every signature that names a known key must verify. Raises `BadCheckpoint`, `BadNoteSignature`, `UnknownLog`,
        `QuorumMissing`.
        """
        checkpoint = Checkpoint.parse(signed.text)
        names = {key: name for name, key in self.witnesses.items()}
        logs: list[VerifierKey] = []
        cosigned: dict[str, int] = {}
        for key, value in signed.signed_by([*self.logs, *self.witnesses.values()]):
            timestamp = 0
            if key.type == PLAIN:
                note.verify(key, signed.text.encode(), value)
            else:
                timestamp = cosignature.verify(key, checkpoint, value)
            if key in names:
                cosigned[names[key]] = max(timestamp, cosigned.get(names[key], 0))
            if key in self.logs and key.name == checkpoint.origin:
                logs.append(key)
        if not logs:
            raise UnknownLog(origin=checkpoint.origin[:200])
        if missing := self._missing(cosigned):
            raise QuorumMissing(origin=checkpoint.origin, size=checkpoint.size, missing=missing)
        return Endorsement(checkpoint, tuple(logs), cosigned)

    def _missing(self, cosigned: Mapping[str, int]) -> str:
        """Return which groups under the quorum have too few members and which members lack; nothing where it stands."""
        met = {NONE, *cosigned}
        for name, group in self.groups.items():  # members are defined before their group
            if len(met.intersection(group.members)) >= group.threshold:
                met.add(name)
        short: list[str] = []
        pending = [] if self.quorum in met else [self.quorum]
        for name in pending:  # which grows by the groups that are short themselves
            members = self.groups[name].members if name in self.groups else (name,)
            lacking = [member for member in members if member not in met]
            threshold = self.groups[name].threshold if name in self.groups else 1
            names = ", ".join(map(_shown, lacking))
            short.append(f"{_shown(name)} {len(members) - len(lacking)}/{threshold} (- {names})")
            pending += [member for member in lacking if member in self.groups]
        return "; ".join(short)


def flat(logs: Iterable[VerifierKey], witnesses: Mapping[str, VerifierKey], threshold: int) -> bytes:
    """Return a policy's text: one of `logs`, and `threshold` of `witnesses` in one group (0: no quorum).

    Raises `BadPolicy` where the parts make none.
    """
    lines = [f"log {key.text}" for key in logs]
    lines += [f"witness {name} {key.text}" for name, key in witnesses.items()]
    if threshold:
        lines.append(f"group members {threshold} {' '.join(witnesses)}")
    lines.append(f"quorum {'members' if threshold else NONE}")
    data = "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")
    Policy.parse(data)
    return data


@dataclass(slots=True)
class _Draft:
    """A policy while its lines are read."""

    logs: list[VerifierKey] = field(default_factory=list)
    witnesses: dict[str, VerifierKey] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str | None = None
    _members: set[str] = field(default_factory=set)
    _keys: set[object] = field(default_factory=set)

    def add(self, words: list[str]) -> None:
        """Add one line; raises a `Malformed` with the reason in `why`."""
        match words:
            case ["log", vkey] | ["log", vkey, _]:
                self.logs.append(self._key("log", vkey))
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                self._define(name)
                self.witnesses[name] = self._key("witness", vkey)
                if self.witnesses[name].type == PLAIN:
                    _refuse(Text("见证方须有共同签名密钥", "a witness needs a key for co-signatures"))
            case ["group", name, threshold, *members] if members:
                self._define(name)
                self.groups[name] = Group(_threshold(threshold, len(members)), tuple(map(self._join, members)))
            case ["quorum", name]:
                if self.quorum is not None:
                    _refuse(Text("已有 quorum 行", "there is a quorum already"))
                if name != NONE:
                    self._find(name)
                self.quorum = name
            case _:
                _refuse(
                    Text("不是 log、witness、group 或 quorum 行", "it is not a log, a witness, a group or a quorum")
                )

    def _key(self, role: str, vkey: str) -> VerifierKey:
        """Return the key, which no other line of this role may carry: under another name it would count twice."""
        key = VerifierKey.parse(vkey)
        marks = {(role, key.key), (role, key.name, key.id)}
        if self._keys & marks:
            _refuse(Text(f"其密钥也属于另一 {role} 行", f"its key is that of another {role} too"))
        self._keys |= marks
        return key

    def _define(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            _refuse(Text(f"{_shown(name)} 已有含义", f"{_shown(name)} has a meaning already"))

    def _find(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            _refuse(Text(f"{_shown(name)} 未在之前的行中定义", f"{_shown(name)} is not defined on a line before"))

    def _join(self, name: str) -> str:
        self._find(name)
        if name in self._members:
            _refuse(Text(f"{_shown(name)} 已是某组的成员", f"{_shown(name)} is a member of a group already"))
        self._members.add(name)
        return name


def _threshold(word: str, members: int) -> int:
    if word in {"any", "all"}:
        return 1 if word == "any" else members
    if not _THRESHOLD.fullmatch(word) or int(word) > members:
        _refuse(
            Text(
                f"门槛应为 any、all，或 1 至 {members} 的数",
                f"a threshold is any, all, or a number from 1 to {members}",
            )
        )
    return int(word)


def _shown(name: str) -> str:
    """Return `name` fit for a sentence, whatever its octets."""
    return name.encode(errors="surrogateescape").decode(errors="replace")[:80]


def _refuse(why: Text) -> NoReturn:
    raise BadPolicy(line="?", why=why)
