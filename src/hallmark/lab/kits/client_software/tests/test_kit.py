"""The kit as a whole: its self-check, its items, the reference payment app, and a hostile package in the sandbox."""

from __future__ import annotations

import json

import pytest

from hallmark.lab import runner, sample
from hallmark.lab.isolation import isolation_here
from hallmark.lab.kit import KnownAnswer, Verdict
from hallmark.lab.kits.client_software import KIT, check, native, secrets
from hallmark.lab.kits.client_software.tests import builder
from hallmark.lab.kits.client_software.tests.conftest import ROOT

APP = ROOT / "demo" / "app"
DEVICE = {"CLI-12", "CLI-13", "CLI-14", "CLI-15", "CLI-16", "CLI-19"}
LIMITS = {
    "CLI-01": {"newer_scheme_from": 24},
    "CLI-02": {"rsa_bits": 2048, "ec_bits": 256, "refused_digests": ["MD5", "SHA-1"]},
    "CLI-09": {"entropy_bits": "3.5"},
}


def examined(path, declaration=None):
    taken = sample.take({"apk": [path]}, KIT.roles, product="CFP-01", declaration=declaration)
    return runner.run(KIT, taken, seed=bytes(32), at=builder.NOW, limits=LIMITS, workers=2)


def test_the_self_check_gives_the_known_answers():
    answers = KIT.self_check()
    assert [answer for answer in answers if answer.expected != answer.seen] == []
    assert len(answers) == 7


def test_the_self_check_notices_a_reader_gone_blind(monkeypatch):
    monkeypatch.setattr(secrets, "SHAPES", ())
    wrong = [answer for answer in check.self_check() if answer.expected != answer.seen]
    assert wrong == [KnownAnswer("planted private key", "private key", "None")]


def test_every_item_of_the_research_is_there_once():
    names = [item.id for item in KIT.items]
    assert names == [f"CLI-{number:02}" for number in range(1, 24)]
    assert {item.measurement for item in KIT.items} == {measurement.name for measurement in KIT.measurements}


@pytest.mark.parametrize("item", [item for item in KIT.items if item.measurement != "device"], ids=lambda item: item.id)
def test_without_its_package_an_item_does_not_run_or_does_not_apply(tmp_path, item):
    measure = next(each.run for each in KIT.measurements if each.name == item.measurement)
    role = "ipa" if item.measurement == "ios" else "apk"
    seen = builder.observe(tmp_path, measure, None, role)
    assert item.decide(seen, {}).verdict is Verdict.NOT_RUN
    seen = builder.observe(tmp_path, measure, b"", "codes")
    assert item.decide(seen, {}).verdict is Verdict.NOT_APPLICABLE
    seen = builder.observe(tmp_path, measure, b"", "codes", platforms=[role])
    assert item.decide(seen, {}).verdict is Verdict.NOT_RUN


def test_the_reference_payment_app_passes_every_automatic_item(verifier):
    packages = sorted(APP.glob("*.apk"))
    if not packages:
        pytest.skip("the reference payment app is not built")
    record = examined(packages[-1], json.loads((APP / "declaration.json").read_text("utf-8")))
    verdicts = {name: judgement.verdict for name, judgement in record.judgements.items() if name not in DEVICE}
    assert set(verdicts.values()) <= {Verdict.PASS, Verdict.NOT_APPLICABLE}
    assert [name for name, verdict in verdicts.items() if verdict is Verdict.NOT_APPLICABLE] == [
        "CLI-10",
        "CLI-11",
        "CLI-18",
        "CLI-22",
        "CLI-23",
    ]


def test_a_hostile_package_goes_through_the_sandbox_and_fails(tmp_path, verifier):
    path = tmp_path / "bad.apk"
    path.write_bytes(check.bad_package())
    verdicts = {name: judgement.verdict for name, judgement in examined(path).judgements.items()}
    failed = {name for name, verdict in verdicts.items() if verdict is Verdict.FAIL}
    assert failed == {"CLI-01", "CLI-03", "CLI-04", "CLI-08", "CLI-09", "CLI-20"}
    assert Verdict.ERROR not in verdicts.values()
    assert isolation_here()


def test_a_measurement_that_breaks_off_never_counts_against_the_product(tmp_path, monkeypatch):
    def broken(_data):
        raise MemoryError

    monkeypatch.setattr(native, "_protections", broken)
    with pytest.raises(MemoryError):
        builder.observe(tmp_path, native.measure, builder.package(files={"lib/x.so": builder.library()}))
