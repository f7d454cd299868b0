"""Confidential money through the office: it orders what it cannot read, and keeps nothing of what it says."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Event, Thread
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

sys.path.insert(0, str(Path(__file__).parents[2]))

from hallmark.consortium.sealing import recipients
from hallmark.kernel import identifier
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import SoftwareSigner
from hallmark.node import ceremony, convening
from hallmark.node.client import Peer
from hallmark.node.errors import NotJudged
from hallmark.office.accounts.errors import NotAMember
from hallmark.office.jobs.clock import now
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import check, finality, projection, queries, services
from hallmark.office.registry.errors import GivenUp, NotFinalYet
from hallmark.office.registry.models import Entry, Ordered
from hallmark.rules.confidential import NotSealed, SealedNotAdmitted, SealedWithoutNeed
from hallmark.rules.money import NoNodesToSealTo, NoteSpent
from hallmark.statement import envelope, money, sealing
from node.network import eventually, signers
from office.registry.test_finality import interest
from office.registry.test_finality import network as network
from office.registry.test_finality import unfounded as unfounded

pytestmark = pytest.mark.django_db(transaction=True)

AMOUNT = 0x1234_5678_9ABC
PURSE = SoftwareSigner.from_seed(b"purse".ljust(32))


def currency(seed):
    return identifier.from_seed("CURRENCY", seed.encode())


def founding(office, **claims):
    return {
        "name": {"zh": "保密元", "en": "Quiet yuan"},
        "unit": "CNY",
        "decimals": 2,
        "issuer": office.bank,
        "institutions": [],
        "limits": {"note": 2**52, "supply": 2**53},
        "basis": "test",
        **claims,
    }


def found(office, which="quiet", **claims):
    services.append([services.issue("currency.founded", office.bank, currency(which), founding(office, **claims))])


def holder(signer=PURSE):
    return {"algorithm": signer.public.algorithm, "material": signer.public.material}


def composed(office, kind, claims, which="quiet"):
    """Return a statement as a client composes it, with its disclosures and its draft."""
    draft, hidden = envelope.compose(
        kind,
        environment=services.environment(),
        issuer=office.bank,
        subject=currency(which),
        issued_at=now() // 1000,
        claims=claims,
        salt=services.salt,
    )
    return envelope.sign(draft, (), keys().get_signer(office.bank)), hidden, draft


def sealed(network, signed, hidden):
    members = recipients([peer.sealing().encode() for peer in network.peers()], *network.epoch)
    return signed, sealing.seal(hidden, envelope.parse(signed).digest, members, os.urandom(sealing.KEY_SIZE))


def transfer(office, note, *amounts, which="quiet"):
    made = [{"amount": amount, "holder": holder()} for amount in amounts]
    claims = {"inputs": [note], "until": now() + 60_000, "outputs": made, "count": len(made)}
    order = money.order_digest(services.environment(), "money.transferred", office.bank, currency(which), claims)
    claims["signatures"] = [money.sign_order(order, PURSE)]
    return composed(office, "money.transferred", claims, which)


@pytest.fixture
def paying(office, network):
    """A confidential currency in which a purse holds a note, issued by an account of the bank's."""
    found(office, confidential=True)
    claims = {"outputs": [{"amount": AMOUNT, "holder": holder()}], "count": 1}
    signed, hidden, draft = composed(office, "money.issued", claims)
    index = services.submit_sealed(office.actors["bea"], *sealed(network, signed, hidden))
    note = money.note_id(draft.approval_digest, 0)
    return SimpleNamespace(index=index, note=note, key=f"note/{note.hex()}")


def pay(office, network, paying, *amounts):
    signed, hidden, _ = transfer(office, paying.note, *(amounts or (AMOUNT,)))
    return services.submit_sealed(office.actors["bea"], *sealed(network, signed, hidden))


def caught_up(network):
    eventually(lambda: {node.state.tree.size for node in network.nodes.values()} == {queries.size()})


