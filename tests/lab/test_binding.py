"""Kits and schemes name the same items and limits: what a kit decides on, the scheme holds."""

from __future__ import annotations

import re

import pytest

from hallmark import schemes
from hallmark.lab import kits
from hallmark.scheme import loader

CFP = loader.load(schemes.read("cfp"))
KITS = list(kits.listing())


@pytest.mark.parametrize("kit", KITS, ids=lambda kit: kit.id)
def test_every_item_of_a_kit_is_a_line_of_the_scheme(kit):
    for item in kit.items:
        assert set(kit.product_types) & set(CFP.item(item.id).applies_to), item.id


@pytest.mark.parametrize("kit", KITS, ids=lambda kit: kit.id)
def test_every_automatic_item_of_the_scheme_is_in_the_kit_or_rests_on_others(kit):
    measured = {item.id for item in kit.items}
    for product_type in kit.product_types:
        for line in CFP.items.values():
            own = line.id.startswith(("CLI-", "RND-"))  # of CHP, the kit claims what rests on these
            if own and product_type in line.applies_to and line.method == "auto" and not line.rests_on:
                assert line.id in measured, line.id


@pytest.mark.parametrize("kit", KITS, ids=lambda kit: kit.id)
def test_every_limit_that_a_decision_names_in_its_law_is_in_the_scheme(kit):
    for item in kit.items:
        law = getattr(item.decide, "__doc__", None) or ""
        held = {limit.id for limit in CFP.item(item.id).limits}
        named = set(re.findall(r"[Ll]imits? `([a-z_0-9]+)`", law))
        assert named <= held, f"{item.id}: {named - held}"
