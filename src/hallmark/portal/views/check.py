"""The page that checks a certificate in the visitor's own browser, and the same as one file for the disk."""

from __future__ import annotations

import base64
import hashlib
from functools import cache, lru_cache
from importlib import resources

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from hallmark.office.registry import queries
from hallmark.office.registry.errors import NoSuchEntry
from hallmark.portal import page, verifier

# Nothing may leave the page: no request of any kind, no form but those that lead to pages of the register.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'none'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def check(request: HttpRequest) -> HttpResponse:
    """Show the check page; all it does happens in the browser."""
    bundle = trust_bundle()
    source = verifier.script()
    context = {
        "script_integrity": verifier.integrity(source),
        "script_version": hashlib.sha256(source.encode()).hexdigest()[:16],
        "bundle": base64.b64encode(bundle).decode(),
        "fingerprint": hashlib.sha256(bundle).digest(),
        "plain": hashlib.sha256(standalone(b"")).digest(),
        "loaded": hashlib.sha256(standalone(bundle)).digest(),
    }
    response = page.show(request, "check.html", context)
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def verifier_script(request: HttpRequest, version: str) -> HttpResponse:  # noqa: ARG001 - the version keeps caches apart
    """Send the verifier as a script."""
    return HttpResponse(
        verifier.script(), content_type="text/javascript; charset=utf-8", headers={"Cache-Control": page.FOR_GOOD}
    )


def verify_html(request: HttpRequest) -> HttpResponse:
    """Send the verifier as one file, with this ledger's trust bundle inside where `bundle` is asked for."""
    content = standalone(trust_bundle() if "bundle" in request.GET else b"")
    headers = {
        "Content-Disposition": 'attachment; filename="verify.html"',
        "Cache-Control": "no-cache",
    }
    return HttpResponse(content, content_type="text/html; charset=utf-8", headers=headers)


def bundle_file(request: HttpRequest) -> HttpResponse:
    """Send the trust bundle."""
    content = trust_bundle()
    if not content:
        return page.refuse(request, NoSuchEntry(index=0, size=0))
    headers = {"Content-Disposition": 'attachment; filename="trust-bundle.json"', "Cache-Control": "no-cache"}
    return HttpResponse(content, content_type="application/json", headers=headers)


def trust_bundle() -> bytes:
    """Return the trust bundle, empty before the ledger is founded."""
    return queries.trust_bundle() if queries.record("ledger") else b""


@cache
def _style() -> str:
    return (resources.files("hallmark.portal") / "static" / "portal" / "style.css").read_text("utf-8")


@lru_cache(4)
def standalone(bundle: bytes) -> bytes:
    """Return `verify.html` with `bundle` inside: the same bytes wherever it is built from the same sources."""
    style, script = f"\n{_style()}", f"\n{verifier.script()}"
    context = {
        "style": style,
        "script": script,
        "bundle": base64.b64encode(bundle).decode(),
        "policy": (
            f"default-src 'none'; style-src '{verifier.integrity(style)}'; "
            f"script-src '{verifier.integrity(script)}'; img-src data:; form-action 'none'; base-uri 'none'"
        ),
    }
    return render_to_string("portal/verify.html", context).encode()
