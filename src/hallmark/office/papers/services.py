"""Making the seal of an organisation, and drawing its pages under it."""

from __future__ import annotations

from datetime import date

import segno

from hallmark.certificate.form import MachineForm
from hallmark.kernel import instant
from hallmark.kernel.errors import Missing
from hallmark.kernel.keys import ESP256
from hallmark.kernel.text import Text
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.keys.services import port as keys
from hallmark.office.papers import printed
from hallmark.office.registry import queries as registry
from hallmark.paper import certificate as certificate_page
from hallmark.paper import signature
from hallmark.statement import envelope
from hallmark.statement.certificate import record_digest
from hallmark.statement.kind import Role

_SEAL_YEARS = 10
SEALING = (Role.BODY, Role.LABORATORY)
"""Whose pages a server seals that holds the key: certificates, and test reports."""


class NoSeal(Missing):
    """The body registered no seal."""

    en = "{body} has registered no seal, so its pages cannot be sealed here. Register one, or seal where its key is."
    zh = "{body} 未登记签章，无法在此对文件签章。请登记签章，或在密钥所在处签章。"


def make_seal(organisation: str, name: Text, valid_from: date) -> bytes:
    """Make a seal's key and return its certificate (DER), to be put on the ledger when its owner is registered."""
    keys().create(seal_key(organisation), ESP256)
    signer = keys().get_signer(seal_key(organisation))
    return signature.issue(name, signer, valid_from, instant.add_years(valid_from, _SEAL_YEARS))


def draw_certificate(number: str, *, at: int | None = None) -> bytes:
    """Return the certificate as a sealed PDF with the machine form of this moment inside; raises `NoSeal`."""
    made = wall_clock() if at is None else at
    data = registry.machine_form(number)
    form = MachineForm.parse(data)
    issued = envelope.parse(form.issued.encoded).draft
    seal = envelope.parse(form.issuer.encoded).draft.public.get("seal")
    if not seal:
        raise NoSeal(body=issued.public["body"]["name"]["en"])
    page = certificate_page.render_certificate(
        number,
        issued.public,
        data,
        made,
        qr_svg=draw_code(form, number, record_digest(number, issued.public)),
        page=printed.page_of(number),
        development=bool((registry.record("ledger") or {}).get("development")),
    )
    return signature.sign(page, keys().get_signer(seal_key(issued.issuer)), seal, made)


def seal_key(organisation: str) -> str:
    """Return the name under which this server holds an organisation's seal."""
    return f"seal-{organisation}"


def draw_code(form: MachineForm, number: str, digest: bytes) -> str:
    """Return the printed code as SVG."""
    drawn: str = segno.make_qr(printed.encode(form, number, digest), error="m").svg_inline(border=4)
    return drawn
