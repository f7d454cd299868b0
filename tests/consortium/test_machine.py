"""Seven members, two of whom lie, in random runs of any length: the same code and the same properties.

Entries "A" and "B" vote: after an odd number of "A" member h has the seat of g. Members restart and wake in between,
and at some starts they have consented to another sequencer.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from consortium.bounds import consistency, frontier
from consortium.seats import consortium, signer
from consortium.walk import restarted
from hallmark.consortium import member, succession
from hallmark.consortium.epoch import START, Ballot, Consent, Head, Record
from hallmark.consortium.member import Certificate, Mirror, Trace, Witness
from hallmark.consortium.succession import Commit, Prepare, Seal
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.checkpoint import Checkpoint

LIARS, HONEST = "ab", "cdefgh"
MOST = st.sets(st.sampled_from(HONEST), min_size=3)
WHO = st.sampled_from([set(HONEST) - {left_out} for left_out in HONEST]) | MOST
ENTRIES = st.lists(st.sampled_from([b"A", b"B"]), min_size=1, max_size=2).map(tuple)
FIRST = consortium("abcdefg")
OTHERS = Consent(signer("another log").public, {})


class Seven(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        record = Record.first(FIRST)
        self.members = {name: member.begin(name, record, FIRST, frontier(())) for name in HONEST}
        self.signed = defaultdict(set)
        self.verified = defaultdict(set)
        self.entries = {START: ()}

    def answer(self, name, decide):
        """Let one honest member decide."""
        try:
            state, act = decide(self.members[name])
        except HallmarkError:
            return
        self.members[name] = state
        if act is not None:
            self.signed[act].add(name)

    def quorate(self, kind, constitution):
        """Return the acts of a kind that a quorum made, the liars included."""
        needed = constitution.quorum - len(LIARS)
        acts = [act for act in self.signed if isinstance(act, kind)]
        return [act for act in acts if len(self.signed[act] & constitution.names) >= needed]

    def signers(self, act):
        return frozenset(self.signed[act]) | set(LIARS)

    def agreed(self, base):
        return consortium("abcdefh") if self.entries[base].count(b"A") % 2 else FIRST

    def here(self, name):
        tree = self.members[name].tree
        return self.entries[Head(tree.size, tree.root)]

    @rule(witnesses=WHO, mirrors=WHO, grown=ENTRIES)
    def grow(self, witnesses, mirrors, grown):
        self.offer_entries(witnesses, grown)
        self.show_certificates(mirrors)

    @rule(
        sealers=WHO,
        preparers=WHO,
        committers=WHO,
        newcomers=WHO,
        later=st.integers(0, 1),
        lies=st.booleans(),
        deposes=st.booleans(),
    )
    def attempt(self, sealers, preparers, committers, newcomers, later, lies, deposes):
        self.ask_for_seals(sealers, later)
        self.propose_a_record(preparers, sealers, lies, deposes)
        self.show_prepares(committers)
        self.show_commits(newcomers)

    @rule(names=WHO)
    def catch_up(self, names):
        self.show_certificates(names)
        self.show_prepares(names)
        self.show_commits(names)

    def offer_entries(self, names, grown):
        for name in sorted(names):
            here = self.here(name)
            tree = frontier((*here, *grown))
            self.entries[Head(tree.size, tree.root)] = (*here, *grown)
            seen = [(*here, *grown[: count + 1]) for count in range(len(grown))]

            def replay(_entries, name=name, seen=seen):
                for entries in seen:
                    self.verified[entries].add(name)

            checkpoint = Checkpoint(self.members[name].origin, tree.size, tree.root)
            self.answer(name, lambda state, c=checkpoint, r=replay: member.witness(state, c, grown, r))

    def show_certificates(self, names):
        for name in sorted(names):
            here = self.here(name)
            for act in self.quorate(Witness, self.members[name].constitution):
                size = act.checkpoint.size
                proof = consistency(here, size) if 0 < size < len(here) else []
                certificate = Certificate(act.checkpoint, self.signers(act))
                self.answer(name, lambda state, c=certificate, p=proof: member.mirror(state, c, p))

    def ask_for_seals(self, names, later):
        for name in sorted(names):
            self.answer(name, lambda state: succession.seal(state, max(state.attempt + later, 1)))

    def propose_a_record(self, names, speakers, lies, deposes=False):
        for name in sorted(names):
            state = self.members[name]
            seals = [act for act in self.signed if isinstance(act, Seal) and act.sealed == state.record.digest]
            attempt = max([act.attempt for act in seals], default=1)
            chosen = [seal for seal in seals if seal.attempt == attempt and seal.member in speakers]
            if lies:
                chosen += [Seal(liar, state.record.digest, attempt, state.record.base, None) for liar in LIARS]
            if chosen:
                agreed = self.agreed(succession.propose(state, chosen, state.constitution).base)
                if deposes:
                    agreed = OTHERS.under(agreed)
                ballot = Ballot(attempt, succession.propose(state, chosen, agreed))
                self.answer(name, lambda state, b=ballot, c=chosen, g=agreed: succession.prepare(state, b, c, g))

    def show_prepares(self, names):
        for name in sorted(names):
            for act in self.quorate(Prepare, self.members[name].constitution):
                self.answer(name, lambda state, a=act: succession.commit(state, a.ballot, self.signers(a)))

    def show_commits(self, names):
        for name in sorted(names):
            for act in self.quorate(Commit, self.members[name].constitution):
                base = act.ballot.record.base
                tree, voted = frontier(self.entries[base]), self.agreed(base)
                agreed = next(
                    each for each in (voted, OTHERS.under(voted)) if each.digest == act.ballot.record.constitution
                )
                self.answer(
                    name,
                    lambda state, a=act, t=tree, g=agreed: (
                        succession.enter(state, a.ballot, self.signers(a), g, t),
                        None,
                    ),
                )

    @rule(name=st.sampled_from(HONEST))
    def restart(self, name):
        before = self.members[name]
        self.members[name] = restarted(before)
        seen = [(peer, before.trace) for peer in HONEST] + [(liar, Trace(0, 0, 0)) for liar in LIARS]
        self.answer(name, lambda state: (member.wake(state, seen), None))

    def finals(self):
        for act in [act for act in self.signed if isinstance(act, Mirror)]:
            epoch = int(act.checkpoint.origin.rpartition("/e")[2])
            for constitution in (FIRST, consortium("abcdefh")):  # one of them; the signers have their seats in it
                if len(self.signed[act] & constitution.names) >= constitution.quorum - len(LIARS):
                    yield epoch, self.entries[Head.of(act.checkpoint)]
                    break

    @invariant()
    def what_is_final_stays_and_was_verified(self):
        finals = list(self.finals())
        for (_, one), (_, another) in combinations(finals, 2):
            assert all(left == right for left, right in zip(one, another, strict=False))
        for state in self.members.values():
            base = self.entries[state.record.base]
            assert all(base[: len(entries)] == entries for epoch, entries in finals if epoch < state.epoch)
        for _, entries in finals:
            for count in range(1, len(entries) + 1):
                assert len(self.verified[entries[:count]]) > FIRST.faults

    @invariant()
    def an_epoch_starts_once(self):
        records = {state.epoch: state.record for state in self.members.values()}
        assert all(state.record == records[state.epoch] for state in self.members.values())


Seven.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None, derandomize=True)
TestSeven = Seven.TestCase


def test_a_run_without_trouble_makes_three_epochs():
    machine, everybody = Seven(), set(HONEST)
    for _ in range(3):
        machine.offer_entries(everybody, (b"A",))
        machine.show_certificates(everybody)
        machine.ask_for_seals(everybody, 1)
        machine.propose_a_record(everybody, everybody, lies=True)
        machine.show_prepares(everybody)
        machine.show_commits(everybody)
        machine.what_is_final_stays_and_was_verified()
        machine.an_epoch_starts_once()
    assert {state.epoch for state in machine.members.values()} == {4}
    assert {len(entries) for _, entries in machine.finals()} == {1, 2, 3}
