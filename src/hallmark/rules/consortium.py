"""Rules of the consortium: how it is founded, who gets a seat, what is voted, and how epochs follow.

1. It is founded once (`ConsortiumStands`), for this ledger and its rules (`ConsortiumOfAnother`), by registered
   organisations, all of whom signed the identical start (`FounderMissing`).
2. Only members make proposals, vote, and appraise (`NotAMember`); who asks for a seat asks in its own name and in the
   epoch there is (`NotYourSeat`).
3. A member appraises the evidence of a request (`OtherEvidence`) once, by the policy of the constitution
   (`OtherPolicy`, `VotedBefore`).
4. A proposal is about the constitution in force and may follow it (`ProposalLapsed`, `ProposalWithoutEffect`), and is
   made once (`ProposedBefore`). One that gives keys needs a request with those very keys in this epoch
   (`NotPresented`), whose evidence the proposer accepted (`NotAppraised`) and still does (`AppraisalLapsed`); where the
   constitution asks for it, the node's product holds a certificate in force here (`ProductNotCertified`).
5. A member votes once (`VotedBefore`, `NoVote`), and for keys only after its own acceptance of their evidence
   (`NotAppraised`), for as long as that lasts (`AppraisalLapsed`). With enough votes the proposal is adopted.
6. An epoch is started by a quorum of the members of the one before, with both their keys (`QuorumNotReached`), under
   the constitution that the votes have made (`ConstitutionNotAgreed`), but for a sequencer to which as many members
   consented beside the ledger as would have to vote for one (`TooFewConsents`). That it was started, what time it is,
   and the status are said by the operator or, once the consortium stands, by any member (`NotAMember`): a sequencer
   that members put in the operator's place needs nothing of the operator.
7. While a consortium stands, a scheme edition and a version of the rules are adopted only after its vote
   (`NotVotedFor`).
8. Two checkpoints are a fork if the sequencer of one epoch signed both and they cannot both be true (`NoFork`).
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import lru_cache
from typing import Any

from hallmark.consortium import finality, governance
from hallmark.consortium.constitution import Constitution, Member, ProposalKind
from hallmark.consortium.epoch import Record as Epoch
from hallmark.consortium.epoch import Start, verified
from hallmark.consortium.governance import Proposal, VotedBefore, VotesMissing
from hallmark.consortium.member import NotAMember
from hallmark.consortium.succession import ConstitutionNotAgreed
from hallmark.kernel import hashing, instant
from hallmark.kernel.errors import Refusal
from hallmark.kernel.text import Text
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.rules.act import Act
from hallmark.rules.edition import Edition
from hallmark.rules.register import is_in_force
from hallmark.rules.state import Record, State

_KEPT = 16
_RULES, _EDITION = Text("该规则版本", "this version of the rules"), Text("该方案版本", "this edition of the scheme")
_PRESENTED = "hallmark/presented/1"
_FORK = "hallmark/fork/1"


class ConsortiumStands(Refusal):
    """A ledger has one consortium."""

    en = "The consortium was founded already. Members join and leave it by proposals."
    zh = "联盟已创立。成员的加入与退出须经提案。"


class NoConsortium(Refusal):
    """There is no consortium yet."""

    en = "No consortium was founded on this ledger. Its operator founds it first."
    zh = "本账本尚未创立联盟。须先由运营方创立。"


class ConsortiumOfAnother(Refusal):
    """The constitution is not for this ledger."""

    en = "The constitution does not fit this ledger: {why}. Write one that does, and let all founders sign it."
    zh = "章程与本账本不符：{why}。请拟定相符的章程并由全体创始成员签署。"


class FounderMissing(Refusal):
    """Every founder signs the same start."""

    en = "{members} did not sign this start with both keys. All founders must sign the identical one."
    zh = "{members} 未以两把密钥签署该启动记录。全体创始成员须签署同一份记录。"


class NotYourSeat(Refusal):
    """A seat is asked for by who will hold it, in the present epoch."""

    en = "{issuer} cannot ask for a seat of {name} in epoch {epoch}; it is epoch {current}. Ask in your own name, now."
    zh = "{issuer} 不能为 {name} 申请纪元 {epoch} 的席位；现为纪元 {current}。请以自身名义在现纪元申请。"


class OtherPolicy(Refusal):
    """Members appraise by the policy they agreed on."""

    en = "The evidence was appraised by another policy than the constitution's. Appraise it by that one."
    zh = "证据鉴定所依据的策略并非章程所定策略。请依章程策略重新鉴定。"


class OtherEvidence(Refusal):
    """What is appraised is the evidence that stands with the request."""

    en = "The request {request} is backed by other evidence now. Fetch that, and appraise it."
    zh = "席位申请 {request} 现所附为另一份证据。请获取该证据并重新鉴定。"


class NotPresented(Refusal):
    """A proposal that gives keys needs a request for them."""

    en = "{member} has not presented these keys in this epoch. Present the node with its evidence first."
    zh = "{member} 未在本纪元提交该组密钥。请先提交节点及其证据。"


class ProductNotCertified(Refusal):
    """The constitution asks that a node's product holds a certificate in force here."""

    en = "The product certificate '{product}' of {member} is not in force here. Run the node on a certified product."
    zh = "{member} 的产品证书“{product}”在本登记簿中并非有效。请在获证产品上运行节点。"


