"""How one epoch follows another: the members of the old one agree on one record, in attempts that may fail.

It is one decision of a Byzantine agreement (PBFT's view change for a single slot); people, not clocks, begin attempts.

A member *seals* its epoch for an attempt: it signs no more checkpoints in it, takes part in no earlier attempt, and
reports the highest head it mirrored, with the quorum certificate, and the ballot it committed to last, with its
prepares. It does so if

1. it has a seat and is awake (`NotAMember`, `NotAwake`);
2. it took part in no later attempt, and in this one did nothing but seal (`AttemptIsOver`).

It *prepares* a ballot if rule 1 holds and

3. the record is of the next epoch, on this one's record (`NotTheNextEpoch`);
4. it took part in no later attempt (`AttemptIsOver`) and prepared no other record in this one (`PreparedAnother`);
5. a quorum sealed this epoch for this attempt (`SealForAnother`, `QuorumNotReached`);
6. if a seal reports a ballot, the record is that of the highest reported (`StartMayHaveHappened`);
7. if none does, the base is the highest head reported (`BaseNotHighest`), and the constitution is the one that the
   votes on the ledger up to that base have made (`ConstitutionNotAgreed`), at most f seats changed (`check_change`). Of
   that one, members may exchange the sequencer's key by consent beside the ledger (`epoch.Consent`), and nothing else.

It *commits* to a ballot if rules 1 and 3 hold and

8. it took part in no later attempt (`AttemptIsOver`);
9. a quorum prepared the ballot (`QuorumNotReached`), whose signatures it stores.

It *enters* the next epoch, as anyone may who follows the ledger, if rule 3 holds and a quorum committed to the ballot
(`QuorumNotReached`). Nobody signs in an epoch without having entered it.

Why two rounds here too: were prepares enough, a record that some members entered could be unknown to the quorum that
seals for the next attempt, and another record would start the same epoch from less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Ballot, Head, NotTheNextEpoch, Record, check_change
from hallmark.consortium.member import MemberState, begin, check_awake
from hallmark.kernel.errors import Refusal
from hallmark.ledger.merkle import Frontier


class AttemptIsOver(Refusal):
    """A member takes part in attempts upwards only."""

    en = "Attempt {attempt} at the next epoch is over; this member is at attempt {current}. Begin a later attempt."
    zh = "启动下一纪元的第 {attempt} 次尝试已结束；本成员处于第 {current} 次。请开始新的尝试。"


class PreparedAnother(Refusal):
    """A member prepares one record an attempt."""

    en = "This member prepared another record in attempt {attempt}. Agree on one record, in a later attempt."
    zh = "本成员在第 {attempt} 次尝试中已准备另一记录。请在新的尝试中商定一份记录。"


class SealForAnother(Refusal):
    """A seal is a member's, for its epoch and one attempt."""

    en = (
        "The seal of {member} is for another epoch or attempt, or of no member. Collect the seals of attempt {attempt}."
    )
    zh = "{member} 的封存属于其他纪元或其他尝试，或并非成员所作。请收集第 {attempt} 次尝试的封存。"


class StartMayHaveHappened(Refusal):
    """An earlier ballot may have been committed to by a quorum, so its record stands."""

    en = "{member} committed to another record, which may have started the epoch. Propose that record again."
    zh = "{member} 已提交另一记录，该记录可能已启动纪元。请重新提议该记录。"


class BaseNotHighest(Refusal):
    """The next epoch goes on from the highest head reported."""

    en = "The record goes on from {base} entries and the highest head reported has {highest}. Go on from that."
    zh = "该记录自 {base} 个条目处继续，而所报最高处为 {highest} 个。请自最高处继续。"


class ConstitutionNotAgreed(Refusal):
    """Votes on the ledger make the constitution, nothing else."""

    en = "The record's constitution is not the one that the votes on the ledger have made. Use that one."
    zh = "该记录的章程并非账本上投票所形成的章程。请采用后者。"


@dataclass(frozen=True, slots=True)
class Seal:
    """A member's report on the epoch it stops signing in, verified with its evidence (see `seal`)."""

    member: str
    sealed: bytes
    attempt: int
    mirrored: Head
    committed: Ballot | None


@dataclass(frozen=True, slots=True)
class Prepare:
    """To be signed with the witness key."""

    ballot: Ballot


@dataclass(frozen=True, slots=True)
class Commit:
    """To be signed with the mirror and the archive key."""

    ballot: Ballot


