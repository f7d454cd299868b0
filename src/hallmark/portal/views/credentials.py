"""Certificates as Verifiable Credentials, and every address of ours that they name.

An address in a credential is a name that lasts longer than the pages do: it leads to the page of that thing.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url

from hallmark.certificate.credential import TERMS
from hallmark.certificate.profile import PROFILES
from hallmark.kernel.errors import Missing, Refusal, Unavailable
from hallmark.office.papers import credentials
from hallmark.office.registry import queries
from hallmark.office.registry.errors import NoSuchCertificate
from hallmark.office.registry.state import held_schemes
from hallmark.portal import page
from hallmark.portal.errors import NotNamed
from hallmark.statement.certificate import encode_record
from hallmark.statement.kind import Role

_CBOR = "application/cbor"
_FORMS = {profile.media_type: form for form, profile in PROFILES.items()}
_JSON, _JSON_LD = "application/json", "application/ld+json"
_UNTIL_STATED = "public, max-age=300"
"""The recommendation's own default (`ttl`)."""


class SeeOther(HttpResponseRedirect):
    """What is named is no file; its page is elsewhere (RFC 9110 section 15.4.4)."""

    status_code = 303


def download(request: HttpRequest, number: str, form: str) -> HttpResponse:
    """Send a certificate as credential in the profile `form`."""
    try:
        content = credentials.write_credential(number, form)
    except (Missing, Refusal, Unavailable) as error:
        return page.refuse(request, error)
    name = f"{number}.{PROFILES[form].ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-cache", **page.FOR_ALL}
    return HttpResponse(content, content_type=PROFILES[form].media_type, headers=headers)


def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """Send the credential that the request asks for by media type, or lead to the page of the certificate."""
    wanted = request.get_preferred_type(["text/html", *_FORMS])
    if wanted in _FORMS:
        return _varied(download(request, number, _FORMS[wanted]))
    try:
        queries.find_issued(number)
    except NoSuchCertificate as error:
        return page.refuse(request, error)
    return _varied(SeeOther(resolve_url("portal:certificate", number=number)))


def record(request: HttpRequest, number: str) -> HttpResponse:
    """Send the bytes whose SHA-256 is the digest of the record."""
    try:
        content = encode_record(number, queries.find_public_record(number))
    except NoSuchCertificate as error:
        return page.refuse(request, error)
    return HttpResponse(content, content_type=_CBOR, headers={"Cache-Control": page.FOR_GOOD, **page.FOR_ALL})


def terms(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django hands the request to every view
    """Send the context of our terms."""
    headers = {"Cache-Control": page.FOR_GOOD, **page.FOR_ALL}
    return HttpResponse(TERMS, content_type=_JSON_LD, headers=headers)


def status_list(request: HttpRequest, body: str, purpose: str, number: int) -> HttpResponse:
    """Send a status list, enveloped where the request asks for that."""
    wanted = request.get_preferred_type([*_FORMS, _JSON])
    form = _FORMS.get(wanted or "", "vc")
    try:
        content = credentials.write_status_list(body, purpose, number, form)
    except (Missing, Unavailable) as error:
        return page.refuse_program(error)
    headers = {"Cache-Control": _UNTIL_STATED, **page.FOR_ALL}
    return _varied(HttpResponse(content, content_type=PROFILES[form].media_type, headers=headers))


def body(request: HttpRequest, organisation: str) -> HttpResponse:
    """Lead to the certificates of a body."""
    found = queries.record(f"organisation/{organisation}")
    if found is None or found["role"] != Role.BODY:
        return page.refuse(request, NotNamed(name=organisation[:100]))
    return SeeOther(f"{resolve_url('portal:register')}?body={organisation}")


def scheme(request: HttpRequest, which: str, edition: str = "", profile: str = "") -> HttpResponse:
    """Lead to the page of a scheme, of which there is that edition with that profile."""
    for each in held_schemes().values():
        if each.id == which and edition in ("", each.edition) and (not profile or profile in each.profiles):
            return SeeOther(resolve_url("portal:scheme", which=which))
    return page.refuse(request, NotNamed(name="/".join(filter(None, (which, edition, profile)))[:100]))


def product_type(request: HttpRequest, which: str, product_type: str) -> HttpResponse:
    """Lead to the page of a product type."""
    for each in held_schemes().values():
        if each.id == which and product_type in each.types:
            return SeeOther(resolve_url("portal:type", which=which, product_type=product_type))
    return page.refuse(request, NotNamed(name=f"{which}/{product_type}"[:100]))


def _varied(response: HttpResponse) -> HttpResponse:
    response.headers["Vary"] = "Accept"
    return response