class ProposedBefore(Refusal):
    """A proposal is made once in an epoch."""

    en = "The same proposal stands already. Vote on it."
    zh = "相同提案已存在。请对其表决。"


class NotAppraised(Refusal):
    """A member votes for keys that it appraised itself."""

    en = "{member} has not accepted the evidence for these keys. Appraise it, then vote."
    zh = "{member} 尚未认可该组密钥的证据。请先鉴定再表决。"


class AppraisalLapsed(Refusal):
    """An acceptance counts as long as the policy says."""

    en = "{member} accepted the evidence for these keys until {until}; it is {now}. Have the node present itself anew."
    zh = "{member} 对该组密钥证据的认可有效至 {until}，现为 {now}。请该节点重新提交。"


class NotVotedFor(Refusal):
    """Rules and schemes are the consortium's."""

    en = "The consortium has not adopted {what}. Propose it, and adopt it after the vote."
    zh = "联盟尚未通过{what}。请先提案并在表决通过后采用。"


class NoFork(Refusal):
    """The two checkpoints do not contradict each other."""

    en = "These checkpoints show no fork: {why}. Show two of one epoch and size, signed by its sequencer."
    zh = "所示检查点不构成分叉：{why}。请出示同一纪元、同一大小且由其定序者签署的两个检查点。"


def constitution_of(state: State) -> Constitution:
    """Return the constitution in force; raises `NoConsortium`."""
    return _constitution(_standing(state)["constitution"])


def epoch_of(state: State) -> Epoch:
    """Return the record of the epoch; raises `NoConsortium`."""
    return Epoch.from_value(_standing(state)["epoch"])


def successor(state: State, kept: Container[str] = ()) -> Constitution:
    """Return the constitution that the votes so far make for the next epoch; raises `NoConsortium`.

    Certificates of products in `kept` may have run out: when the epoch was begun they had not, and time was told since.
    """

    def in_force(product: str) -> bool:
        return _certified(state, product, run_out=product in kept)

    adopted = [proposal_of(state.get(f"proposal/{each}") or {}) for each in _standing(state)["adopted"]]
    return governance.successor(constitution_of(state), adopted, in_force)


@lru_cache(_KEPT)
def _constitution(encoded: bytes) -> Constitution:
    return Constitution.parse(encoded)


def _standing(state: State) -> Record:
    record = state.get("consortium")
    if record is None:
        raise NoConsortium
    return record


def is_first(act: Act) -> None:
    """Rule 1."""
    if act.state.get("consortium") is not None:
        raise ConsortiumStands


def founders_are_agreed(act: Act) -> None:
    """Rule 1."""
    start, ledger = Start.parse(act.claims["start"]), act.need("ledger", "ledger", "")
    constitution, record = start.constitution, start.ballot.record
    if record != Epoch.first(constitution, record.base):
        raise ConsortiumOfAnother(why=Text("其记录不是首个纪元的记录", "its record is not that of a first epoch"))
    for name, theirs in (("rules", constitution.rules), ("development", constitution.development)):
        if theirs != ledger[name]:
            raise ConsortiumOfAnother(
                why=Text(f"{name} 为 {theirs}，此处为 {ledger[name]}", f"{name} is {theirs}, here {ledger[name]}")
            )
    for name in sorted(constitution.names):
        act.need(f"organisation/{name}", "organisation", name)
    signed = set(constitution.names)
    for at, purpose in enumerate(("mirror", "archive")):
        signatures = {name: pair[at] for name, pair in start.commits.items()}
        signed &= verified(start.ballot.commit_message, signatures, constitution, purpose)
    if missing := sorted(constitution.names - signed):
        raise FounderMissing(members=", ".join(missing))


