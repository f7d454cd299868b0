"""A consortium on one machine for an operator's own development ledger: founded once, and run until told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence

from hallmark.kernel.errors import Missing, Refusal
from hallmark.kernel.text import Text
from hallmark.node.attester import program
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import enrolment, queries, sequencer
from hallmark.office.registry.state import DatabaseState
from hallmark.rules import consortium
from hallmark.server.attesting import attest
from hallmark.server.network import Network
from hallmark.statement.kind import Role

_LEAST = 4
_ROLES = frozenset(Role) - {Role.APPLICANT}


class NoLedgerYet(Missing):
    """There is nothing to keep."""

    en = "There is no ledger here yet. Found one first: hallmark operate found --development ..."
    zh = "此处尚无账本。请先创立：hallmark operate found --development ……"


class OneHandKeepsAll(Refusal):
    """On a ledger that counts, members run their nodes themselves."""

    en = (
        "This is no development ledger. Nodes that one hand runs protect nobody from that hand; none are founded here. "
        "Each member runs `hallmark node` in its own house: docs/guide/operator.md, A consortium."
    )
    zh = (
        "本账本不是开发账本。由同一方运行的全部节点不能防范该方，故不在此创立。"
        "请各成员在自己的机房运行 `hallmark node`：见 docs/guide/operator.md，A consortium 一节。"
    )


class NodesElsewhere(Refusal):
    """The consortium that stands is of other nodes than those here."""

    en = "A consortium stands already, and its nodes are not those below {folder}. Start them where they are."
    zh = "联盟已创立，其节点不在 {folder} 下。请在其所在之处启动。"


class MayNotBeMember(Refusal):
    """Members are organisations that keep the scheme, and no applicants."""

    en = "{organisation} may not be a member: it is no registered organisation of the scheme. Registered are: {others}."
    zh = "{organisation} 不能成为成员：它不是本方案登记的机构。已登记的有：{others}。"


class TooFewMembers(Refusal):
    """A node that starts asks n - f peers what they saw of it, and fewer than four members have not so many."""

    en = "{members} members are too few: with fewer than {least} no node that starts finds enough peers. Register more."
    zh = "{members} 个成员太少：少于 {least} 个时，启动的节点找不到足够的对等节点。请登记更多机构。"


def rehearse(network: Network, members: Sequence[str], say: Callable[[Text], object]) -> None:
    """Found a consortium of `members`, of all that may be where none are named, and run it until SIGINT or SIGTERM.

    Where it stands already, its nodes are started again. Raises the errors of this module, `TooFewMembers`, and as
    `Network` and `enrolment.found_consortium`.
    """
    state = DatabaseState()
    ledger = state.get("ledger")
    if ledger is None:
        raise NoLedgerYet
    if not ledger["development"]:
        raise OneHandKeepsAll
    stands = state.get("consortium") is not None
    if stands and consortium.constitution_of(state).names != set(network.members):
        raise NodesElsewhere(folder=network.folder)
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    start = network.start_signed
    if start is None:
        _say_what_lacks(say)
        log_key = keys().get_signer(sequencer.LOG_KEY).public
        start = network.found(sequencer.origin(), _choose(members), log_key, ledger["rules"])
        if network.failed:
            say(Text(network.failed.explain("zh"), network.failed.explain("en")))
    with network.running():
        network.wait()
        if not stands:
            enrolment.found_consortium(start)
        count = len(network.members)
        say(Text(f"{count} 个节点正在运行（按 Ctrl-C 停止）", f"{count} nodes are running (stop with Ctrl-C)"))
        threading.Thread(target=attest, args=(network, say), name="attesting", daemon=True).start()
        over.wait()


def _choose(named: Sequence[str]) -> list[str]:
    """Return the members: those named, or all that may be."""
    may = [key.removeprefix("organisation/") for key, each in queries.organisations() if each["role"] in _ROLES]
    for name in named:
        if name not in may:
            raise MayNotBeMember(organisation=name, others=", ".join(may))
    chosen = sorted(set(named)) or may
    if len(chosen) < _LEAST:
        raise TooFewMembers(members=len(chosen), least=_LEAST)
    return chosen


def _say_what_lacks(say: Callable[[Text], object]) -> None:
    if missing := " ".join(program.missing()):
        say(
            Text(
                f"未安装：{missing}。节点将不作证明。安装：apt-get install {missing}",
                f"Not installed: {missing}. Nodes will not be attested. To install: apt-get install {missing}",
            )
        )
