"""What the printed code of a certificate says; drawing it is for `services`, which needs the extra `paper`."""

from __future__ import annotations

from django.conf import settings

from hallmark.certificate import qr
from hallmark.certificate.form import MachineForm
from hallmark.office.registry import queries as registry
from hallmark.statement.certificate import record_digest


def write_code(number: str) -> str:
    """Return the text of a certificate's printed code; raises `NoSuchCertificate`, `StatusNotStated`."""
    form = MachineForm.parse(registry.machine_form(number))
    return encode(form, number, record_digest(number, registry.find_public_record(number)))


def encode(form: MachineForm, number: str, digest: bytes) -> str:
    """Return the text of the code: a proof of issue where it fits on paper, else where to ask."""
    try:
        return qr.encode_proof(form.issued, form.checkpoint)
    except qr.TooLargeToPrint:
        return qr.encode_reference(number, digest, page_of(number))


def page_of(number: str) -> str:
    """Return the address of a certificate's page."""
    return f"{settings.ORIGIN}/register/{number}"
