"""A stranger follows the ledger: nodes that fail are told, and what breaks a rule is found whoever signed it."""

from __future__ import annotations

import pytest

from hallmark.kernel import instant
from hallmark.ledger import cosignature
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note
from hallmark.node.monitor.finding import Weight
from node.monitor.published import Log, Node, entries_of, final_over, grave, proof_of
from node.network import eventually, head_over, log_key, pairs_of, signers
from verify.register import state_status


def finished(network, *names):
    size = network.store.tree.size
    eventually(lambda: all(network.nodes[name].published == size for name in names or network.nodes))


def test_where_all_is_well_nothing_is_told(network, market, watch):
    network.append(market.ledger)
    finished(network)
    look = watch().look(network.now)
    assert grave(look) == set()
    assert look.head.checkpoint.size == look.replayed == len(market.ledger)
    assert len(look.head.cosigned) >= 5


def test_a_node_that_does_not_answer_is_missing(network, market, watch):
    network.append(market.ledger)
    finished(network)
    watching = watch()
    network.stop("b")
    assert grave(watching.look(network.now)) == {("no-answer", "b")}


def test_a_node_is_late_when_its_newest_co_signatures_are_too_old(network, market, watch):
    network.append(market.ledger)
    finished(network)
    network.stop("g")
    before = len(market.ledger)
    state_status(market)
    market.pass_time(seconds=300)
    network.append(market.ledger[before:])
    network.start("g")
    finished(network, *"abcdef")
    assert grave(watch().look(network.now)) == set()
    (late,) = grave(watch(late_minutes=5).look(network.now))
    assert late == ("late", "g")


def test_two_heads_that_a_node_kept_are_shown_and_kept(network, market, watch, tmp_path):
    network.append(market.ledger)
    finished(network)
    other = head_over(network, [*entries_of(market)[:-1], b"another"])
    store = network.nodes["c"].store
    with store.transaction():
        store.put_fork(1, len(market.ledger), other.encode())
    look = watch().look(network.now)
    assert grave(look) == {("fork", "c")}
    assert len(proof_of(tmp_path, look, "fork")["notes"]) == 2


def test_a_node_whose_store_was_rolled_back_went_back(network, market, watch, tmp_path):
    network.append(market.ledger[:-1])
    finished(network)
    network.stop("d")
    network.copy("d")
    network.start("d")
    network.wake("d")
    network.append(market.ledger[-1:])
    network.catch_up("d")
    finished(network)
    assert grave(watch().look(network.now)) == set()
    network.stop("d")
    network.roll_back("d")
    network.start("d")
    look = watch().look(network.now)
    assert grave(look) == {("went-back", "d")}
    assert [Checkpoint.parse(note).size for note in map(_text, proof_of(tmp_path, look, "went-back")["notes"])] == [
        len(market.ledger),
        len(market.ledger) - 1,
    ]
    assert grave(watch().look(network.now)) == {("went-back", "d")}  # it is not forgotten


def _text(note):
    return Note.parse(note.encode()).text


def test_a_statement_that_breaks_a_rule_is_found_though_a_quorum_signed(members, market, watch):
    market.clock -= instant.HOUR
    told, _ = market.prepare("time.told", "operator", _operator(market), {"utc_ms": market.clock})
    forged, _ = market.prepare(
        "time.told", "operator", _operator(market), {"utc_ms": market.clock + instant.DAY}, signer=log_key()
    )
    entries = [*entries_of(market), told.encoded, forged.encoded, b"no statement"]
    look = watch(Log(entries, final_over(members, entries))).look(market.clock)
    found = [(each.code, each.entry) for each in look.findings if each.weight is Weight.BROKEN]
    size = len(market.ledger)
    assert found == [
        ("entry-time-not-increasing", size),
        ("entry-bad-signature", size + 1),
        ("entry-not-canonical", size + 2),
    ]


def _operator(market):
    return market.state.get("ledger")["operator"]


def test_a_status_that_nobody_computes_is_found_without_any_disclosure(members, market, watch):
    market.pass_time(seconds=60)
    lie, _ = market.prepare(
        "status.stated", "operator", _operator(market), {"size": 1, "root": bytes(32), "at": market.clock}
    )
    entries = [*entries_of(market), lie.encoded]
    look = watch(Log(entries, final_over(members, entries))).look(market.clock)
    assert [each.code for each in look.findings if each.weight is Weight.BROKEN] == ["entry-status-differs"]


def test_what_only_members_can_see_is_found_with_a_members_store(members, market, watch):
    case = market.evaluated()
    market.review(case)
    decided, disclosures = market.prepare(
        "decision.made",
        "northern",
        case,
        {"case_digest": market.digest(case), "outcome": "grant", "reasons": "-"},
        approvals={"decision_maker": "frank"},  # who reviewed
    )
    ledger = [*market.ledger, (decided.encoded, disclosures)]
    entries = [entry for entry, _ in ledger]
    log = Log(entries, final_over(members, entries))
    patient = {"status_minutes": 10_000}  # it was stated days before
    assert grave(watch(log, **patient).look(market.clock)) == set()
    stored = pairs_of(ledger)

    def held(start, end):
        return iter(stored[start:end])

    look = watch(log, pairs=held, **patient).look(market.clock)
    (found,) = (each for each in look.findings if each.weight is Weight.BROKEN)
    assert found.entry == len(entries) - 1 and "frank" not in found.words.en
    del stored[-4:]
    short = watch(log, pairs=held, memory="short", **patient).look(market.clock)
    assert "store-ends" in {each.code for each in short.findings} and short.replayed == len(entries) - 4
    stored[3] = stored[4]
    other = watch(log, pairs=held, memory="other", **patient).look(market.clock)
    assert ("store-differs", "") in grave(other) and other.replayed == 3


def test_a_status_is_stale_when_it_was_not_stated_for_too_long(members, market, watch):
    entries = entries_of(market)
    log = Log(entries, final_over(members, entries))
    watching = watch(log)
    assert grave(watching.look(market.clock + 90 * instant.MINUTE)) == set()
    assert grave(watching.look(market.clock + 92 * instant.MINUTE)) == {("status-stale", "")}
    never = Log(entries[:-2], final_over(members, entries[:-2]))
    assert grave(watch(never, memory="another").look(market.clock)) == {("status-stale", "")}


@pytest.mark.parametrize(
    ("member", "signed", "expected"),
    [
        ("f", 299, set()),
        ("f", 301, {("clock-apart", "f")}),
        ("f", -299, set()),
        ("f", -301, {("clock-apart", "f")}),
        ("f", 10**9, {("clock-apart", "f")}),
    ],
)
def test_a_member_whose_clock_is_off_is_told_and_makes_nobody_late(members, market, watch, member, signed, expected):
    entries = entries_of(market)
    final = final_over(members, entries)
    checkpoint = Checkpoint.parse(final.text)
    name, at = f"{members.first.ledger}/{member}/mirror", market.clock // 1000 + signed
    final = final.with_signatures([cosignature.sign(checkpoint, name, signers(member).mirror, at)])
    behind = Node("b", entries, final_over(members, entries[:-1]))
    assert grave(watch(Node("a", entries, final), behind).look(market.clock)) == expected
