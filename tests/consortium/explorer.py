"""Every run of a consortium of four, one of whom lies, within bounds; `hallmark.consortium` decides each step.

Member *a* lies: it signs whatever helps, reports any seal that genuine evidence supports, and is the sequencer too,
which offers two entries at every height to whomever it likes, and one that the rules forbid. The network keeps and
delays what it likes: a step is one honest member's answer to something that could by then have been sent to it, and a
signature once made can be used for ever.

What keeps the number of states small:

- Members that differ in nothing but their names are exchanged for each other, and so are the two first entries.
- A member that signs something new is something else afterwards, so of signatures it is enough to know how many honest
  members made each, and that up to the number which is a quorum with the liar's (`State.made`: a bit a signature).
- A signature that nobody can use or join any more is forgotten (`_forget`).
- What a member is has a number. A member's step is computed once, by the real functions, and looked up after.

The properties are in `_breaches`; a breach comes with the shortest run that leads to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations, product

from consortium.bounds import (
    Act,
    Bounds,
    Breach,
    Entries,
    Explored,
    Move,
    State,
    Verified,
    Violated,
    consistency,
    epoch_of,
    frontier,
)
from consortium.seats import consortium, signer
from hallmark.consortium import member, succession
from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import START, Ballot, Consent, Head, Record
from hallmark.consortium.member import Certificate, MemberState, Mirror, Witness
from hallmark.consortium.succession import Commit, Prepare, Seal
from hallmark.kernel.errors import HallmarkError, Refusal
from hallmark.ledger.checkpoint import Checkpoint

LIAR = "a"
FORBIDDEN = b"forbidden"
OTHER_SEQUENCER = signer("another log").public


class Forbidden(Refusal):
    """The rules do not admit the entry."""


class Explorer:
    """Breadth-first search over all states within `bounds`."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.before, self.after = consortium("abcd"), consortium("abcx")
        self.helpers = self.before.quorum - 1  # honest signatures that make a quorum with the liar's
        self.names = "bcdx" if bounds.newcomer else "bcd"
        self.alike = ((0, 1), (2,), (3,)) if bounds.newcomer else ((0, 1, 2),)
        self.entries: dict[Head, Entries] = {START: ()}
        self.acts: list[Act] = []
        self.members: list[MemberState] = []
        self._numbers: dict[Act, int] = {}
        self._ids: dict[MemberState, int] = {}
        self._of_type: dict[type, int] = dict.fromkeys((Witness, Mirror, Seal, Prepare, Commit, Verified), 0)
        self._progress: list[tuple[int, int]] = []
        self._moves: dict[object, tuple[Move, ...]] = {}
        self._answers: dict[object, tuple[Move | None, ...]] = {}
        self._sound: dict[int, tuple[tuple[int, Entries], ...]] = {}
        self._epochs: dict[bytes, int] = {}
        self._other_than_final = Witness if bounds.final is Mirror else Mirror
        self._sound_states: set[object] = set()
        self._uses: dict[tuple[int, int], int] = {}
        self._forgotten: dict[object, tuple[int, int]] = {}

    def run(self) -> Explored:
        """Visit every state; raises `Violated`."""
        first = self._first()
        came_from: dict[State, State | None] = {first: None}
        layer, steps, finals = [first], 0, {}
        while layer:
            following = []
            for state in layer:
                for successor in self._successors(state):
                    steps += 1
                    if successor not in came_from:
                        came_from[successor] = state
                        following.append(successor)
                        self._check(successor, came_from)
                for epoch, entries in self._finals(state):
                    finals[epoch] = max(finals.get(epoch, 0), len(entries))
            layer = following
        return Explored(len(came_from), steps, finals)

    def _first(self) -> State:
        record, members = Record.first(self.before), [0] * len(self.names)
        for slots in self.alike:
            begun = member.begin(self.names[slots[0]], record, self.before, frontier(()))
            for slot in slots:
                members[slot] = self._id(begun)
        return State(tuple(members), (0, 0, 0))

    def _id(self, state: MemberState) -> int:
        if state not in self._ids:
            self._ids[state] = len(self.members)
            self.members.append(state)
            self._progress.append((state.epoch, state.attempt))
        return self._ids[state]

    def _bit(self, act: Act) -> int:
        if act not in self._numbers:
            self._of_type[type(act)] |= 1 << len(self.acts)
            self._numbers[act] = len(self.acts)
            self.acts.append(act)
        return 1 << self._numbers[act]

    def _acts(self, mask: int, kind: type) -> list[Act]:
        mask &= self._of_type.get(kind, -1)
        return [self.acts[number] for number in range(mask.bit_length()) if mask >> number & 1]

    # What can happen next.

    def _successors(self, state: State) -> Iterator[State]:
        members, made = state
        one, _, three = made
        quorate, seals = made[self.helpers - 1], self._of_type[Seal]
        fresh = not one & self._of_type[Verified] and not any(self.members[each].tree.size for each in members)
        for slots in self.alike:
            alike = [members[slot] for slot in slots]
            for old in set(alike):
                useful = self._useful(old)
                key = old, fresh, quorate & useful, one & useful & seals, made[1] & useful & seals, three & useful
                moves = self._moves.get(key)
                if moves is None:
                    moves = self._moves[key] = self._decide(*key)
                for new, acts in moves:
                    others = alike.copy()
                    others[others.index(old)] = new
                    others.sort()
                    yield self._forget((*members[: slots[0]], *others, *members[slots[-1] + 1 :]), made, acts)

    def _forget(self, members: tuple[int, ...], made: tuple[int, int, int], acts: int) -> State:
        """Return the state in which one more member made `acts`, without what can have no consequence."""
        one, two, three = made
        three |= two & acts & self._of_type[Seal]
        two |= one & acts
        one |= acts
        key = min([self._progress[each] for each in members]), len(self.acts)
        if key not in self._forgotten:
            self._forgotten[key] = self._useless(key[0])
        useless, needs_more = self._forgotten[key]
        useless |= needs_more & ~(one, two)[self.helpers - 1]
        return State(members, (one & ~useless, two & ~useless, three & ~useless))

    def _useless(self, behind: tuple[int, int]) -> tuple[int, int]:
        """Return masks, given how far the last member is: what is of no use, and what is of none short of a quorum."""
        useless = needs_more = 0
        for number, act in enumerate(self.acts):
            match act:
                case Witness(checkpoint) | Mirror(checkpoint):
                    over = epoch, _ = epoch_of(checkpoint), 1
                    past = behind >= (epoch + 1, 0) and isinstance(act, self._other_than_final)
                case Verified(epoch, _):
                    over, past = (epoch, 1), False
                case Seal():
                    over = epoch, _ = self._epochs[act.sealed], act.attempt + 1
                    past = behind >= over
                case Prepare(ballot) | Commit(ballot):
                    over = epoch, _ = ballot.record.epoch - 1, ballot.attempt + 1
                    past = behind >= (epoch + 1, 0)
            useless |= past << number
            needs_more |= (behind >= over) << number
        return useless, needs_more

    def _decide(self, old: int, fresh: bool, quorate: int, *seals: int) -> tuple[Move, ...]:
        """Return all that a member may do next, by its own decision."""
        moves = set(self._once((old, fresh), lambda: self._unprompted(old, fresh)))
        moves.update(self._once((old, quorate, ()), lambda: self._prompted(old, quorate)))
        if seals[0]:
            quorate &= ~self._of_type[Commit]
            moves.update(self._once((old, quorate, seals), lambda: self._prepares(old, quorate, seals)))
        return tuple(move for move in moves if move and move[0] != old)

    def _once(self, key: tuple[object, ...], compute: Callable[[], Iterable[Move | None]]) -> tuple[Move | None, ...]:
        if key not in self._answers:
            self._answers[key] = tuple(compute())
        return self._answers[key]

    def _useful(self, old: int) -> int:
        """Return the mask of the acts that a member can do something with."""
        key = old, len(self.acts)
        if key not in self._uses:
            self._uses[key] = sum(1 << number for number, act in enumerate(self.acts) if self._uses_act(old, act))
        return self._uses[key]

    def _uses_act(self, old: int, act: Act) -> bool:
        state = self.members[old]
        match act:
            case Witness(checkpoint):
                return checkpoint.origin == state.origin
            case Prepare(ballot) | Commit(ballot):
                return ballot.record.follows(state.record)
            case Seal():
                return act.sealed == state.record.digest and act.attempt >= state.attempt
        return False

    def _unprompted(self, old: int, fresh: bool) -> Iterator[Move | None]:
        """What needs no other member: the sequencer's checkpoints, and seals."""
        state = self.members[old]
        here = self.entries[Head(state.tree.size, state.tree.root)]
        room = len(self.entries[state.record.base]) + self.bounds.heights[state.epoch - 1] - len(here)
        first = (b"A",) if fresh and not self.bounds.newcomer else (b"A", b"B")
        for count in range(1, room + 1):
            for grown in product(first, *[(b"A", b"B")] * (count - 1)):
                yield self._witness(old, here, grown)
                assert self._witness(old, here, (*grown, FORBIDDEN)) is None
        for attempt in range(1, self._attempts(state) + 1):
            yield self._answer(lambda attempt=attempt: succession.seal(state, attempt))

    def _witness(self, old: int, here: Entries, grown: Entries) -> Move | None:
        state, verified = self.members[old], []

        def replay(entries: Iterable[bytes]) -> None:
            for entry in entries:
                if entry == FORBIDDEN:
                    raise Forbidden
                verified.append(Verified(state.epoch, (*here, *grown[: len(verified) + 1])))

        tree = frontier((*here, *grown))
        self.entries[Head(tree.size, tree.root)] = (*here, *grown)
        checkpoint = Checkpoint(state.origin, tree.size, tree.root)
        return self._answer(lambda: member.witness(state, checkpoint, grown, replay), verified)

    def _prompted(self, old: int, quorate: int) -> Iterator[Move | None]:
        """What needs the signatures of a quorum: mirroring, committing, entering."""
        state = self.members[old]
        here = self.entries[Head(state.tree.size, state.tree.root)]
        for act in self._acts(quorate, Witness):
            checkpoint = act.checkpoint
            proof = consistency(here, checkpoint.size) if 0 < checkpoint.size < len(here) else []
            certificate = Certificate(checkpoint, self._signers(state))
            yield self._answer(lambda c=certificate, p=proof: member.mirror(state, c, p))
        for act in self._acts(quorate, Prepare):
            yield self._answer(lambda b=act.ballot: succession.commit(state, b, self._signers(state)))
        for act in self._acts(quorate, self.bounds.started):
            yield self._answer(lambda b=act.ballot: (self._enter(state, b), None))

    def _signers(self, state: MemberState) -> frozenset[str]:
        honest = sorted(state.constitution.names - {LIAR})
        return frozenset([LIAR, *honest[: self.helpers]])

    def _enter(self, state: MemberState, ballot: Ballot) -> MemberState:
        record = ballot.record
        (agreed,) = (each for each in self._agreed(record.base) if each.digest == record.constitution)
        return succession.enter(state, ballot, self._signers(state), agreed, frontier(self.entries[record.base]))

    def _prepares(self, old: int, quorate: int, seals: tuple[int, ...]) -> Iterator[Move | None]:
        """Every record that some seals speak for, under every collection of seals."""
        state = self.members[old]
        here = [act for made in seals for act in self._acts(made, Seal) if act.sealed == state.record.digest]
        names = sorted(state.constitution.names - {LIAR})
        for attempt in range(max(state.attempt, 1), self._attempts(state) + 1):
            alike = (act for act in here if act.attempt == attempt)
            honest = [replace(act, member=name) for act, name in zip(alike, names, strict=False)]
            collections = list(self._collections(state, attempt, honest, quorate))
            records = {record for collection in collections for record in self._proposed(state, collection)}
            for record, collection in product(records, collections):
                ballot = Ballot(attempt, record)
                for agreed in self._agreed(record.base):
                    yield self._answer(lambda b=ballot, c=collection, g=agreed: succession.prepare(state, b, c, g))

    def _collections(
        self, state: MemberState, attempt: int, honest: list[Seal], quorate: int
    ) -> Iterator[tuple[Seal, ...]]:
        """Yield every quorum of seals, honest ones or with one of the liar's, who needs evidence for its reports."""
        heads = {
            Head.of(act.checkpoint) for act in self._acts(quorate, Witness) if act.checkpoint.origin == state.origin
        }
        ballots = {act.ballot for act in self._acts(quorate, Prepare) if act.ballot.record.follows(state.record)}
        earlier = {ballot for ballot in ballots if ballot.attempt < attempt}
        lies = [
            Seal(LIAR, state.record.digest, attempt, head, ballot)
            for head, ballot in product({state.record.base, *heads}, {None, *earlier})
        ]
        for count in range(self.helpers, len(honest) + 1):
            for chosen in combinations(honest, count):
                if count > self.helpers:
                    yield chosen
                yield from ((*chosen, lie) for lie in lies)

    def _proposed(self, state: MemberState, seals: tuple[Seal, ...]) -> list[Record]:
        base = succession.propose(state, seals, state.constitution).base
        return [succession.propose(state, seals, agreed) for agreed in self._agreed(base)]

    def _agreed(self, base: Head) -> tuple[Constitution, ...]:
        """Return what the votes up to `base` have made, and that under another sequencer where members consented."""
        voted = self.after if self.bounds.newcomer and self.entries[base][:1] == (b"A",) else self.before
        return (voted, Consent(OTHER_SEQUENCER, {}).under(voted)) if self.bounds.deposed else (voted,)

    def _attempts(self, state: MemberState) -> int:
        return (*self.bounds.attempts, 0)[state.epoch - 1]

    def _answer(
        self,
        decide: Callable[[], tuple[MemberState, Witness | Mirror | Seal | Prepare | Commit | None]],
        verified: Iterable[Verified] = (),
    ) -> Move | None:
        """Return what the member becomes and does by its own decision, or None where it refuses."""
        try:
            state, act = decide()
        except HallmarkError:
            return None
        self._epochs[state.record.digest] = state.epoch
        return self._id(state), sum(map(self._bit, verified if act is None else (act, *verified)))

    # What must hold.

    def _finals(self, state: State) -> tuple[tuple[int, Entries], ...]:
        """Return epoch and entries of each final checkpoint."""
        mask = state.made[self.helpers - 1] & self._of_type[self.bounds.final]
        if mask not in self._sound:
            heads = [act.checkpoint for act in self._acts(mask, self.bounds.final)]
            self._sound[mask] = tuple((epoch_of(head), self.entries[Head.of(head)]) for head in heads)
        return self._sound[mask]

    def _check(self, state: State, came_from: dict[State, State | None]) -> None:
        """Raise `Violated` unless every epoch starts once and with all that is final, and what is final deserves it."""
        finals = state.made[self.helpers - 1] & self._of_type[self.bounds.final]
        verified = state.made[self.before.faults] & self._of_type[Verified]
        key = finals, verified, frozenset(state.members)
        if key in self._sound_states:
            return
        for breach in self._breaches(state, verified):
            if breach in self.bounds.watched:
                raise Violated(breach, self._run_to(state, came_from))
        self._sound_states.add(key)

    def _breaches(self, state: State, verified: int) -> Iterator[Breach]:
        finals = self._finals(state)
        members = [self.members[each] for each in state.members]
        records = {each.epoch: each.record for each in members}
        for each in members:
            if each.record != records[each.epoch]:
                yield Breach.TWICE
            base = self.entries[each.record.base]
            if any(epoch < each.epoch and base[: len(entries)] != entries for epoch, entries in finals):
                yield Breach.LOST
        for one, another in combinations((entries for _, entries in finals), 2):
            if any(left != right for left, right in zip(one, another, strict=False)):
                yield Breach.CONFLICT
        seen = {act.entries for act in self._acts(verified, Verified)}
        for _, entries in finals:
            if not all(entries[:count] in seen for count in range(1, len(entries) + 1)):
                yield Breach.UNVERIFIED

    def _run_to(self, state: State, came_from: dict[State, State | None]) -> list[str]:
        steps: list[str] = []
        while (before := came_from[state]) is not None:
            made = [after & ~earlier for after, earlier in zip(state.made, before.made, strict=True)]
            signed = [self._worded(act) for mask in made for act in self._acts(mask, object)]
            entered = max(self._progress[each] for each in state.members)[0]
            steps.append(", ".join(signed) or f"a member enters epoch {entered}")
            state = before
        return steps[::-1]

    def _worded(self, act: Act) -> str:
        match act:
            case Witness(checkpoint) | Mirror(checkpoint):
                what = f"{self._entries_of(Head.of(checkpoint))} in epoch {epoch_of(checkpoint)}"
            case Seal():
                what = f"for attempt {act.attempt}, reporting {self._entries_of(act.mirrored)}"
            case Prepare(ballot) | Commit(ballot):
                what = f"attempt {ballot.attempt} from {self._entries_of(ballot.record.base)}"
            case Verified(epoch, entries):
                what = f"{b''.join(entries).decode()} in epoch {epoch}"
        return f"{type(act).__name__.lower()} {what}"

    def _entries_of(self, head: Head) -> str:
        return b"".join(self.entries[head]).decode() or "nothing"
