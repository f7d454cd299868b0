"""The whole way, and what replays of it give."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.rules import admission
from hallmark.rules.state import MemoryState, digest_of
from hallmark.statement import envelope
from world.cast import org, person
from world.market import Market


def test_a_product_travels_from_application_to_certificate(market):
    case, number = market.certified()
    certificate = market.state.get(f"certificate/{number}")
    assert number.startswith("CFP-NORTH-2026-01-000001-")
    assert certificate["body"] == org("northern")
    assert certificate["history"][0]["status"] == "in-force"
    assert market.case(case)["stage"] == "certified"
    assert market.case(case)["evaluators"] == sorted(map(person, ("erin", "ivan", "judy")))


def test_the_second_certificate_has_the_next_number(market):
    _, first = market.certified()
    market.pass_time()
    _, second = market.certified()
    assert (first.split("-")[-2], second.split("-")[-2]) == ("000001", "000002")


def replay(scheme, ledger):
    state = MemoryState({scheme.digest: scheme})
    for encoded, disclosures in ledger:
        state.apply(admission.admit(state, envelope.parse(encoded), disclosures))
    return state


def test_a_replay_of_the_ledger_gives_the_same_state(certified, cfp):
    market, _ = certified
    assert digest_of(replay(cfp, market.ledger)) == digest_of(market.state)


def test_a_batch_gives_the_same_state_as_its_statements_one_by_one(certified, cfp):
    market, _ = certified
    state = MemoryState({cfp.digest: cfp})
    state.apply(admission.admit_batch(state, [(envelope.parse(e), d) for e, d in market.ledger]))
    assert digest_of(state) == digest_of(market.state)


GOLDEN = """
import sys
sys.path.insert(0, sys.argv[1])
from world.market import Market
from hallmark import schemes
from hallmark.rules.state import digest_of
from hallmark.scheme import loader
market = Market(loader.load(schemes.read("cfp")), "CFP-01").open()
market.certified()
print(digest_of(market.state).hex())
"""


def test_two_hash_seeds_replay_to_one_state_digest(certified):
    market, _ = certified
    for seed in ("0", "1"):
        run = subprocess.run(
            [sys.executable, "-c", GOLDEN, str(Path(__file__).parent.parent)],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        )
        assert run.stdout.strip() == digest_of(market.state).hex()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_other_order_of_a_case_is_admitted(certified_ledger, data):
    """Take one statement of the case out of its place: the ledger then refuses it, or a later one."""
    market, opening = certified_ledger
    tail = market.ledger[opening:]
    timeless = [i for i, (encoded, _) in enumerate(tail) if envelope.parse(encoded).draft.kind.name != "time.told"]
    taken = data.draw(st.sampled_from(timeless[:-1]))
    refused = False
    state = MemoryState({market.scheme.digest: market.scheme})
    for encoded, disclosures in market.ledger[:opening] + tail[:taken] + tail[taken + 1 :]:
        try:
            state.apply(admission.admit(state, envelope.parse(encoded), disclosures))
        except Exception as error:  # noqa: BLE001
            assert type(error).__module__.startswith("hallmark."), error
            refused = True
    assert refused


import pytest  # noqa: E402


@pytest.fixture(scope="module")
def certified_ledger(cfp):
    market = Market(cfp, "CFP-01").open()
    opening = len(market.ledger)
    market.certified()
    return market, opening
