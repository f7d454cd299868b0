"""Items that wait for a device, and the record of scanned payment codes."""

from __future__ import annotations

import json

import pytest

from hallmark.lab.kit import Verdict
from hallmark.lab.kits.client_software import KIT, device
from hallmark.lab.kits.client_software.tests import builder

LIMITS = {"refresh_s_max": 60}
GOOD = [[second * 1000, f"code {second // 50}"] for second in range(0, 300, 10)]


def judged(folder, readings):
    data = readings if isinstance(readings, bytes) else json.dumps(readings).encode()
    return device.decide_codes(builder.observe(folder, device.measure, data, "codes"), LIMITS)


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [
        (GOOD, Verdict.PASS),
        ([*GOOD, [310_000, "code 0"]], Verdict.FAIL),
        ([[0, "a"], [61_000, "a"], [90_000, "b"]], Verdict.FAIL),
        ([[0, "a"], [60_000, "a"], [61_000, "b"]], Verdict.PASS),
        ([[0, "a"], [30_000, "b"]], Verdict.INCONCLUSIVE),
        ([[10, "a"], [0, "b"]], Verdict.INCONCLUSIVE),
        ([], Verdict.INCONCLUSIVE),
        ([["0", "a"]], Verdict.INCONCLUSIVE),
        ([[True, "a"]], Verdict.INCONCLUSIVE),
        (b"[" * 100_000, Verdict.INCONCLUSIVE),
    ],
    ids=builder.label,
)
def test_payment_codes_are_replaced_in_time_and_never_return(tmp_path, readings, verdict):
    assert judged(tmp_path, readings).verdict is verdict


def test_without_a_record_nothing_is_run(tmp_path):
    seen = builder.observe(tmp_path, device.measure, None, "codes")
    assert device.decide_codes(seen, LIMITS).verdict is Verdict.NOT_RUN


@pytest.mark.parametrize("name", ["CLI-12", "CLI-13", "CLI-15", "CLI-16"], ids=builder.label)
def test_items_for_a_device_say_what_is_to_be_done(tmp_path, name):
    seen = builder.observe(tmp_path, device.measure, None, "codes")
    judgement = next(item for item in KIT.items if item.id == name).decide(seen, {})
    assert judgement.verdict is Verdict.NOT_RUN
    assert judgement.reason.en.startswith("Needs a device: ")