def seal(state: MemberState, attempt: int) -> tuple[MemberState, Seal]:
    """Return the state to store and then the seal to sign, for `attempt` (1 or more) at the next epoch (rules 1, 2)."""
    check_awake(state)
    done = max(ballot.attempt if ballot else 0 for ballot in (state.prepared, state.committed))
    if attempt < max(state.attempt, done + 1):
        raise AttemptIsOver(attempt=attempt, current=state.attempt)
    report = Seal(state.name, state.record.digest, attempt, state.mirrored, state.committed)
    return replace(state, attempt=attempt), report


def prepare(
    state: MemberState, ballot: Ballot, seals: Iterable[Seal], agreed: Constitution
) -> tuple[MemberState, Prepare]:
    """Return the state to store and then the prepare to sign (rules 1, 3 to 7); raises the breach.

    `agreed` is the constitution that this member reads, by its own run of the rules, from the ledger up to the base,
    under the consent that it was shown and checked.
    """
    _check_takes_part(state, ballot)
    if state.prepared and state.prepared.attempt == ballot.attempt and state.prepared != ballot:
        raise PreparedAnother(attempt=ballot.attempt)
    seals = tuple(seals)
    for report in seals:
        here = report.sealed == state.record.digest and report.member in state.constitution.names
        if not here or report.attempt != ballot.attempt:
            raise SealForAnother(member=report.member, attempt=ballot.attempt)
    state.constitution.check_quorum(report.member for report in seals)
    _check_record(state, ballot.record, seals, agreed)
    return replace(state, attempt=ballot.attempt, prepared=ballot), Prepare(ballot)


def commit(state: MemberState, ballot: Ballot, prepared: Iterable[str]) -> tuple[MemberState, Commit]:
    """Return the state to store and then the commit to sign (rules 1, 3, 8, 9); raises the breach.

    `prepared` are the members whose prepares of the ballot were verified.
    """
    _check_takes_part(state, ballot)
    state.constitution.check_quorum(prepared)
    return replace(state, attempt=ballot.attempt, committed=ballot), Commit(ballot)


def enter(
    state: MemberState, ballot: Ballot, committed: Iterable[str], constitution: Constitution, tree: Frontier
) -> MemberState:
    """Return the state in the next epoch; raises `NotTheNextEpoch`, `QuorumNotReached`, and as `check_change`, `begin`.

    `committed` are the members whose commits to the ballot were verified. `tree` is that of all entries up to the
    base, verified and stored by this member; what it witnessed beyond the base is not in the ledger.
    """
    _check_next(state, ballot.record)
    state.constitution.check_quorum(committed)
    check_change(state.constitution, constitution)
    return replace(begin(state.name, ballot.record, constitution, tree), awake=state.awake)


def propose(state: MemberState, seals: Sequence[Seal], agreed: Constitution) -> Record:
    """Return the only record that `seals` of one attempt allow: the last reported, or one on the highest head."""
    reported = _highest(seals)
    if reported and reported.committed:
        return reported.committed.record
    base = max((report.mirrored for report in seals), key=lambda head: head.size)
    return Record(state.epoch + 1, state.record.digest, base, agreed.digest)


def _check_record(state: MemberState, record: Record, seals: Sequence[Seal], agreed: Constitution) -> None:
    """Rules 6 and 7."""
    wanted = propose(state, seals, agreed)
    if record == wanted:
        if _highest(seals) is None:
            check_change(state.constitution, agreed)
        return
    if reported := _highest(seals):
        raise StartMayHaveHappened(member=reported.member)
    if record.base != wanted.base:
        raise BaseNotHighest(base=record.base.size, highest=wanted.base.size)
    raise ConstitutionNotAgreed


def _highest(seals: Iterable[Seal]) -> Seal | None:
    """Return the seal that reports the ballot of the highest attempt, or None where none reports any."""
    reports = [report for report in seals if report.committed]
    return max(reports, key=lambda report: report.committed.attempt if report.committed else 0, default=None)


def _check_takes_part(state: MemberState, ballot: Ballot) -> None:
    """Rules 1, 3, 4 and 8."""
    check_awake(state)
    _check_next(state, ballot.record)
    if ballot.attempt < max(state.attempt, 1):
        raise AttemptIsOver(attempt=ballot.attempt, current=state.attempt)


def _check_next(state: MemberState, record: Record) -> None:
    """Rule 3."""
    if not record.follows(state.record):
        raise NotTheNextEpoch(epoch=record.epoch, current=state.epoch)