def test_what_the_office_cannot_read_becomes_final_by_the_nodes_rules(office, network, paying):
    index = pay(office, network, paying, AMOUNT - 5, 5)
    assert queries.size() == index + 1 and not Ordered.objects.exists()
    caught_up(network)
    for node in network.nodes.values():
        notes = [record for _, record in node.state_at(index + 1).scan("note/")]
        assert sorted(note["amount"] for note in notes) == [5, AMOUNT - 5, AMOUNT]
    assert check.replay().entries == index + 1
    assert projection.rebuild() == index + 1


def test_the_office_keeps_that_it_was_admitted_and_what_strangers_see(office, network, paying):
    assert queries.record(paying.key) == {"currency": currency("quiet")}
    assert {*queries.claims(queries.entry(paying.index))} == {"count"}


def test_nothing_of_it_is_readable_in_the_database_or_in_the_published_files(
    office,
    network,
    paying,
    settings,
):
    pay(office, network, paying, AMOUNT - 5, 5)
    secrets = {
        "amount": AMOUNT.to_bytes(6),
        "digits": str(AMOUNT).encode(),
        "holder": PURSE.public.material,
        "holder in digits": PURSE.public.material.hex().encode(),
    }
    held = b"\0".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        for model in apps.get_models()
        for row in model._default_manager.values_list()
        for value in row
    )
    files = b"\0".join(path.read_bytes() for path in Path(settings.HALLMARK_LOG).rglob("*") if path.is_file())
    assert paying.note in held and paying.note in files
    assert not {name for name, secret in secrets.items() if secret in held + files}


def test_what_is_confidential_is_not_taken_in_the_clear_and_nothing_else_sealed(office, network, paying):
    signed, hidden, _ = transfer(office, paying.note, AMOUNT)
    with pytest.raises(NotSealed):
        services.append([(signed, hidden)])
    found(office, "open")
    claims = {"outputs": [{"amount": AMOUNT, "holder": holder()}], "count": 1}
    signed, hidden, _ = composed(office, "money.issued", claims, "open")
    with pytest.raises(SealedWithoutNeed):
        services.submit_sealed(office.actors["bea"], *sealed(network, signed, hidden))
    services.append([(signed, hidden)])


def test_who_does_not_act_for_the_bank_hands_in_nothing_of_the_banks(office, network, paying):
    signed, hidden, _ = transfer(office, paying.note, AMOUNT)
    with pytest.raises(NotAMember):
        services.submit_sealed(office.actors["dora"], *sealed(network, signed, hidden))


def test_one_operator_alone_has_no_confidential_currency(office):
    with pytest.raises(NoNodesToSealTo):
        found(office, confidential=True)


@pytest.mark.parametrize("amounts", [(AMOUNT + 1,), (AMOUNT - 1,)])
def test_what_the_nodes_rules_forbid_is_not_ordered(office, network, paying, amounts):
    size = queries.size()
    with pytest.raises(SealedNotAdmitted, match="not-conserved"):
        pay(office, network, paying, *amounts)
    assert queries.size() == size and not Ordered.objects.exists()
    pay(office, network, paying)


def test_a_double_spend_is_seen_by_the_office_itself(office, network, paying):
    pay(office, network, paying)
    with pytest.raises(NoteSpent):
        pay(office, network, paying, AMOUNT - 1, 1)


def paying_thread(office, network, paying, outcomes):
    """Return a thread that pays the note and adds to `outcomes` what came of it, entries or the code of an error."""

    def submit():
        try:
            outcomes.append(pay(office, network, paying))
        except HallmarkError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    return Thread(target=submit)


def test_of_payments_that_come_together_each_note_pays_once_and_the_ledger_goes_on(office, network, paying):
    outcomes = []
    threads = [paying_thread(office, network, paying, outcomes) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes))[1:] == ["note-spent"] * 3
    assert not Ordered.objects.exists()
    services.append([interest(office)])


