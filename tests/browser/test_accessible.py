"""Every page in Chromium: accessible by axe's rules, and never wider than a phone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Browser, Page, Route

from portal.test_consortium import consortium as consortium
from portal.test_consortium import kept as kept

pytestmark = pytest.mark.django_db
ORIGIN = "http://localhost"
PAGES = ["/", "/register/", "/ledger/", "/check/", "/scheme/cfp/", "/scheme/cfp/rules/", "/consortium/"]


@pytest.fixture
def page(chromium: Browser) -> Any:
    """A page on a phone."""
    page = chromium.new_page(viewport={"width": 390, "height": 800})
    yield page
    page.close()


def check(page: Page, path: str) -> None:
    """Show the page at `path`, everything unfolded, and look at it."""
    made = Client(SERVER_NAME="localhost").get(path).content  # here: the browser's thread has a database of its own

    def answer(route: Route) -> None:
        asked = urlsplit(route.request.url).path
        if asked.startswith("/static/"):
            route.fulfill(path=finders.find(asked.removeprefix("/static/")))
        else:
            route.fulfill(body=made, content_type="text/html; charset=utf-8")

    page.route("**/*", answer)
    page.goto(f"{ORIGIN}{path}")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert Axe().run(page).response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("path", ["/consortium/", "/en/consortium/"])
def test_the_page_of_a_consortium(consortium: Any, page: Page, path: str) -> None:
    check(page, path)
    assert page.locator("h3").count() > 4


@pytest.mark.parametrize("path", [*PAGES, *(f"/en{path}" for path in PAGES)])
def test_every_page_of_one_operators_register(register: Any, page: Page, path: str) -> None:
    check(page, path)
