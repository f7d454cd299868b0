"""The pages on scheme folders and test kits: their tables are the code's, their examples load and run.

Run as a script, this module writes table and digest into docs/spec/scheme.md anew.
"""

from __future__ import annotations

import importlib
import itertools
import re
import types
import typing
from dataclasses import MISSING, fields
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from hallmark.kernel.text import Text
from hallmark.lab import record, runner, sample, sandbox
from hallmark.lab.kit import Item, Kit, Measurement, Role, Verdict
from hallmark.scheme import loader, model
from hallmark.scheme.explain import explain
from hallmark.scheme.model import Certainty, Provenance, Scheme

SPEC = Path(__file__).resolve().parents[2] / "docs" / "spec"
SCHEME, KIT = SPEC / "scheme.md", SPEC / "kit.md"
_SIMPLE = {
    str: "text",
    int: "whole",
    bool: "flag",
    date: "day",
    Text: "words",
    model.Value: "value",
    model.Parameter: "parameter",
    Certainty: "certainty",
}


def block(path: Path, name: str) -> str:
    """Return what stands between the markers of that name."""
    _, _, rest = path.read_text("utf-8").partition(f"<!-- {name}: ")
    return rest.partition("-->\n")[2].partition(f"<!-- end of {name} -->")[0].strip()


def example(path: Path, language: str) -> str:
    """Return the page's block of code in that language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", path.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return found


def shape(kind: Any) -> str:
    """Return an annotation in the page's words."""
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    if isinstance(kind, types.UnionType):
        return shape(next(each for each in typing.get_args(kind) if each is not types.NoneType))
    if typing.get_origin(kind) is tuple:
        return f"[{shape(typing.get_args(kind)[0])}]"
    return " or ".join(kind) if issubclass(kind, StrEnum) else kind.__name__


def keys(cls: type) -> str:
    """Return the keys of one line, without those that every line has."""
    kinds = typing.get_type_hints(cls) | ({"value": model.Value} if cls is model.Parameter else {})
    common = {each.name for each in fields(model.Line)} if issubclass(cls, model.Line) else set()
    own = [each for each in fields(cls) if each.name not in common]
    return ", ".join(f"`{each.name}{'?' * (each.default is not MISSING)}` {shape(kinds[each.name])}" for each in own)


def table() -> str:
    """Return the table of section 3: collections, then what stands inside their lines."""
    rows = [f"| `{name}` | {keys(cls)} |" for name, cls in Scheme.COLLECTIONS.items()]
    rows += [f"| {cls.__name__} | {keys(cls)} |" for cls in (model.Reference, model.Clause, model.Level)]
    return "\n".join(["| collection | keys of a line |", "|---|---|", *rows])


def test_the_table_of_collections_is_that_of_the_code() -> None:
    assert block(SCHEME, "collections") == table()


def test_the_page_names_every_certainty_and_provenance() -> None:
    page = SCHEME.read_text("utf-8")
    assert all(f"| `{each}` |" in page for each in Certainty)
    assert all(f"`{each}`" in page for each in Provenance)


def test_the_example_of_a_scheme_loads_and_has_the_digest_of_the_page() -> None:
    scheme = loader.load({"pilot.toml": example(SCHEME, "toml").encode()})
    assert scheme.digest.hex() in SCHEME.read_text("utf-8")
    assert explain(scheme, "METER", date(2026, 1, 1)).decisive == {"PM-01"}


def test_the_tables_of_a_kit_name_every_part() -> None:
    _, *tables = block(KIT, "kit").split("| of ")
    for cls, rows in zip((Kit, Role, Measurement, Item), tables, strict=True):
        first = [line.split("|")[1] for line in rows.split("\n") if line.startswith("| `")]
        assert rows.startswith(f"`{cls.__name__}`")
        assert re.findall(r"`(\w+)`", "".join(first)) == [each.name for each in fields(cls)]


def test_the_page_of_kits_states_verdicts_states_and_bounds_of_the_code() -> None:
    page = KIT.read_text("utf-8")
    order = [verdict for verdict in re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) if verdict in set(Verdict)]
    worst_last = sorted((each for each in Verdict if each is not Verdict.NOT_APPLICABLE), key=order.index)
    assert order == worst_last
    for better, worse in itertools.pairwise(order):
        assert _worst(better, worse) == worse
    assert all(f"`{state}`" in page for state in sandbox.State)
    assert f"{sandbox.MOST_OUTPUT >> 20} MiB, {sandbox.MOST_DEPTH} levels and {sandbox.MOST_VALUES:,} values" in page


def _worst(*verdicts: str) -> str:
    from hallmark.lab.kit import combine

    return combine(map(Verdict, verdicts))


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """The kit of the page, where the sandboxed process finds it too."""
    folder = tmp_path / "kits"
    folder.mkdir()
    (folder / "example.py").write_text(example(KIT, "python"), "utf-8")
    monkeypatch.syspath_prepend(str(folder))
    return importlib.import_module("example").KIT


@pytest.mark.parametrize(("content", "verdict"), [(b"long enough", "pass"), (b"no", "fail")])
def test_the_example_of_a_kit_runs_and_its_record_replays(
    kit: Kit, tmp_path: Path, content: bytes, verdict: str
) -> None:
    scheme = loader.load({"pilot.toml": example(SCHEME, "toml").encode()})
    (tmp_path / "text.txt").write_bytes(content)
    taken = sample.take(tmp_path / "text.txt", kit.roles)
    kept = runner.run(kit, taken, seed=b"", at=0, catalogue=scheme.items, limits={"PM-01": {"least": 3}})
    assert kept.conclusion == verdict
    read = record.decode(kept.encode())
    record.replay(read, kit)
    assert set(read.statement()) == set(re.findall(r"^\| `(\w+)` \|", _section(KIT, "8. The record"), re.MULTILINE))


def _section(path: Path, title: str) -> str:
    return path.read_text("utf-8").partition(f"## {title}")[2].partition("\n## ")[0]


if __name__ == "__main__":  # writes table and digest anew
    text = SCHEME.read_text("utf-8")
    head, _, rest = text.partition("tests/docs/test_formats.py -->\n")
    text = f"{head}tests/docs/test_formats.py -->\n{table()}\n{rest[rest.index('<!-- end of collections') :]}"
    made = loader.load({"pilot.toml": example(SCHEME, "toml").encode()}).digest.hex()
    SCHEME.write_text(re.sub("(Its digest is\n`)[0-9A-Za-z]*`", rf"\g<1>{made}`", text), "utf-8")
