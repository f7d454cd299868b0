"""The neutral mark: letters, number and code, and nothing that looks official."""

from __future__ import annotations

import re

import pytest
from defusedxml import ElementTree

from hallmark.certificate import mark, qr
from hallmark.certificate.mark import BadModules, draw
from hallmark.kernel import identifier
from hallmark.statement.shape import BadClaim

NUMBER = identifier.complete("CFP-NORTH-2026-01-000001")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def modules():
    """The rows of a real code."""
    segno = pytest.importorskip("segno")
    text = qr.encode_reference(NUMBER, bytes(32), "https://register.example")
    return [[bool(module) for module in row] for row in segno.make(text, error="m", boost_error=False).matrix]


def drawn(path, size):
    """Return the rows that the path of a mark covers."""
    rows = [[False] * size for _ in range(size)]
    for x, y, width, back in re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", path):
        assert width == back
        for at in range(int(x), int(x) + int(width)):
            assert not rows[int(y)][at]
            rows[int(y)][at] = True
    return rows


def test_the_mark_shows_letters_number_and_exactly_this_code(modules):
    root = ElementTree.fromstring(draw("CFP", NUMBER, modules))
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert texts == ["CFP", NUMBER, mark.NOTICE.zh, mark.NOTICE.en]
    (path,) = root.iter(f"{SVG}path")
    assert drawn(path.get("d"), len(modules)) == modules


def test_the_mark_says_that_it_is_a_placeholder_to_eyes_and_ears(modules):
    root = ElementTree.fromstring(draw("CFP", NUMBER, modules))
    assert (root.get("role"), root.find(f"{SVG}title").text) == ("img", root.get("aria-label"))
    for words in (NUMBER, mark.NOTICE.zh, mark.NOTICE.en):
        assert words in root.get("aria-label")


def test_there_are_four_modules_of_white_around_the_code(modules):
    root = ElementTree.fromstring(draw("CFP", NUMBER, modules))
    (group,) = root.iter(f"{SVG}g")
    scale = float(re.search(r"scale\(([0-9.]+)\)", group.get("transform"))[1])
    left = float(re.match(r"translate\(([0-9.]+) ", group.get("transform"))[1])
    frame = root.find(f"{SVG}rect")
    assert left >= float(frame.get("x")) + float(frame.get("stroke-width")) / 2
    assert group.get("transform").endswith("translate(4 4)")
    assert scale * (len(modules) + 8) == pytest.approx(600 - 2 * left)


@pytest.mark.parametrize("letters", ["", "cfp", "C P", "<b>", "TOOLONGXY", "金融"])
def test_letters_are_a_few_capitals(letters, modules):
    with pytest.raises(BadClaim):
        draw(letters, NUMBER, modules)


def test_the_number_is_one(modules):
    with pytest.raises(BadClaim):
        draw("CFP", "CFP-NORTH-2026-01-000001-5", modules)


@pytest.mark.parametrize("rows", [[], [[True] * 21] * 20, [[True] * 20] * 20, [[True] * 21] * 20 + [[True] * 20]])
def test_what_is_no_square_is_no_code(rows):
    with pytest.raises(BadModules):
        draw("CFP", NUMBER, rows)
