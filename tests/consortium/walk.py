"""A consortium that does what it should, step by step, with the signatures that travel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from consortium.seats import consortium, signer
from hallmark.consortium import finality, member, seal, succession
from hallmark.consortium.constitution import Constitution
from hallmark.consortium.epoch import Ballot, Consent, Record, Start
from hallmark.consortium.member import MemberState
from hallmark.consortium.seal import SignedSeal
from hallmark.consortium.succession import Seal
from hallmark.kernel import keys
from hallmark.ledger import cosignature, note
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import Frontier, leaf_hash
from hallmark.ledger.note import Note, Signature

TIME = 1_790_000_000


def admit_all(_entries: Sequence[bytes]) -> None:
    """Rules that admit everything."""


def begun(name: str, constitution: Constitution | None = None) -> MemberState:
    """Return the state of a member in epoch 1, nothing signed."""
    constitution = constitution or consortium("abcd")
    return member.begin(name, Record.first(constitution), constitution, Frontier())


def grown(state: MemberState, *entries: bytes) -> Checkpoint:
    """Return the checkpoint of the member's tree with `entries`."""
    tree = state.tree.extend(map(leaf_hash, entries))
    return Checkpoint(state.origin, tree.size, tree.root)


def restarted(state: MemberState) -> MemberState:
    """Return the state as it is read back from the store."""
    return MemberState.parse(state.encode(), state.constitution)


def witnessed(state: MemberState, *entries: bytes) -> MemberState:
    return member.witness(state, grown(state, *entries), entries, admit_all)[0]


def mirrored(state: MemberState, *entries: bytes) -> MemberState:
    state = witnessed(state, *entries)
    certificate = member.Certificate(grown(state), frozenset("abc"))
    return member.mirror(state, certificate)[0]


def sealed(states: Iterable[MemberState], attempt: int = 1) -> tuple[list[MemberState], list[Seal]]:
    pairs = [succession.seal(state, attempt) for state in states]
    return [state for state, _ in pairs], [report for _, report in pairs]


def key(name: str, purpose: str) -> keys.SoftwareSigner:
    """Return the private key of a member of `consortium`."""
    return signer(f"{name}1{purpose[0]}", keys.ML_DSA_44 if purpose == "archive" else keys.ED25519)


def signed(state: MemberState, checkpoint: Checkpoint, purpose: str, names: str) -> Note:
    """Return the checkpoint signed by the sequencer and, with keys of a purpose, by members."""
    lines = [note.sign(checkpoint.text, checkpoint.origin, signer("log"))]
    return Note(checkpoint.text, (*lines, *(cosigned(state, checkpoint, purpose, name) for name in names)))


def cosigned(state: MemberState, checkpoint: Checkpoint, purpose: str, name: str) -> Signature:
    seat = state.constitution.member(name)
    cosigner = finality.cosigner(state.constitution, seat, purpose)
    return cosignature.sign(checkpoint, cosigner.name, key(name, purpose), TIME)


def signed_seal(report: Seal, certificate: Note | None = None, prepared: str = "") -> SignedSeal:
    signature = key(report.member, "witness").sign(seal.message(report))
    prepares = {name: key(name, "witness").sign(report.committed.prepare_message) for name in prepared}
    return SignedSeal(report, signature, certificate, prepares)


def consents(record: Record, sequencer: keys.PublicKey, names: str) -> dict[str, bytes]:
    """Return the consents of members to another sequencer of the epoch after that of `record`."""
    return {name: key(name, "witness").sign(Consent.message(record, sequencer)) for name in names}


def start(ballot: Ballot, constitution: Constitution, names: str = "abc") -> Start:
    """Return the start of an epoch to which members committed."""
    message = ballot.commit_message
    commits = {name: (key(name, "mirror").sign(message), key(name, "archive").sign(message)) for name in names}
    return Start(ballot, constitution, commits)
