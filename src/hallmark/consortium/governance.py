"""Proposals and votes: what a proposal makes of the constitution, when it is adopted, and what the next epoch takes up.

1. A proposal is about the constitution in force; with the next epoch it lapses (`ProposalLapsed`).
2. It makes a constitution that obeys its own rules and may follow the present one, or, of kind `scheme`, names the
   digest of an edition (`check_change`, `ProposalWithoutEffect`).
3. A member votes once (`VotedBefore`), with a seat (`NoVote`); who is to be removed has none on its own removal.
4. It is adopted with as many votes in favour as the constitution asks for its kind (`VotesMissing`), of those who may
   vote at most.
5. The next epoch takes up what was adopted, in ledger order, as far as at most f seats change; the rest waits and is
   proposed again (`successor`). Where the constitution asks for certified products, members whose product has no
   certificate in force go first, so many as may go at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from hallmark.consortium.constitution import Constitution, Member, ProposalKind
from hallmark.consortium.epoch import check_change
from hallmark.kernel import hashing
from hallmark.kernel.errors import Refusal
from hallmark.kernel.keys import ED25519, PublicKey
from hallmark.kernel.text import Text

_DOMAIN = "hallmark/proposal/1"


class ProposalLapsed(Refusal):
    """A proposal is about the constitution of its epoch."""

    en = "The proposal is about another constitution than the one in force. Make it again for this epoch."
    zh = "该提案所针对的并非现行章程。请在本纪元重新提出。"


class ProposalWithoutEffect(Refusal):
    """The proposal would change nothing, or its parts do not make one of its kind."""

    en = "A proposal of kind {kind} must {wanted}. Correct it and propose again."
    zh = "{kind} 类提案须满足：{wanted}。请更正后重新提出。"


class NoVote(Refusal):
    """Only members vote, and not on their own removal."""

    en = "{member} has no vote on this proposal. Leave the vote out."
    zh = "{member} 对该提案无表决权。请去除该票。"


class VotedBefore(Refusal):
    """A vote once cast stands."""

    en = "{member} voted on this proposal already. A vote stands; propose anew to vote anew."
    zh = "{member} 已对该提案表决。表决不可更改；如需重新表决请重新提案。"


class VotesMissing(Refusal):
    """The proposal is not adopted."""

    en = "{votes} members voted for the proposal, and {needed} must. Ask the others to vote."
    zh = "已有 {votes} 个成员赞成该提案，须达 {needed} 个。请其余成员表决。"


@dataclass(frozen=True)
class Proposal:
    """A change to the constitution with the digest `about`: a seat to give, change or take, a digest, or a version.

    `member` is the name concerned (admission, removal, rotation), `seat` its new keys (admission, rotation), `digest`
    a code measurement, a scheme edition, an appraisal policy or the sequencer's key, `withdrawn` says that the code is
    no longer allowed, `rules` the version of the rules.
    """

    about: bytes
    kind: ProposalKind
    member: str = ""
    seat: Member | None = None
    digest: bytes = b""
    withdrawn: bool = False
    rules: int = 0

    @property
    def id(self) -> bytes:
        """32 bytes that votes name."""
        seat = self.seat.to_value() if self.seat else None
        value = [self.about, str(self.kind), self.member, seat, self.digest, self.withdrawn, self.rules]
        return hashing.digest_of(_DOMAIN, value)

    def voters(self, constitution: Constitution) -> frozenset[str]:
        """Return who may vote on it."""
        concerned = {self.member} if self.kind is ProposalKind.REMOVAL else set()
        return constitution.names - concerned

    def needed(self, constitution: Constitution) -> int:
        """Return how many votes adopt it."""
        return min(constitution.count(constitution.thresholds[self.kind]), len(self.voters(constitution)))


def check_proposal(constitution: Constitution, proposal: Proposal) -> None:
    """Raise the breach of rule 1 or 2."""
    if proposal.about != constitution.digest:
        raise ProposalLapsed
    check_change(constitution, apply(constitution, proposal))


def check_vote(constitution: Constitution, proposal: Proposal, voter: str, before: Mapping[str, bool]) -> None:
    """Raise the breach of rule 1 or 3, given the votes cast `before`."""
    if proposal.about != constitution.digest:
        raise ProposalLapsed
    if voter not in proposal.voters(constitution):
        raise NoVote(member=voter)
    if voter in before:
        raise VotedBefore(member=voter)


def check_adopted(constitution: Constitution, proposal: Proposal, votes: Mapping[str, bool]) -> None:
    """Raise the breach of rule 1 or 4; `votes` tell for each voter whether it is in favour."""
    if proposal.about != constitution.digest:
        raise ProposalLapsed
    favour = sum(votes.get(voter, False) for voter in proposal.voters(constitution))
    needed = proposal.needed(constitution)
    if favour < needed:
        raise VotesMissing(votes=favour, needed=needed)


def apply(constitution: Constitution, proposal: Proposal) -> Constitution:
    """Return the constitution that a proposal makes, the same for an edition; raises `ProposalWithoutEffect`."""
    return _EFFECTS[proposal.kind](constitution, proposal)


def successor(
    constitution: Constitution, adopted: Iterable[Proposal], in_force: Callable[[str], bool] = lambda _product: True
) -> Constitution:
    """Return the constitution of the next epoch (rule 5), by what the ledger up to its base says.

    `adopted` are the proposals adopted in this epoch, in ledger order; `in_force` tells whether the certificate of a
    TEE product is. What cannot follow the constitution, alone or after those before it, is left for another epoch.
    """
    news = constitution
    if constitution.certified_products:
        for member in constitution.members:
            if not (member.product and in_force(member.product)):
                news = _if_possible(constitution, news, _without, member.name)
    for proposal in adopted:
        news = _if_possible(constitution, news, apply, proposal)
    return news


def _if_possible(
    old: Constitution, news: Constitution, change: Callable[[Constitution, Any], Constitution], what: object
) -> Constitution:
    try:
        changed = change(news, what)
        check_change(old, changed)
    except Refusal:
        return news
    return changed


def _without(constitution: Constitution, name: str) -> Constitution:
    return constitution.with_members(member for member in constitution.members if member.name != name)


def _admit(constitution: Constitution, proposal: Proposal) -> Constitution:
    seat = proposal.seat
    if seat is None or seat.name != proposal.member or proposal.member in constitution.names:
        raise ProposalWithoutEffect(
            kind=proposal.kind, wanted=Text("提出一名尚无席位者的席位", "bring the seat of someone who has none")
        )
    return constitution.with_members((*constitution.members, seat))


def _remove(constitution: Constitution, proposal: Proposal) -> Constitution:
    if proposal.member not in constitution.names:
        raise ProposalWithoutEffect(kind=proposal.kind, wanted=Text("指明一名成员", "name a member"))
    return _without(constitution, proposal.member)


def _rotate(constitution: Constitution, proposal: Proposal) -> Constitution:
    old, seat = constitution.member(proposal.member), proposal.seat
    if old is None or seat is None or seat.name != old.name or set(seat.keys) & set(old.keys):
        raise ProposalWithoutEffect(
            kind=proposal.kind, wanted=Text("为一名成员提出全部新密钥", "bring new keys, all of them, for a member")
        )
    return constitution.with_members(seat if member == old else member for member in constitution.members)


def _change_code(constitution: Constitution, proposal: Proposal) -> Constitution:
    allowed = set(constitution.code)
    if len(proposal.digest) != hashing.SIZE or (proposal.digest in allowed) is not proposal.withdrawn:
        raise ProposalWithoutEffect(
            kind=proposal.kind,
            wanted=Text("准许新代码，或撤回已准许的代码", "allow new code, or withdraw code that is allowed"),
        )
    code = allowed - {proposal.digest} if proposal.withdrawn else allowed | {proposal.digest}
    return replace(constitution, code=tuple(code))


def _change_rules(constitution: Constitution, proposal: Proposal) -> Constitution:
    if proposal.rules <= constitution.rules:
        raise ProposalWithoutEffect(
            kind=proposal.kind, wanted=Text("指明更新的规则版本", "name a later version of the rules")
        )
    return replace(constitution, rules=proposal.rules)


def _consent_to_edition(constitution: Constitution, proposal: Proposal) -> Constitution:
    if len(proposal.digest) != hashing.SIZE:
        raise ProposalWithoutEffect(kind=proposal.kind, wanted=Text("指明版本的摘要", "name the digest of an edition"))
    return constitution  # its owner may then adopt it; members and keys stay


def _change_sequencer(constitution: Constitution, proposal: Proposal) -> Constitution:
    key = PublicKey(ED25519, proposal.digest)
    if len(key.material) != hashing.SIZE or key == constitution.sequencer:
        raise ProposalWithoutEffect(
            kind=proposal.kind, wanted=Text("提出新的 Ed25519 密钥", "bring a new Ed25519 key, its 32 bytes as digest")
        )
    return replace(constitution, sequencer=key)


def _change_policy(constitution: Constitution, proposal: Proposal) -> Constitution:
    if len(proposal.digest) != hashing.SIZE or proposal.digest == constitution.attestation:
        raise ProposalWithoutEffect(
            kind=proposal.kind, wanted=Text("指明另一鉴定策略的摘要", "name the digest of another appraisal policy")
        )
    return replace(constitution, attestation=proposal.digest)


_EFFECTS: Mapping[ProposalKind, Callable[[Constitution, Proposal], Constitution]] = {
    ProposalKind.ADMISSION: _admit,
    ProposalKind.REMOVAL: _remove,
    ProposalKind.ROTATION: _rotate,
    ProposalKind.CODE: _change_code,
    ProposalKind.RULES: _change_rules,
    ProposalKind.SCHEME: _consent_to_edition,
    ProposalKind.SEQUENCER: _change_sequencer,
    ProposalKind.POLICY: _change_policy,
}
