"""Items that need a phone in somebody's hand: what the tester records, and what no software can say.

The only record read by machine is the list of barcodes that a scanner saw on the payment screen over time.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hallmark.kernel.errors import Malformed
from hallmark.kernel.text import Text
from hallmark.lab.kit import Judgement, Verdict, number
from hallmark.lab.kits.client_software.judging import judge

if TYPE_CHECKING:
    from hallmark.lab.kit import Decide, Limits, Observation, Session

MOST_READINGS = 1_000_000
_MOST_BYTES = 2**26


class NotReadings(Malformed):
    """The scanner's record cannot be read."""

    en = "The scanner's record is not usable: {why}. Record a JSON list of [milliseconds, text], in order of time."
    zh = "扫码记录不可用：{why}。请按时间顺序记录 [毫秒, 文本] 的 JSON 列表。"


def measure(session: Session) -> dict[str, object]:
    """Read the scanner's record, where there is one, and find when each code was first and last seen."""
    paths = session.files.get("codes", ())
    if not paths:
        return {"codes": None}
    try:
        return {"codes": _spans(_readings(paths[0].read_bytes()))}
    except Malformed as breach:
        return {"codes": None, "en": breach.explain("en"), "zh": breach.explain("zh")}


def by_hand(zh: str, en: str) -> Decide:
    """Return the decision of an item that waits for a person with a device: not run, and why."""

    def decide(_: Observation, __: Limits) -> Judgement:
        return judge(Verdict.NOT_RUN, f"需要设备：{zh}", f"Needs a device: {en}")

    return decide


def decide_codes(seen: Observation, limits: Limits) -> Judgement:
    """CLI-19: no payment code stays longer than `refresh_s_max` seconds, and none comes back.

    The record must reach beyond one lifetime, or it proves nothing.
    """
    if seen["codes"] is None:
        zh = seen.get("zh", "需要仪器：提交扫码仪在一段时间内读到的付款码记录。")
        en = seen.get("en", "Needs an instrument: submit what a scanner read on the payment screen over time.")
        return judge(Verdict.INCONCLUSIVE if "en" in seen else Verdict.NOT_RUN, zh, en)
    codes, lifetime = seen["codes"], number(limits, "refresh_s_max") * 1000
    watched = codes["end"] - codes["begin"]
    values = {
        "codes": codes["number"],
        "watched_ms": watched,
        "longest_ms": codes["longest"],
        "returned": codes["returned"],
    }
    if codes["longest"] > lifetime or codes["returned"]:
        return judge(
            Verdict.FAIL, "付款码停留过久或重复出现。", "A payment code stays too long, or comes back.", values=values
        )
    if watched <= lifetime:
        return judge(
            Verdict.INCONCLUSIVE,
            "观察时间未超过一个有效期，不能判定。",
            "The screen was watched for no longer than one lifetime, which proves nothing.",
            values=values,
        )
    return judge(
        Verdict.PASS,
        "付款码按期更新且不重复。",
        "Payment codes are replaced in time and never come back.",
        values=values,
    )


def _readings(data: bytes) -> list[tuple[int, str]]:
    if len(data) > _MOST_BYTES:
        raise NotReadings(why=Text("过长", "it is too long"))
    try:
        value: Any = json.loads(data)
    except (ValueError, RecursionError):
        raise NotReadings(why=Text("不是 JSON", "it is no JSON")) from None
    if not isinstance(value, list) or not 0 < len(value) <= MOST_READINGS:
        raise NotReadings(why=Text("不是读数列表", "it is no list of readings"))
    for pair in value:
        if not isinstance(pair, list) or [type(part) for part in pair] != [int, str]:
            raise NotReadings(why=Text("有读数不是毫秒数加文字", "a reading is no pair of milliseconds and text"))
    if any(before[0] > after[0] for before, after in pairwise(value)):
        raise NotReadings(why=Text("读数未按时间排列", "the readings are not in order of time"))
    return [(at, text) for at, text in value]


def _spans(readings: list[tuple[int, str]]) -> dict[str, int]:
    """Return how many codes there were, the longest time from first to last sight of one, and how many came back."""
    first: dict[str, int] = {}
    longest = returned = 0
    before = ""
    for at, text in readings:
        returned += text in first and text != before
        longest = max(longest, at - first.setdefault(text, at))
        before = text
    return {
        "begin": readings[0][0],
        "end": readings[-1][0],
        "number": len(first),
        "longest": longest,
        "returned": returned,
    }
