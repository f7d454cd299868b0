"""A measurement is kept apart, bounded in everything, and believed in nothing."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Timer
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.lab import sandbox
from hallmark.lab.isolation import Isolation, find_program, isolation_here
from hallmark.lab.sandbox import Job, Outcome, State, Untrusted, read_answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallmark.lab.kit import Kit


def run(kit: Kit, name: str, level: Isolation, text: Path | None = None, **options) -> Outcome:
    measurement = next(each for each in kit.measurements if each.name == name)
    files = {"text": (text / "text.txt",)} if text else {}
    bounds = {bound: getattr(measurement, bound) for bound in ("cpu_s", "memory_mb", "wall_s")}
    return sandbox.run(Job(kit.source, name, files, {}, b"seed", 7, **bounds), level, **options)


def test_what_is_seen_is_the_same_at_every_level(kit: Kit, text: Path, level: Isolation) -> None:
    told = []
    outcome = run(kit, "count", level, text, progress=lambda done, total, note="": told.append((done, total, note)))
    assert outcome == Outcome(
        State.DONE, {"letters": 5, "ratio": 5 / 3, "seed": b"seed".hex(), "at": 7}
    )  # a float survives as it is
    assert told == [(1, 2, "read"), (2, 2, "")]


def test_bubblewrap_shows_nothing_but_what_is_needed(kit: Kit, text: Path, monkeypatch, tmp_path: Path) -> None:
    if isolation_here() is not Isolation.BUBBLEWRAP:
        pytest.skip("bubblewrap does not work here")
    monkeypatch.setenv("PLANTED_SECRET", "password")
    seen = run(kit, "look", Isolation.BUBBLEWRAP, text).value
    assert seen["tried"].pop("scratch") == "done"
    assert (seen["secret"], seen["programs"]) == ("", 2)
    assert "done" not in {verdict for name, verdict in seen["tried"].items() if name != "compiled"}
    assert (text / "text.txt").read_bytes() == b"hello"


def test_compiled_code_is_copied_so_that_no_sample_can_poison_it(
    kit: Kit, text: Path, level: Isolation, tmp_path: Path
) -> None:
    cache = tmp_path / "compiled"
    cache.mkdir()
    (cache / "code").write_bytes(b"machine code")
    assert run(kit, "look", level, text, cache=cache).value["tried"]["compiled"] == "done"
    assert [path.name for path in cache.iterdir()] == ["code"]


@pytest.mark.parametrize(
    ("name", "state", "detail"),
    [
        ("fill", State.RESOURCE_LIMIT, "memory"),
        ("spin", State.RESOURCE_LIMIT, "processor time"),
        ("sleep", State.RESOURCE_LIMIT, "wall time"),
        ("die", State.CRASHED, "status"),
        ("fail", State.CRASHED, "no such chunk"),
        ("infinite", State.CRASHED, "not JSON compliant"),
    ],
)
def test_every_end_but_a_good_one_is_named(kit: Kit, level: Isolation, name: str, state: State, detail: str) -> None:
    outcome = run(kit, name, level)
    assert (outcome.state, outcome.value) == (state, None)
    assert detail in outcome.detail


def test_too_much_output_is_a_resource_limit(kit: Kit) -> None:
    assert "output" in run(kit, "flood", isolation_here()).detail


def test_what_a_library_prints_is_not_taken_for_the_answer(kit: Kit, level: Isolation) -> None:
    assert run(kit, "shout", level).value == {"letters": 7}


def test_a_child_that_leaves_the_session_is_ended_too(kit: Kit) -> None:
    if isolation_here() is not Isolation.BUBBLEWRAP:
        pytest.skip("only namespaces can")
    run(kit, "flee", Isolation.BUBBLEWRAP)
    late = time.monotonic() + 10
    while any(b"time.sleep(61)" in line for line in _running()):  # the kernel ends a namespace in its own time
        assert time.monotonic() < late
        time.sleep(0.05)


def test_cancelling_ends_the_process_at_once(kit: Kit, level: Isolation) -> None:
    cancel = Event()
    Timer(0.3, cancel.set).start()
    started = time.monotonic()
    assert run(kit, "spin", level, cancel=cancel).state is State.CANCELLED
    assert time.monotonic() - started < 10


def test_programs_are_looked_for_where_the_sandbox_has_them() -> None:
    assert find_program("sh")
    assert find_program("no-such-program") is None


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[1]",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a": ' + b"[" * 30 + b"]" * 30 + b"}",
        b'{"a": "\xff"}',
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_a_record_cannot_hold_is_refused(line: bytes) -> None:
    with pytest.raises(Untrusted):
        read_answer(line)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8")),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
            | st.text(st.characters(codec="utf-8")),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
            max_leaves=10,
        ),
    )
)  # fmt: skip
def test_every_other_json_object_passes_unchanged(value: dict[str, object]) -> None:
    assert read_answer(json.dumps(value).encode()) == value


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_else(line: bytes) -> None:
    with suppress(Untrusted):
        read_answer(line)


def _running() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it has ended meanwhile
            yield path.read_bytes()
