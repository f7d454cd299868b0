"""Rules of the ledger itself: genesis, time, rule versions, stated status.

1. The first statement is genesis, and there is one (`LedgerFoundedTwice`); its founders are different organisations
   (`FoundersNotDistinct`) with keys (`BadKey`) of algorithms that it allows (`AlgorithmNotAllowed`).
2. Told time strictly increases (`TimeNotIncreasing`). The operator tells it and states the status; members may too
   (`consortium`, rule 6).
3. Rules are replaced only by a version that this software knows (`RulesUnknown`) and a consortium voted for
   (`NotVotedFor`).
4. A stated status equals what every reader computes from the ledger (`StatusDiffers`).
5. Only the last time told may stand under a stated status (`StatusOutOfTime`).
"""

from __future__ import annotations

from hallmark.kernel.errors import Refusal
from hallmark.kernel.keys import PublicKey
from hallmark.kernel.text import Text
from hallmark.ledger import sorted_map
from hallmark.rules.act import Act
from hallmark.rules.consortium import issuer_may_keep_the_ledger, rules_are_voted_for
from hallmark.rules.market import check_key, put_key
from hallmark.rules.register import status_leaves
from hallmark.statement.kind import Role

VERSION = 1


class LedgerFoundedTwice(Refusal):
    """Genesis happens once."""

    en = "The ledger was founded already. A new ledger needs an environment and a database of its own."
    zh = "账本已创立。新账本须使用独立的环境与数据库。"


class FoundersNotDistinct(Refusal):
    """Each founder is an organisation, and has a key, of its own."""

    en = "Two founders share the {what} {which}. Give every founder its own."
    zh = "两个创立方共用{what} {which}。每个创立方须各自独立。"


class TimeNotIncreasing(Refusal):
    """A told time must be later than the one before."""

    en = "The told time {told} is not later than {last}. Set the sequencer's clock right."
    zh = "所报时间 {told} 不晚于 {last}。请校准定序者时钟。"


class RulesUnknown(Refusal):
    """The version of the rules is not in this software."""

    en = "Rules version {version} is not known here (known: {known}). Update this software first."
    zh = "本软件不含规则版本 {version}（已知：{known}）。请先更新软件。"


class StatusDiffers(Refusal):
    """The stated status is not what the ledger says."""

    en = (
        "The stated status ({stated}) is not what the ledger gives ({computed}). Rebuild the status and state it again."
    )
    zh = "所公布状态（{stated}）与账本结果（{computed}）不符。请重建状态后重新公布。"


class StatusOutOfTime(Refusal):
    """The status must be stated for the last time told."""

    en = "The status is stated for {at}, but the last time told is {now}. State it for the present."
    zh = "状态所指时间为 {at}，而最近报时为 {now}。请按当前时间公布。"


def ledger_is_new(act: Act) -> None:
    """Rule 1."""
    if act.state.get("ledger") is not None:
        raise LedgerFoundedTwice


def founders_are_sound(act: Act) -> None:
    """Rule 1."""
    founders = (act.claims["operator"], *act.claims["owners"])
    keys = [PublicKey(each["key"]["algorithm"], each["key"]["material"]) for each in founders]
    for key in keys:
        check_key(key, act.claims["algorithms"])
    for what, named in (
        (Text("标识", "identifier"), [each["id"] for each in founders]),
        (Text("密钥", "key"), [key.id.hex() for key in keys]),
    ):
        if shared := next((each for each in named if named.count(each) > 1), None):
            raise FoundersNotDistinct(what=what, which=shared)


def time_increases(act: Act) -> None:
    """Rule 2."""
    if act.claims["utc_ms"] <= act.now:
        raise TimeNotIncreasing(told=act.claims["utc_ms"], last=act.now)


def rules_are_known(act: Act) -> None:
    """Rule 3."""
    if act.claims["rules"] != VERSION:
        raise RulesUnknown(version=act.claims["rules"], known=VERSION)


def status_is_computed(act: Act) -> None:
    """Rules 4 and 5."""
    if act.claims["at"] != act.now:
        raise StatusOutOfTime(at=act.claims["at"], now=act.now)
    leaves = status_leaves(act.state)
    root = sorted_map.SortedMap(leaves).root
    if (act.claims["size"], act.claims["root"]) != (len(leaves), root):
        raise StatusDiffers(stated=act.claims["root"].hex(), computed=root.hex())


def found(act: Act) -> None:
    """Effect: the ledger, its operator and the scheme owners are."""
    claims = act.claims
    act.put(
        "ledger",
        {
            "environment": act.draft.environment,
            "development": claims["development"],
            "algorithms": claims["algorithms"],
            "rules": claims["rules"],
            "operator": claims["operator"]["id"],
            "now": act.draft.issued_at * 1000,
        },
    )
    for role, founder in ((Role.OPERATOR, claims["operator"]), *((Role.OWNER, owner) for owner in claims["owners"])):
        act.put(
            f"organisation/{founder['id']}",
            {
                "role": str(role),
                "name": founder["name"],
                "address": founder["address"],
                "key": founder["key"],
                "hosted": True,
            },
        )
        put_key(act, founder["id"], founder["key"])


def tell_time(act: Act) -> None:
    """Effect: it is the told time."""
    act.put("ledger", {**act.need("ledger", "ledger", ""), "now": act.claims["utc_ms"]})


def adopt_rules(act: Act) -> None:
    """Effect: later statements come under this version."""
    act.put("ledger", {**act.need("ledger", "ledger", ""), "rules": act.claims["rules"]})


def state_status(act: Act) -> None:
    """Effect: the status was stated."""
    act.put("status", {"at": act.claims["at"], "root": act.claims["root"], "size": act.claims["size"]})


RULES = {
    "ledger.founded": (ledger_is_new, rules_are_known, founders_are_sound, found),
    "time.told": (issuer_may_keep_the_ledger, time_increases, tell_time),
    "rules.adopted": (rules_are_known, rules_are_voted_for, adopt_rules),
    "status.stated": (issuer_may_keep_the_ledger, status_is_computed, state_status),
}
