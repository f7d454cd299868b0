"""The guides and the command agree."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from hallmark.cli import commands, grammar
from hallmark.cli.acts import ACTS

GUIDES = Path(__file__).parents[2] / "docs" / "guide"
LINE = re.compile(r"^    (?:\$ )?hallmark (.+)$", re.MULTILINE)


def lines() -> list[tuple[str, str]]:
    return [(path.name, line) for path in sorted(GUIDES.glob("*.md")) for line in LINE.findall(path.read_text())]


@pytest.fixture(scope="module")
def parser():
    return grammar.build(commands.COMMANDS, commands.GROUPS, "en")


def test_every_command_in_a_guide_is_one(parser):
    shown = lines()
    assert len(shown) > 20
    for guide, line in shown:
        words = shlex.split(line.split(" > ")[0], comments=True)
        try:
            parser.parse_args(words)
        except SystemExit:
            pytest.fail(f"{guide}: hallmark {line}")


def test_the_page_for_programs_lists_every_act_with_its_kind():
    text = (GUIDES / "api.md").read_text()
    listed = dict(re.findall(r"^\| `hallmark ([a-z -]+)` \| `([a-z_.]+)`", text, re.MULTILINE))
    assert listed == {act.command: act.kind for act in ACTS}
