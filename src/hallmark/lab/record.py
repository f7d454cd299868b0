"""The result record: everything a verdict was made from, so that it can be made again years later.

The record is canonical CBOR: no floats. Observations are kept as the JSON text that was decided on, decided numbers as
decimal text. A person's judgement on an item is a new entry beside the machine's, never a change to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hallmark.kernel import canonical, hashing
from hallmark.kernel.errors import Malformed, Refusal, Unverified
from hallmark.kernel.text import Text, quoted
from hallmark.lab.kit import Judgement, KnownAnswer, Verdict, combine
from hallmark.lab.sandbox import Outcome, State
from hallmark.lab.verdict import Requirement, conclude, judge
from hallmark.scheme.model import Method

if TYPE_CHECKING:
    from hallmark.lab.kit import Kit

FORMAT = "hallmark/test-record/1"
_BY_HAND = (Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE)
_DIGEST = re.compile(r"[0-9a-f]{64}")


class NotARecord(Malformed):
    """The bytes are no result record."""

    en = "This is not a test record: {why}. Export it again from the laboratory."
    zh = "这不是检测记录：{why}。请从实验室重新导出。"


class ReplayDiffers(Unverified):
    """Deciding again on the stored observations gives something else."""

    en = "The record says {recorded} for {item}, but its observations give {replayed}. Do not rely on the record."
    zh = "记录中 {item} 的结论为 {recorded}，但按其观测结果应为 {replayed}。请勿信赖该记录。"


class NotForPeople(Refusal):
    """A person may not judge this item, or not so."""

    en = "Item {item} cannot be judged by hand: {why}."
    zh = "项目 {item} 不能由人员判定：{why}。"


@dataclass(frozen=True)
class Measured:
    """How one measurement ended; `observation` is JSON text, empty unless it is done."""

    name: str
    state: State
    detail: str
    observation: str

    @classmethod
    def of(cls, name: str, outcome: Outcome) -> Measured:
        """Return what the record keeps of `outcome`: of a crash only its last line, which names no place."""
        done = outcome.state is State.DONE
        detail = outcome.detail.strip().rpartition("\n")[2]
        return cls(name, outcome.state, "" if done else detail, observation_text(outcome.value) if done else "")

    @property
    def outcome(self) -> Outcome:
        """The outcome to decide on again."""
        value = json.loads(self.observation) if self.observation else None
        return Outcome(self.state, value, self.detail)

    @property
    def digest(self) -> str:
        """SHA-256 of the observation, in hexadecimal."""
        return hashing.sha256(self.observation.encode()).hex()


@dataclass(frozen=True)
class HandJudgement:
    """A person's judgement: `who` is a person's id, `at` ms since 1970, `evidence` SHA-256 digests of what they saw."""

    item: str
    who: str
    verdict: Verdict
    reason: str
    at: int
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """One session on one sample. `kit`, `sample` and `session` say what measured what, and where."""

    kit: Mapping[str, str]
    sample: Mapping[str, Any]
    session: Mapping[str, Any]
    self_check: tuple[KnownAnswer, ...]
    measurements: tuple[Measured, ...]
    requirements: tuple[Requirement, ...]
    judgements: Mapping[str, Judgement]
    by_hand: tuple[HandJudgement, ...] = ()

    def verdict(self, item: str) -> Verdict:
        """Return the verdict on `item`: the persons' where there are any, the worst of them, else the machine's."""
        hands = [each.verdict for each in self.by_hand if each.item == item]
        return combine(hands) if hands else self.judgements[item].verdict

    @property
    def for_people(self) -> tuple[str, ...]:
        """The items left to people: the machine asks for inspection, or a person or an instrument has to measure."""
        return tuple(
            line.id
            for line in self.requirements
            if self.judgements[line.id].verdict is Verdict.INSPECTION_NEEDED
            or (
                self.judgements[line.id].verdict is Verdict.NOT_RUN
                and (line.method != Method.AUTO or not line.measurement)
            )
        )

    @property
    def conclusion(self) -> Verdict:
        """The verdict on the sample over all `shall` items."""
        return conclude(self.requirements, {line.id: self.verdict(line.id) for line in self.requirements})

    @property
    def digest(self) -> bytes:
        """32 bytes that name this record."""
        return hashing.digest_of(FORMAT, self.statement())

    def statement(self) -> dict[str, Any]:
        """Return the record as canonical CBOR holds it."""
        return {
            "format": FORMAT,
            "kit": dict(self.kit),
            "sample": plain(self.sample),
            "session": plain(self.session),
            "self_check": [_fields(each) for each in self.self_check],
            "measurements": [_fields(each) | {"digest": each.digest} for each in self.measurements],
            "items": [
                _fields(line) | {"verdict": self.verdict(line.id).value, "judgement": _fields(self.judgements[line.id])}
                for line in self.requirements
            ],
            "by_hand": [_fields(each) for each in self.by_hand],
            "conclusion": self.conclusion.value,
        }

    def encode(self) -> bytes:
        """Return the record's canonical bytes."""
        return canonical.encode(self.statement(), what=Text("检测记录", "test record"))

    def judged(self, judgement: HandJudgement) -> Record:
        """Return the record with a person's judgement added.

        Raises `NotForPeople` unless the item is left to people, the verdict is one a person can give with a reason,
        and this person has not judged the item yet.
        """
        item = judgement.item
        if item not in {line.id for line in self.requirements}:
            left = ", ".join(self.for_people) or "-"
            why = Text(
                f"该检测没有此项目；待人工判定的有：{left}", f"this run has no such item; for people it has {left}"
            )
            raise NotForPeople(item=item, why=why)
        if item not in self.for_people:
            raise NotForPeople(item=item, why=Text("该项由机器判定", "the machine decides it"))
        if judgement.verdict not in _BY_HAND or not judgement.reason.strip() or not judgement.who:
            raise NotForPeople(
                item=item,
                why=Text(
                    f"人员只能判为 {', '.join(_BY_HAND)}，并须说明理由",
                    f"a person gives {', '.join(_BY_HAND)}, with a reason",
                ),
            )
        if not all(_DIGEST.fullmatch(digest) for digest in judgement.evidence):
            raise NotForPeople(
                item=item, why=Text("证据须以十六进制 SHA-256 指明", "evidence is named by SHA-256 in hexadecimal")
            )
        if any((each.item, each.who) == (item, judgement.who) for each in self.by_hand):
            raise NotForPeople(
                item=item, why=Text(f"{judgement.who} 已作判定", f"{judgement.who} has judged it already")
            )
        return replace(self, by_hand=(*self.by_hand, judgement))


