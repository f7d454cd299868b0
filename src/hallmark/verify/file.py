"""What a file proves, in any form it may hold: a machine form, a PDF around one, a printed code, a credential."""

from __future__ import annotations

from hallmark.certificate.form import MACHINE_FORM
from hallmark.verify.answer import Answer, Attestation
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.certificate import FRESH_FOR, verify_certificate


def verify_file(
    data: bytes, bundle: TrustBundle, at: int, *, now: int | None = None, fresh_for: int = FRESH_FOR
) -> tuple[Answer | Attestation, bool | None]:
    """Return the answer about the content of `data`, and whether the page it came out of was checked, None without one.

    Times as in `verify_certificate`. A page is checked against the seal in the entry of the body's key that the file
    brings. Where that entry has none, nobody can tell offline whether a newer one has: the page then is unchecked, and
    may be forged around a genuine form. Raises the first check that fails.
    """
    start = data[:1024].lstrip()
    if start.startswith(b"HM1:"):
        from hallmark.verify.printed import verify_printed  # noqa: PLC0415 - most files do not need it

        return verify_printed(data.strip().decode("ascii", "replace"), bundle), None
    if start.startswith((b"{", b"eyJ")):
        from hallmark.verify.credential import verify_credential  # noqa: PLC0415 - most files do not need it

        return verify_credential(data, bundle), None
    if not data.startswith(b"%PDF-"):
        return verify_certificate(data, bundle, at, now=now, fresh_for=fresh_for), None
    from hallmark.verify import page  # noqa: PLC0415 - most files do not need it
    from hallmark.verify.attachment import attachment  # noqa: PLC0415

    answer = verify_certificate(attachment(data, MACHINE_FORM), bundle, at, now=now, fresh_for=fresh_for)
    if answer.seal and answer.known_at is not None:
        page.verify(data, [answer.seal], answer.known_at)
        return answer, True
    return answer, False
