"""A session gives one record whatever the number of workers, goes on where it stopped, and tells what happens."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING

import pytest

from hallmark.kernel.text import Text
from hallmark.lab import runner, sample
from hallmark.lab.isolation import Isolation, isolation_here
from hallmark.lab.kit import Verdict
from hallmark.lab.kits import NoKit, find, listing
from hallmark.lab.runner import Cancelled, NotWarmed, digest_of_kit, run, warm
from hallmark.lab.sample import SampleChanged
from hallmark.lab.sandbox import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hallmark.lab.kit import Kit
    from hallmark.lab.record import Record
    from hallmark.lab.sample import Manifest

LIMITS = {"P-01": {"least": 3}}


def only(kit: Kit, *names: str) -> Kit:
    """The planted kit with these items only."""
    return replace(kit, items=tuple(item for item in kit.items if item.id in names))


@pytest.fixture
def session(kit: Kit, manifest: Manifest) -> Callable[..., Record]:
    def start(*names: str, **options) -> Record:
        facts = {"seed": b"seed", "at": 1_700_000_000_000, "limits": LIMITS} | options
        return run(only(kit, *(names or ("P-01", "P-02", "P-03"))), options.pop("manifest", manifest), **facts)

    return start


def test_a_session_measures_decides_and_records(session) -> None:
    record = session()
    assert {name: judgement.verdict for name, judgement in record.judgements.items()} == {
        "P-01": Verdict.PASS,
        "P-02": Verdict.INSPECTION_NEEDED,
        "P-03": Verdict.ERROR,
    }
    assert record.session["isolation"] == isolation_here()
    assert record.session["libraries"]["cbor2"]
    assert record.sample["files"][0]["name"] == "text.txt"
    assert len(record.measurements) == 1  # three items decide on one observation


def test_one_worker_and_many_observe_the_same(session) -> None:
    names = ("P-01", "P-look", "P-shout", "P-fail")
    one, many = session(*names, workers=1), session(*names, workers=3)
    assert [each.digest for each in one.measurements] == [each.digest for each in many.measurements]
    assert one.digest == many.digest


def test_seed_and_time_are_inputs(session) -> None:
    one, again, other = session(), session(), session(seed=b"other")
    assert one.digest == again.digest
    assert one.measurements[0].digest != other.measurements[0].digest
    assert one.measurements[0].digest != session(at=5).measurements[0].digest


def test_a_failing_self_check_makes_every_item_an_error(session, monkeypatch) -> None:
    monkeypatch.setattr("hallmark.lab.isolation._ENVIRONMENT", {"PLANTED_SUM": "5"})
    record = session()
    assert {judgement.verdict for judgement in record.judgements.values()} == {Verdict.ERROR}
    assert "two and two: 5 != 4" in record.judgements["P-01"].reason.en
    assert record.measurements == ()
    assert record.conclusion is Verdict.ERROR


def test_a_kit_that_cannot_be_imported_in_the_sandbox_is_an_error(session, kit, manifest) -> None:
    lost = replace(only(kit, "P-01"), module="json")  # importable, but exports no kit
    record = run(lost, manifest, seed=b"", at=0)
    assert record.judgements["P-01"].verdict is Verdict.ERROR


def test_missing_programs_and_files_are_named(session) -> None:
    record = session("P-program", "P-absent")
    assert {judgement.verdict for judgement in record.judgements.values()} == {Verdict.NOT_RUN}
    assert "some-package" in record.judgements["P-program"].reason.en
    assert "other" in record.judgements["P-absent"].reason.en


def test_a_hostile_sample_costs_one_item_and_no_more(session) -> None:
    record = session("P-01", "P-die", "P-spin", "P-fail", workers=2)
    verdicts = {name: judgement.verdict for name, judgement in record.judgements.items()}
    assert verdicts == {
        "P-01": Verdict.PASS,
        "P-die": Verdict.ERROR,
        "P-spin": Verdict.INCONCLUSIVE,
        "P-fail": Verdict.ERROR,
    }
    assert "resource-limit" in record.judgements["P-spin"].reason.en
    assert record.judgements["P-fail"].reason.en.endswith("ValueError: no such chunk.")


def test_events_tell_the_session_in_order_and_are_kept(session, tmp_path: Path) -> None:
    told = []
    session(folder=tmp_path / "run", listen=told.append)
    kinds = [event["event"] for event in told]
    assert kinds == [
        "self-check",
        "item.started",
        "progress",
        "progress",
        "observation",
        "verdict",
        "verdict",
        "need.human",
        "verdict",
    ]
    assert told[1]["items"] == ["P-01", "P-02", "P-03"]
    kept = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert [event["event"] for event in kept] == kinds


def test_a_run_goes_on_where_it_stopped(session, tmp_path: Path, monkeypatch) -> None:
    first = session(folder=tmp_path)

    def measured(*_: object, **__: object) -> Outcome:
        return Outcome(State.CRASHED)

    monkeypatch.setattr(runner.sandbox, "run", measured)
    monkeypatch.setattr(runner._Session, "check_itself", lambda _self: list(first.self_check))
    assert session(folder=tmp_path).digest == first.digest
    other = session(folder=tmp_path, seed=b"other")  # another seed is another observation
    assert other.judgements["P-01"].verdict is Verdict.ERROR


def test_an_observation_that_was_tampered_with_on_disk_is_not_believed_silently(session, tmp_path: Path) -> None:
    first = session(folder=tmp_path)
    kept = next(tmp_path.glob("count-*.json"))
    kept.write_text(kept.read_text().replace("5", "9"))
    assert session(folder=tmp_path).measurements[0].digest != first.measurements[0].digest


def test_a_cancelled_session_says_so_and_keeps_what_is_done(session, tmp_path: Path) -> None:
    cancel = Event()

    def listen(event) -> None:
        if event["event"] == "observation":
            cancel.set()

    with pytest.raises(Cancelled):
        session("P-01", "P-sleep", folder=tmp_path, listen=listen, cancel=cancel)
    assert list(tmp_path.glob("count-*.json"))
    cancel.set()
    with pytest.raises(Cancelled):
        session(cancel=cancel)


def test_a_sample_that_changes_during_the_session_voids_it(kit: Kit, text: Path) -> None:
    manifest = sample.take(text, kit.roles)
    with pytest.raises(SampleChanged):  # without namespaces the measurement can write the sample; it is found out
        run(only(kit, "P-look"), manifest, seed=b"", at=0, level=Isolation.LIMITS)


def test_the_digest_of_a_kit_follows_its_source(kit: Kit, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "small_kit").mkdir()
    source = tmp_path / "small_kit" / "__init__.py"
    source.write_text("KIT = 1\n")
    small = replace(kit, module="small_kit")
    before = digest_of_kit(small)
    (tmp_path / "small_kit" / "tests").mkdir()
    (tmp_path / "small_kit" / "tests" / "test_it.py").write_text("")
    assert digest_of_kit(small) == before
    source.write_text("KIT = 2\n")
    assert digest_of_kit(small) != before


def test_kits_are_found_by_product_type() -> None:
    assert find("CFP-02").id == "security_chip"
    assert "CFP-02" in {name for each in listing() for name in each.product_types}
    with pytest.raises(NoKit, match="CFP-02"):
        find("CFP-77")


def test_warming_names_what_is_missing(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(NotWarmed):
        warm(tmp_path / "cache")


def test_every_reason_is_in_both_languages(session) -> None:
    names = ("P-01", "P-02", "P-03", "P-program", "P-absent", "P-fail", "P-sleep")
    for judgement in session(*names).judgements.values():
        assert isinstance(judgement.reason, Text)
        assert judgement.reason.zh != judgement.reason.en