def decode(data: bytes) -> Record:
    """Return the record in canonical bytes; raises `NotCanonical`, `NotARecord`."""
    value = canonical.decode(data, what=Text("检测记录", "test record"))
    try:
        record = _read(value)
        same = record.encode() == data
    except NotARecord:
        raise
    except Exception as error:  # noqa: BLE001 - any wrong shape is this one error
        raise NotARecord(why=quoted(f"{type(error).__name__}: {error}")) from None
    if not same:
        raise NotARecord(why=Text("所含内容多于记录或与之不同", "it holds more or other than a record does"))
    return record


def replay(record: Record, kit: Kit) -> None:
    """Decide every item again from the stored observations; raises `ReplayDiffers` where a verdict differs."""
    outcomes = {each.name: each.outcome for each in record.measurements}
    claims = record.sample.get("declaration", {}).get("claims", ())
    again = judge(kit, record.requirements, record.self_check, outcomes, claims)
    for name, judgement in again.items():
        recorded = record.judgements[name]
        if judgement.verdict is not recorded.verdict:
            raise ReplayDiffers(item=name, recorded=recorded.verdict, replayed=judgement.verdict)


def observation_text(value: object) -> str:
    """Return an observation as the one JSON text that is stored, digested and decided on."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def plain(value: object) -> Any:
    """Return `value` as canonical CBOR holds it: floats and decimals become decimal text, tuples lists."""
    if isinstance(value, Text):
        return {"zh": value.zh, "en": value.en}
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [plain(each) for each in value]
    if isinstance(value, float | Decimal):
        return repr(value) if isinstance(value, float) else str(value)
    return value


_SHAPES: Mapping[str, Mapping[str, type]] = {
    "kit": {"id": str, "version": str, "digest": str},
    "sample": {"product": str, "model": str, "version": str, "declaration": dict, "files": list},
    "session": {"isolation": str, "seed": bytes, "at": int, "python": str, "machine": str, "libraries": dict},
}
_FILE = {"role": str, "name": str, "size": int, "sha256": str, "sm3": str, "media": str, "bit_order": str}


def _check(what: str, value: Any, shape: Mapping[str, type]) -> None:
    if type(value) is not dict or {key: type(each) for key, each in value.items()} != dict(shape):
        raise NotARecord(why=Text(f"其 {what} 应含 {', '.join(shape)}", f"its {what} does not hold {', '.join(shape)}"))


def _fields(line: Any) -> dict[str, Any]:
    return {each.name: plain(getattr(line, each.name)) for each in fields(line)}


def _read(value: Any) -> Record:
    if value["format"] != FORMAT:
        raise NotARecord(why=Text(f"其格式为 {value['format']}", f"its format is {value['format']}"))
    for what, shape in _SHAPES.items():
        _check(what, value[what], shape)
    for file in value["sample"]["files"]:
        _check("file", file, _FILE)
    texts = ("title", "criterion", "reason")

    def line(kind: Any, told: Mapping[str, Any]) -> Any:
        said = {each.name: told[each.name] for each in fields(kind)}
        for name, each in said.items():
            if name in texts and isinstance(each, dict):
                said[name] = Text(each["zh"], each["en"])
            elif isinstance(each, list):
                said[name] = tuple(each)
            elif name == "verdict":
                said[name] = Verdict(each)
            elif name == "state":
                said[name] = State(each)
        return kind(**said)

    record = Record(
        kit=value["kit"],
        sample=value["sample"],
        session=value["session"],
        self_check=tuple(line(KnownAnswer, each) for each in value["self_check"]),
        measurements=tuple(line(Measured, each) for each in value["measurements"]),
        requirements=tuple(line(Requirement, each) for each in value["items"]),
        judgements={each["id"]: line(Judgement, each["judgement"]) for each in value["items"]},
        by_hand=(),
    )
    for each in value["by_hand"]:
        record = record.judged(line(HandJudgement, each))
    return record