def issuer_is_member(act: Act) -> None:
    """Rule 2."""
    if act.issuer not in constitution_of(act.state).names:
        raise NotAMember(member=act.issuer, epoch=epoch_of(act.state).epoch)


def issuer_may_keep_the_ledger(act: Act) -> None:
    """Rule 6; the sequencer alone brings such a statement, and nodes look at its time."""
    if act.issuer != (act.state.get("ledger") or {}).get("operator"):
        issuer_is_member(act)


def seat_is_yours(act: Act) -> None:
    """Rule 2."""
    name, epoch, current = act.claims["seat"]["name"], act.claims["epoch"], epoch_of(act.state).epoch
    if name != act.issuer or epoch != current:
        raise NotYourSeat(issuer=act.issuer, name=name, epoch=epoch, current=current)


def appraisal_is_by_policy(act: Act) -> None:
    """Rule 3."""
    if act.claims["policy"] != constitution_of(act.state).attestation:
        raise OtherPolicy
    presented = _presented(act, act.claims["presented"])
    if act.claims["evidence"] != presented["evidence"]["sha256"]:
        raise OtherEvidence(request=act.claims["presented"].hex())
    if act.issuer in presented["appraised"]:
        raise VotedBefore(member=act.issuer)


def proposal_is_sound(act: Act) -> None:
    """Rule 4."""
    proposal, constitution = proposal_of(act.claims), constitution_of(act.state)
    if act.state.get(f"proposal/{proposal.id.hex()}") is not None:
        raise ProposedBefore
    governance.check_proposal(constitution, proposal)
    if proposal.seat:
        seat = proposal.seat
        if act.state.get(f"presented/{_seat_digest(act.state, act.claims['seat']).hex()}") is None:
            raise NotPresented(member=seat.name)
        _check_accepted(act, act.claims["seat"])
        if constitution.certified_products and not _certified(act.state, seat.product):
            raise ProductNotCertified(product=seat.product, member=seat.name)


def vote_is_due(act: Act) -> None:
    """Rule 5."""
    record = act.need(f"proposal/{act.claims['proposal'].hex()}", "proposal", act.claims["proposal"].hex())
    proposal = proposal_of(record)
    governance.check_vote(constitution_of(act.state), proposal, act.issuer, record["votes"])
    if act.claims["favour"] and proposal.seat:
        _check_accepted(act, record["seat"])


def start_is_agreed(act: Act) -> None:
    """Rule 6."""
    start = Start.parse(act.claims["start"])
    record, constitution = epoch_of(act.state), constitution_of(act.state)
    for archive in (False, True):
        start.verify(record, constitution, archive=archive)
    if not start.is_of(successor(act.state, {member.product for member in start.constitution.members})):
        raise ConstitutionNotAgreed


def rules_are_voted_for(act: Act) -> None:
    """Rule 7; what was voted for becomes the constitution's with the next epoch."""
    if act.state.get("consortium") and constitution_of(act.state).rules != act.claims["rules"]:
        raise NotVotedFor(what=_RULES)


def edition_is_voted_for(act: Act) -> None:
    """Rule 7."""
    standing = act.state.get("consortium")
    if standing is None:
        return
    adopted = (proposal_of(act.need(f"proposal/{each}", "proposal", each)) for each in standing["adopted"])
    if not any(each.kind is ProposalKind.SCHEME and each.digest == act.claims["digest"] for each in adopted):
        raise NotVotedFor(what=_EDITION)


def fork_is_shown(act: Act) -> None:
    """Rule 8."""
    record, constitution = epoch_of(act.state), constitution_of(act.state)
    shown = [Note.parse(act.claims[name]) for name in ("first", "second")]
    key = finality.log_key(record, constitution)
    for note in shown:
        note.verify([key])
    first, second = (Checkpoint.parse(note.text) for note in shown)
    if {first.origin, second.origin} != {key.name}:
        raise NoFork(why=Text("它们不属于本纪元", "they are not of this epoch"))
    if first.size != second.size or first.root == second.root:
        raise NoFork(why=Text("两者可以同时成立", "both can be true"))


def found(act: Act) -> None:
    """Effect: the consortium stands, in its first epoch."""
    start = Start.parse(act.claims["start"])
    _put_epoch(act, start)


def start_epoch(act: Act) -> None:
    """Effect: it is the next epoch; proposals about another constitution lapse."""
    _put_epoch(act, Start.parse(act.claims["start"]))


