"""Certificates as Verifiable Credentials, signed by the body whose key is held here, and the status lists they name."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from hallmark.certificate import credential
from hallmark.certificate.credential import BadAddress, Export, StatusList
from hallmark.certificate.profile import PROFILES
from hallmark.kernel.errors import HallmarkError, Unavailable
from hallmark.kernel.text import Text
from hallmark.office.registry import queries as registry
from hallmark.office.registry import status_list
from hallmark.office.registry.errors import KeyElsewhere
from hallmark.rules.state import Record
from hallmark.verify.certificate import FRESH_FOR


class CredentialElsewhere(KeyElsewhere):
    """The body holds its own key."""

    en = (
        "{body} holds its own key, so this server makes no credential in its name. The body makes it where the key is: "
        "hallmark register download {number} --form {form} --sign-with KEY"
    )
    zh = (
        "{body} 自行保管密钥，服务器不能以其名义出具凭证。请由该机构在密钥所在处出具："
        "hallmark register download {number} --form {form} --sign-with 密钥"
    )


class NoPublicAddress(Unavailable):
    """Whoever reads a credential could not reach what it names."""

    en = (
        "This register is reached at {origin}, and credentials have to name an https address. "
        "Ask the operator to set HALLMARK_ORIGIN to one."
    )
    zh = "本登记簿的地址为 {origin}，而凭证须载明 https 地址。请运营方将 HALLMARK_ORIGIN 设为 https 地址。"


def write_credential(number: str, form: str) -> bytes:
    """Return a certificate in the profile `form`; raises as `describe`, and `CredentialElsewhere`."""
    export = describe(number)
    try:
        signer = registry.signer_of(export.body["id"])
    except KeyElsewhere:
        raise CredentialElsewhere(body=Text(**export.body["name"]), number=number, form=form) from None
    return PROFILES[form].issue(export, signer)


def is_written_here(body: str) -> bool:
    """Tell whether this server makes the credentials of a body."""
    try:
        _check_origin()
        registry.signer_of(body)
    except HallmarkError:
        return False
    return True


def place(number: str) -> dict[str, Any]:
    """Return what a certificate's credentials say beyond its record: the `register` they name and its `position`."""
    issued = registry.find_issued(number)
    return {"register": settings.ORIGIN, "position": status_list.place_of(number, issued.issuer)}


def describe(number: str) -> Export:
    """Return what a certificate's credentials are made from; raises `NoSuchCertificate`, `NoPublicAddress`."""
    issued = registry.find_issued(number)
    _check_origin()
    return Export(
        number=number,
        record=issued.public,
        issued_at=issued.issued_at,
        environment=issued.environment,
        **place(number),
        development=_is_development(),
    )


def write_status_list(body: str, purpose: str, number: int, form: str) -> bytes:
    """Return a status list in the profile `form`, as the status was last stated, to be used for a day from then.

    Signed by the body where its key is held here, else by the operator, whose word the status is. Raises
    `NoSuchStatusList`, `StatusNeverStated`, `NoPublicAddress`.
    """
    _check_origin()
    at, indexes = status_list.read(body, purpose, number)
    try:
        name, signer = body, registry.signer_of(body)
    except KeyElsewhere:
        name = str(_ledger()["operator"])
        signer = registry.signer_of(name)
    words = (registry.record(f"organisation/{name}") or {})["name"]
    listed = StatusList(settings.ORIGIN, body, purpose, number, indexes, at, FRESH_FOR, words)
    return PROFILES[form].issue_status_list(listed, signer)


def _check_origin() -> None:
    try:
        credential.check_register(settings.ORIGIN, development=_is_development())
    except BadAddress:
        raise NoPublicAddress(origin=settings.ORIGIN) from None


def _is_development() -> bool:
    return bool(_ledger().get("development"))


def _ledger() -> Record:
    return registry.record("ledger") or {}
