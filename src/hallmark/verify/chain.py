"""From a trust bundle of an earlier epoch to today's, without asking anybody whom the bundle does not name.

A policy chain is the canonical CBOR list of epoch starts (`consortium.epoch.Start`), that of epoch 1 first. The policy
of the bundle must be that of an epoch on the chain; each later start must be committed to by a quorum of the members
before, as TUF roots are signed by the root before. Nothing is taken from the server but what these signatures cover:
names of members and keys of bodies stay those of the bundle, and a member that came since is named by its identifier.
That a member's node was attested stays known as long as its seat stays what it was; of any other, nothing is known.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from itertools import pairwise

from hallmark.consortium import finality
from hallmark.consortium.constitution import Constitution, Member
from hallmark.consortium.epoch import Record, Start
from hallmark.kernel import canonical
from hallmark.kernel.errors import Malformed, Unverified
from hallmark.kernel.text import Text
from hallmark.ledger.policy import Policy
from hallmark.verify import bundle as bundles
from hallmark.verify.bundle import TrustBundle

_MOST = 10_000


class BadChain(Malformed):
    """The bytes are not a policy chain."""

    en = "This is not a policy chain: {why}. Fetch it again from the register."
    zh = "这不是有效的策略链：{why}。请重新从登记簿获取。"


class NotOnTheChain(Unverified):
    """The chain does not pass through what is trusted."""

    en = (
        "The chain of {epochs} epochs does not pass through the trust bundle that you hold. "
        "Compare the fingerprint of a new bundle with what the scheme owner printed."
    )
    zh = "该策略链共 {epochs} 个纪元，其中没有您所持信任包的策略。请将新信任包的指纹与方案所有者公布的核对。"


def parse(data: bytes) -> list[Start]:
    """Return the starts in `data`, none verified; raises `BadChain`, `NotCanonical`, and as `Start.parse`."""
    match canonical.decode(data, what=Text("策略链", "policy chain")):
        case [*starts] if starts and len(starts) <= _MOST and all(type(each) is bytes for each in starts):
            return [Start.parse(each) for each in starts]
    raise BadChain(why=Text("它不是纪元启动记录的列表", "it is not a list of epoch starts"))


def follow(bundle: TrustBundle, data: bytes) -> tuple[bytes, int]:
    """Return the bundle to which the chain in `data` leads from `bundle`, and how many epochs it went on.

    Raises as `lead`.
    """
    first, *later = lead(bundle, data)
    last = later[-1] if later else first
    held = frozenset(first.constitution.members)
    return _write(bundle, last.ballot.record, last.constitution, held), len(later)


def lead(bundle: TrustBundle, data: bytes) -> list[Start]:
    """Return the starts in `data` from that of the bundle's epoch on, each committed to by the members before.

    Raises `NotOnTheChain`, as `parse`, and as `Start.verify` where a start was not committed to.
    """
    starts = parse(data)
    at = next(_places(bundle, starts), None)
    if at is None:
        raise NotOnTheChain(epochs=len(starts))
    for before, start in pairwise(starts[at:]):
        start.verify(before.ballot.record, before.constitution)
    return starts[at:]


def _places(bundle: TrustBundle, starts: Sequence[Start]) -> Iterator[int]:
    """Yield where the bundle's policy stands in the chain: the mirrors' keys and their quorum are what it trusts."""
    for at, start in enumerate(starts):
        if Policy.parse(finality.policy_text(start.ballot.record, start.constitution)) == bundle.policy:
            yield at


def _write(bundle: TrustBundle, record: Record, constitution: Constitution, held: Container[Member]) -> bytes:
    names = {name: bundle.vouchers.get(name, Text(name, name)) for name in sorted(constitution.names)}
    before = bundle.policy.logs[0].name
    log = finality.log_key(record, constitution).name
    return bundles.write(
        bundle.environment,
        finality.policy_text(record, constitution),
        {log: bundle.vouchers.get(before, Text(before, before)), **names},
        development=bundle.development,
        issuers=bundle.issuers,
        attested={
            each.name: bundle.attested[each.name]
            for each in constitution.members
            if each.name in bundle.attested and each in held
        },
    )