def _put_epoch(act: Act, start: Start) -> None:
    record, constitution = start.ballot.record, start.constitution
    before = (act.state.get("consortium") or {"adopted": []})["adopted"]
    about = {each: act.need(f"proposal/{each}", "proposal", each)["about"] for each in before}
    adopted = [each for each in before if about[each] == constitution.digest]
    act.put("consortium", {"epoch": record.to_value(), "constitution": constitution.encode(), "adopted": adopted})


def present(act: Act) -> None:
    """Effect: members may appraise the node."""
    key = f"presented/{_seat_digest(act.state, act.claims['seat']).hex()}"
    claims = {name: act.claims[name] for name in ("seat", "nonce", "size", "evidence")}
    act.put(key, {**claims, "appraised": {}})


def appraise(act: Act) -> None:
    """Effect: the member accepted the evidence, or did not."""
    presented = _presented(act, act.claims["presented"])
    result = {name: act.claims[name] for name in ("accepted", "code", "until")}
    appraised = {**presented["appraised"], act.issuer: result}
    act.put(f"presented/{act.claims['presented'].hex()}", {**presented, "appraised": appraised})


def propose(act: Act) -> None:
    """Effect: members may vote on the proposal."""
    claims = {name: value for name, value in act.claims.items() if name != "reason"}
    act.put(f"proposal/{proposal_of(act.claims).id.hex()}", {**claims, "votes": {}})


def vote(act: Act) -> None:
    """Effect: the vote counts; with enough of them the proposal is adopted."""
    name = act.claims["proposal"].hex()
    record = act.need(f"proposal/{name}", "proposal", name)
    votes = {**record["votes"], act.issuer: act.claims["favour"]}
    act.put(f"proposal/{name}", {**record, "votes": votes})
    standing = _standing(act.state)
    try:
        governance.check_adopted(constitution_of(act.state), proposal_of(record), votes)
    except VotesMissing:
        return
    if name not in standing["adopted"]:
        act.put("consortium", {**standing, "adopted": [*standing["adopted"], name]})


def show_fork(act: Act) -> None:
    """Effect: the proof is there for everybody, for good."""
    shown = sorted((act.claims["first"], act.claims["second"]))
    act.put(f"fork/{hashing.digest_of(_FORK, shown).hex()}", {"by": act.issuer, "notes": shown})


def seat_digest(epoch: Epoch, seat: Record) -> bytes:
    """Return the 32 bytes that name the request for `seat` in `epoch`."""
    return hashing.digest_of(_PRESENTED, [epoch.digest, seat])


def _seat_digest(state: State, seat: Record) -> bytes:
    return seat_digest(epoch_of(state), seat)


def _presented(act: Act, digest: bytes) -> Record:
    return act.need(f"presented/{digest.hex()}", "request for a seat", digest.hex())


def _check_accepted(act: Act, seat: Record) -> None:
    """Raise unless the issuer accepted the evidence for `seat`, and still does."""
    result = _presented(act, _seat_digest(act.state, seat))["appraised"].get(act.issuer)
    if result is None or not result["accepted"]:
        raise NotAppraised(member=act.issuer)
    if act.now > result["until"]:
        raise AppraisalLapsed(member=act.issuer, until=instant.to_text(result["until"]), now=instant.to_text(act.now))


def proposal_of(claims: Mapping[str, Any]) -> Proposal:
    """Return the proposal that a statement makes, or a record of it."""
    rest: dict[str, Any] = {name: claims[name] for name in ("member", "digest", "withdrawn", "rules") if name in claims}
    seat = Member.from_value({"product": "", **claims["seat"]}) if "seat" in claims else None
    return Proposal(claims["about"], ProposalKind(claims["kind"]), seat=seat, **rest)


def _certified(state: State, product: str, *, run_out: bool = False) -> bool:
    record = state.get(f"certificate/{product}")
    if record is None:
        return False
    today = Edition.named(state, record["scheme"], record["edition"]).date_at((state.get("ledger") or {})["now"])
    return is_in_force(state, product, min(today, instant.parse_date(record["valid_until"])) if run_out else today)


RULES = {
    "consortium.founded": (is_first, founders_are_agreed, found),
    "node.presented": (seat_is_yours, present),
    "node.appraised": (issuer_is_member, appraisal_is_by_policy, appraise),
    "proposal.made": (issuer_is_member, proposal_is_sound, propose),
    "vote.cast": (issuer_is_member, vote_is_due, vote),
    "epoch.started": (issuer_may_keep_the_ledger, start_is_agreed, start_epoch),
    "fork.shown": (fork_is_shown, show_fork),
}
