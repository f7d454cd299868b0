"""Debian's Chromium, the verifier inside it, and a market whose certificates both verifiers judge."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from browser.parts import Parts
from hallmark.portal import verifier
from office.conftest import pytest_configure as set_django_up
from portal.conftest import filled as filled
from portal.conftest import register as register
from portal.conftest import server as server

CHROMIUM = "/usr/bin/chromium"
ORIGIN = "http://localhost:1"
_CALL = """async ([bundle, call, cases]) => {
  const verifier = await import("/verifier.js");
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const hex = (found) => Array.from(found, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const trusted = bundle && await verifier.parseBundle(bytes(bundle));
  const shown = (answer) => ({
    number: answer.number, status: answer.status, since: answer.since, reason: answer.reasonCode,
    digest: hex(answer.recordDigest), known_at: answer.knownAt, age: answer.age, vouched_by: answer.vouchedBy,
    attested: answer.attested,
    development: answer.development, why: answer.why,
  });
  const calls = {
    certificate: async (form, at, now) => shown(await verifier.verifyCertificate(bytes(form), trusted, at, { now })),
    file: async (data, at) => {
      const answer = await verifier.verifyFile(bytes(data), trusted, at);
      return { ...shown(answer), page: answer.page };
    },
    unchecked: async (form, at) => (await verifier.verifyCertificate(bytes(form), trusted, at)).unchecked,
    printed: async (code) => shown(await verifier.verifyPrinted(code, trusted)),
    bundle: async (file) => hex((await verifier.parseBundle(bytes(file))).fingerprint),
    statement: (encoded) => hex(verifier.parseStatement(bytes(encoded)).signed),
    attachment: (pdf, name) => hex(verifier.attachment(bytes(pdf), name)),
    ed25519: async (key, message, signature) => {
      await verifier.verifyEd25519(bytes(key), bytes(message), bytes(signature));
      return "accepted";
    },
  };
  const outcomes = [];
  for (const parameters of cases) {
    try {
      outcomes.push(await calls[call](...parameters));
    } catch (error) {
      if (!(error instanceof verifier.Breach)) throw error;
      outcomes.push({ code: error.code, en: error.explain("en"), zh: error.explain("zh") });
    }
  }
  return outcomes;
}"""


def pytest_configure(config: pytest.Config) -> None:
    """Set Django up, and let it work beside Playwright's loop."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    set_django_up(config)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium, once for all tests."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class InBrowser:
    """The verifier in a page of its own; bytes go in and out as base64."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def __call__(self, call: str, cases: list[tuple[Any, ...]], bundle: bytes = b"") -> list[Any]:
        """Return what the verifier answers to each case: a value, or code and sentences of a breach."""
        spelled = [[_spell(part) for part in case] for case in cases]
        return self.page.evaluate(_CALL, [_spell(bundle), call, spelled])


def _spell(part: object) -> object:
    return base64.b64encode(part).decode() if isinstance(part, bytes) else part


@pytest.fixture(scope="session")
def in_browser(chromium: Browser) -> InBrowser:
    """The verifier, called as a module."""
    script = verifier.script()

    def answer(route: Route) -> None:
        if route.request.url.endswith(".js"):
            route.fulfill(body=script, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    page = chromium.new_page()
    page.route(f"{ORIGIN}/**", answer)
    page.goto(ORIGIN)
    return InBrowser(page)


@pytest.fixture(scope="session")
def parts(filled: Any) -> Parts:
    """What certificates are put together from."""
    return Parts(filled.market, filled.numbers)
