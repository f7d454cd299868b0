"""What a signed checkpoint shows: a quorum certificate, or that all entries under it are final.

| a quorum co-signed as | with its key | shows                                                                |
|-----------------------|--------------|----------------------------------------------------------------------|
| witness, Ed25519      | witness      | certificate: no other checkpoint of this epoch and size can have one |
| mirror, Ed25519       | mirror       | final: every later epoch has these entries                           |
| mirror, ML-DSA-44     | archive      | the same, also where Ed25519 can be forged                           |

Each row is a trust policy (C2SP tlog-policy), flat, so that any reader of that format decides finality without this
room. A verifier that knows an older constitution first follows the chain of `epoch.follow`.
"""

from __future__ import annotations

from collections.abc import Mapping

from hallmark.consortium.constitution import Constitution, Member
from hallmark.consortium.epoch import OtherConstitution, Record
from hallmark.consortium.member import Certificate
from hallmark.kernel import keys
from hallmark.ledger import cosignature, policy
from hallmark.ledger.note import PLAIN, Note, VerifierKey
from hallmark.ledger.policy import Endorsement, Policy
from hallmark.ledger.proof import Proof

WITNESS, MIRROR, ARCHIVE = "witness", "mirror", "archive"
# Both keys of the mirror sign under one name: they are one cosigner.
_COSIGNERS: Mapping[str, str] = {WITNESS: "witness", MIRROR: "mirror", ARCHIVE: "mirror"}


def cosigner(constitution: Constitution, member: Member, purpose: str) -> VerifierKey:
    """Return the verifier key of a member's `purpose`: witness, mirror or archive."""
    key: keys.PublicKey = getattr(member, purpose)
    return cosignature.verifier_key(f"{constitution.ledger}/{member.name}/{_COSIGNERS[purpose]}", key)


def log_key(record: Record, constitution: Constitution) -> VerifierKey:
    """Return the verifier key of the epoch's sequencer, whose name is the epoch's origin."""
    return VerifierKey.of(constitution.origin(record.epoch), PLAIN, constitution.sequencer)


def policy_text(record: Record, constitution: Constitution, purpose: str = MIRROR) -> bytes:
    """Return the trust policy of an epoch: the sequencer signed, and n - f members by their keys of `purpose`.

    Raises `OtherConstitution`, `BadPolicy`.
    """
    if record.constitution != constitution.digest:
        raise OtherConstitution(epoch=record.epoch)
    cosigners = {member.name: cosigner(constitution, member, purpose) for member in constitution.members}
    return policy.flat([log_key(record, constitution)], cosigners, constitution.quorum)


def certify(note: Note, record: Record, constitution: Constitution) -> Certificate:
    """Return the quorum certificate in `note`; raises `OtherConstitution`, and as `Policy.verify`."""
    endorsement = Policy.parse(policy_text(record, constitution, WITNESS)).verify(note)
    return Certificate(endorsement.checkpoint, frozenset(endorsement.cosigned))


def check_final(note: Note, record: Record, constitution: Constitution, *, archive: bool = False) -> Endorsement:
    """Return the checkpoint in `note` if it is final; raises `OtherConstitution`, and as `Policy.verify`."""
    return _policy(record, constitution, archive).verify(note)


def check_entry(
    proof: Proof, entry: bytes, record: Record, constitution: Constitution, *, archive: bool = False
) -> Endorsement:
    """Return the final checkpoint under which `proof` shows `entry`; raises as `check_final` and `Proof.verify`."""
    return proof.verify(entry, _policy(record, constitution, archive))


def _policy(record: Record, constitution: Constitution, archive: bool) -> Policy:
    return Policy.parse(policy_text(record, constitution, ARCHIVE if archive else MIRROR))
