"""Credentials of a body that keeps its own key: made where that key is, of what the ledger proves."""

from __future__ import annotations

import time

from hallmark.certificate.credential import Export
from hallmark.certificate.form import MachineForm
from hallmark.certificate.profile import PROFILES as PROFILES  # part of this face
from hallmark.cli.desk import Desk, read
from hallmark.cli.errors import DraftDiffers, NoTrust
from hallmark.statement import envelope
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.certificate import verify_certificate
from hallmark.verify.credential import verify_credential


def make(desk: Desk, number: str, form: str, key: str) -> bytes:
    """Return the certificate as credential in the profile `form`, signed with the body's key in the profile.

    The server is believed nothing but where it is reached and the place in the status lists: the record comes out of
    the proven machine form, and the signed credential must hold under the trust bundle. Raises `NoTrust`,
    `DraftDiffers`, and as `verify_certificate` and `verify_credential`.
    """
    if not desk.profile.trust.exists():
        raise NoTrust(path=desk.profile.trust)
    bundle = TrustBundle.parse(read(desk.profile.trust, whole=True))
    proven = desk.client.call("GET", f"/register/{number}/certificate.hallmark")
    answer = verify_certificate(proven, bundle, time.time_ns() // 1_000_000)
    if answer.number != number:
        raise DraftDiffers(what=number)
    issued = envelope.parse(MachineForm.parse(proven).issued.encoded).draft
    place = desk.client.get(f"/register/{number}")["credential"]
    export = Export(
        number=number,
        record=answer.record,
        issued_at=issued.issued_at,
        environment=issued.environment,
        register=place["register"],
        position=place["position"],
        development=bundle.development,
    )
    _, signer = desk.profile.key(key)
    made = PROFILES[form].issue(export, signer)
    verify_credential(made, bundle)
    return made