def test_without_a_quorum_nothing_sealed_is_ordered_and_the_rest_waits_as_ever(office, network, paying):
    caught_up(network)
    signed, hidden, _ = transfer(office, paying.note, AMOUNT)
    payment = sealed(network, signed, hidden)
    network.stop(office.bank, office.northern)
    with pytest.raises(NotJudged):
        services.submit_sealed(office.actors["bea"], *payment)
    assert not Ordered.objects.exists()
    for name in (office.bank, office.northern):
        network.start(name)
    network.wake(office.bank, office.northern)
    services.submit_sealed(office.actors["bea"], *payment)


def test_while_nodes_judge_a_payment_others_go_on(office, network, paying, monkeypatch):
    asked, go, outcomes = Event(), Event(), []
    judge = Peer.judge

    def late(peer, message):
        asked.set()
        go.wait(20)
        return judge(peer, message)

    monkeypatch.setattr(Peer, "judge", late)
    thread = paying_thread(office, network, paying, outcomes)
    thread.start()
    asked.wait()
    (index,) = services.append([interest(office)])
    go.set()
    thread.join()
    assert outcomes == [index + 2]
    assert check.replay().entries == index + 3


def test_a_payment_that_others_overtake_again_and_again_is_judged_in_its_turn(office, network, paying, monkeypatch):
    asked, judge = [], finality.judge

    def overtaken(question, patience):
        asked.append((question, patience))
        if patience == finality.PATIENCE_TO_JUDGE:
            services.append([interest(office, 2030 + len(asked))])
        judge(question, patience)

    monkeypatch.setattr(finality, "judge", overtaken)
    index = pay(office, network, paying)
    assert [patience for _, patience in asked] == [5, 5, 5, 1]
    judged, _ = asked[-1]
    ordered = [bytes(entry) for entry in Entry.objects.order_by("index").values_list("encoded", flat=True)]
    assert [entry for entry, _ in judged.pairs[-2:]] == ordered[-2:] and len(ordered) == judged.tree.size == index + 1


def test_a_payment_that_another_overtook_by_spending_its_note_is_refused(office, network, paying, monkeypatch):
    judge = finality.judge

    def overtaken(question, patience):
        monkeypatch.setattr(finality, "judge", judge)
        pay(office, network, paying, AMOUNT - 1, 1)
        judge(question, patience)

    monkeypatch.setattr(finality, "judge", overtaken)
    with pytest.raises(NoteSpent):
        pay(office, network, paying)


def test_an_office_that_orders_what_is_not_admissible_halts_itself_and_makes_nothing_final(
    office,
    network,
    paying,
    monkeypatch,
):
    size, published = queries.size(), queries.checkpoint().text
    caught_up(network)
    with monkeypatch.context() as lying:
        lying.setattr(finality, "judge", lambda *_: None)
        lying.setattr(finality, "_PATIENCE", 1)
        with pytest.raises(NotFinalYet, match="sealed-not-admitted"):
            pay(office, network, paying, AMOUNT + 1)
        with pytest.raises(NotFinalYet):
            services.append([interest(office)])
    assert (queries.size(), queries.checkpoint().text) == (size, published)
    assert {node.state.tree.size for node in network.nodes.values()} == {size}
    calls = {
        name: signers(name).witness.sign(ceremony.call_message(network.epoch[0], 1)) for name in [*network.names][:2]
    }
    convening.convene(network.peers(), network.epoch, 1, calls, patience=10)
    with pytest.raises(GivenUp):
        services.append([interest(office, 2031)])
    assert Entry.objects.filter(index__gte=size).values_list("kind", flat=True)[1] == "epoch.started"
    services.append([interest(office, 2032)])


def test_a_process_that_ordered_what_is_sealed_and_died_left_it_for_the_next(
    office,
    network,
    paying,
    monkeypatch,
):
    with monkeypatch.context() as patched:
        patched.setattr(finality, "settle", lambda *_: None)
        lost = pay(office, network, paying)
    services.append([interest(office)])
    assert Entry.objects.get(pk=lost).kind == "money.transferred"
    assert "spent_by" in queries.record(paying.key)
    assert check.replay().entries == queries.size()
