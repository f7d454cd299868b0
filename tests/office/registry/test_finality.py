"""A consortium keeps the ledger: what is so on the server is what a quorum of nodes made final."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

import pytest
from django.db import connection

sys.path.insert(0, str(Path(__file__).parents[2]))

from hallmark.consortium import finality as consortium
from hallmark.consortium.constitution import Constitution, ProposalKind
from hallmark.consortium.governance import Proposal
from hallmark.kernel import instant
from hallmark.kernel.errors import HallmarkError
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.node import ceremony, convening, node, protocol, quorum
from hallmark.node.errors import EntriesLost
from hallmark.office.jobs.clock import now
from hallmark.office.jobs.models import Deadline
from hallmark.office.jobs.worker import work
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import check, enrolment, finality, hosted, projection, queries, sequencer, services
from hallmark.office.registry.errors import DraftSubmitted, GivenUp, KeyElsewhere, NotFinalYet, TooMuchWaits
from hallmark.office.registry.models import Entry, Ordered
from hallmark.office.registry.state import DatabaseState, held_schemes
from hallmark.rules import consortium as rules
from hallmark.rules.admission import AdmittedBefore
from hallmark.server.work import HANDLERS
from hallmark.statement import envelope
from hallmark.verify import chain
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.register import verify_extract
from node.network import Network, founded, seat, signers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def unfounded(office, settings, tmp_path):
    """Four nodes, of the operator, the bank, the body and the laboratory."""
    operator = queries.record("ledger")["operator"]
    names = (operator, office.bank, office.northern, office.meridian)
    log_key = keys().get_signer(sequencer.LOG_KEY).public
    ledger = f"hallmark/{settings.HALLMARK_ENVIRONMENT}"
    first = Constitution(ledger, tuple(map(seat, names)), log_key, bytes(32), (b"c" * 32,), 1, development=True)
    folder = tmp_path / "nodes"
    folder.mkdir()
    settings.HALLMARK_NODES = folder
    with Network(folder, next(iter(held_schemes().values())), names, first=first, clock=now) as network:
        peers = "".join(f"{name} http://127.0.0.1:{port}\n" for name, port in network.ports.items())
        (folder / "peers").write_text(peers)
        network.wake()
        yield network
        finality.forget_nodes()


@pytest.fixture
def network(unfounded):
    """These nodes, when they founded their consortium."""
    enrolment.found_consortium(founded(unfounded.first))
    return unfounded


def interest(office, year=2030):
    claims = {"interest_in": office.jade, "nature": "other", "from": "2026-01-01", "until": f"{year}-01-01"}
    return services.issue("interest.declared", office.northern, office.northern, claims)


def go_on(network, elapsed, monkeypatch):
    """Let time pass, for the office and its nodes."""

    def later():
        return now() + elapsed

    for each in network.nodes.values():
        each.setting = replace(each.setting, clock=later)
    for module in (sequencer, finality, hosted):
        monkeypatch.setattr(module, "wall_clock", later)


def begin_epoch(network):
    message = ceremony.call_message(network.epoch[0], 1)
    calls = {name: signers(name).witness.sign(message) for name in network.names[:2]}
    return convening.convene(network.peers(), network.epoch, 1, calls, patience=10)


def test_what_was_there_before_the_consortium_and_its_founding_come_under_its_quorum(office, network):
    note = queries.checkpoint()
    endorsement = TrustBundle.parse(queries.trust_bundle()).policy.verify(note)
    assert endorsement.checkpoint.size == Entry.objects.count() == Checkpoint.parse(note.text).size
    assert len(endorsement.cosigned) >= network.first.quorum
    consortium.check_final(note, *network.epoch, archive=True)
    assert {node.state.tree.size for node in network.nodes.values()} >= {Entry.objects.count()}


def test_a_ledger_longer_than_nodes_take_at_once_comes_under_their_quorum(office, unfounded, monkeypatch):
    for year in range(2031, 2090):
        services.append([interest(office, year)])
    for module in (node, quorum):
        monkeypatch.setattr(module, "MAX_PENDING", 25_000)
    monkeypatch.setattr(protocol, "CHUNK_SIZE", 2_000)
    go_on(unfounded, 90 * instant.SECOND, monkeypatch)
    enrolment.found_consortium(founded(unfounded.first))
    assert not Ordered.objects.exists()
    assert TrustBundle.parse(queries.trust_bundle()).policy.verify(queries.checkpoint()).checkpoint.size > 120


def test_a_statement_is_so_when_it_is_final(office, network):
    (index,) = services.append([interest(office)])
    assert not services.append([])
    assert queries.size() == index + 1 and not Ordered.objects.exists()
    assert Checkpoint.parse(queries.checkpoint().text).size == index + 1
    assert check.replay().entries == index + 1


def test_without_a_quorum_nothing_is_so_and_nothing_is_lost(office, network, monkeypatch):
    before = queries.size(), queries.checkpoint().text
    network.stop(office.bank, office.northern)
    with monkeypatch.context() as patched:
        patched.setattr(finality, "_PATIENCE", 0.5)
        with pytest.raises(NotFinalYet, match="entry") as refused:
            services.append([interest(office)])
    assert (queries.size(), queries.checkpoint().text) == before
    assert Ordered.objects.count() == 2  # the time, and the statement
    assert Deadline.objects.filter(kind=finality.OFFERED, done=False).exists()
    for name in (office.bank, office.northern):
        network.start(name)
    network.wake(office.bank, office.northern)
    finality.offer()
    assert queries.size() == refused.value.facts["index"] + 1 and not Ordered.objects.exists()


def test_what_a_process_ordered_before_it_died_goes_with_the_next_statement(office, network, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(finality, "settle", lambda *_: None)
        (lost,) = services.append([interest(office, 2031)])
    (index,) = services.append([interest(office, 2032)])
    assert Entry.objects.get(pk=lost).kind == "interest.declared" and index == lost + 2
    assert check.replay().entries == index + 1


def test_what_a_process_ordered_before_it_died_is_offered_by_a_worker(office, network, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(finality, "settle", lambda *_: None)
        (lost,) = services.append([interest(office, 2031)])
    assert Deadline.objects.filter(kind=finality.OFFERED, done=False).exists()
    work("test", HANDLERS, lambda: now() + instant.MINUTE, until_idle=True)
    assert Entry.objects.get(pk=lost).kind == "interest.declared" and not Ordered.objects.exists()
    assert not Deadline.objects.filter(kind=finality.OFFERED, done=False).exists()


def test_what_another_process_made_final_meanwhile_is_not_taken_for_lost(office, network):
    services.append([interest(office, 2031)])
    before = finality._offered()
    services.append([interest(office, 2032)])
    quorum = finality._quorum(*before.epoch)
    quorum.compare(before, finality._offered)
    with pytest.raises(EntriesLost):
        quorum.compare(before, lambda: before)


def test_a_statement_that_is_sent_again_keeps_its_place_and_is_not_called_entered_before_it_is(
    office, network, monkeypatch
):
    statement = interest(office)
    network.stop(office.bank, office.northern)
    with monkeypatch.context() as patched:
        patched.setattr(finality, "_PATIENCE", 0.5)
        for _ in range(2):
            with pytest.raises(NotFinalYet) as refused:
                services.append([statement])
    assert Ordered.objects.count() == 2
    for name in (office.bank, office.northern):
        network.start(name)
    network.wake(office.bank, office.northern)
    assert services.append([statement])[0] == refused.value.facts["index"] == queries.size() - 1
    with pytest.raises(AdmittedBefore):
        services.append([statement])


def test_a_draft_that_waits_is_not_called_entered(office, network, monkeypatch):
    claims = {"interest_in": office.jade, "nature": "other", "from": "2026-01-01", "until": "2030-01-01"}
    draft = services.prepare(office.actors["dora"], "interest.declared", office.northern, office.northern, claims)
    with monkeypatch.context() as patched:
        patched.setattr(finality, "settle", lambda *_: None)
        index = services.submit(office.actors["dora"], draft.id)
    with pytest.raises(NotFinalYet, match=f"entry {index}"):
        services.submit(office.actors["dora"], draft.id)
    finality.offer()
    with pytest.raises(DraftSubmitted):
        services.submit(office.actors["dora"], draft.id)


def test_a_head_that_another_process_overtook_is_no_failure(office, network, monkeypatch):
    first = interest(office, 2031)
    with monkeypatch.context() as patched:
        patched.setattr(finality, "settle", lambda *_: None)
        services.append([first])
    overtaken = finality._offered()
    services.append([interest(office, 2032)])
    seen = [overtaken]
    offered = finality._offered
    monkeypatch.setattr(finality, "_offered", lambda: seen.pop() if seen else offered())
    finality.settle(overtaken.tree.size, envelope.parse(first[0]).digest)
    assert not seen


def test_what_waited_until_its_time_was_past_becomes_final_with_the_time_told_anew(office, network, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(finality, "settle", lambda *_: None)
        (index,) = services.append([interest(office, 2031)])

    go_on(network, 40 * instant.SECOND, monkeypatch)
    monkeypatch.setattr(finality, "_PATIENCE", 1)
    finality.offer()
    kinds = Entry.objects.filter(index__gte=index).order_by("index").values_list("kind", flat=True)
    assert [*kinds] == ["interest.declared", "time.told"] and not Ordered.objects.exists()


def test_no_more_waits_than_the_nodes_take_at_once(office, network, monkeypatch):
    for module, name, most in ((node, "MAX_PENDING", 20_000), (quorum, "MAX_PENDING", 20_000)):
        monkeypatch.setattr(module, name, most)
    monkeypatch.setattr(sequencer, "_MOST_WAITING", 18_000, raising=False)

    def go_on():
        for year in range(2031, 2099):
            services.append([interest(office, year)])

    with monkeypatch.context() as patched:
        patched.setattr(finality, "settle", lambda *_: None)
        with pytest.raises(TooMuchWaits, match="18000"):
            go_on()
    assert Ordered.objects.count() > 10
    sequencer.tell_time()
    finality.offer()
    assert not Ordered.objects.exists()
    services.append([interest(office, 2030)])


def test_while_heads_fail_one_thread_waits_for_the_nodes_and_others_are_told_at_once(office, network, monkeypatch):
    network.stop(office.bank, office.northern)
    monkeypatch.setattr(finality, "_PATIENCE", 0.5)
    with pytest.raises(NotFinalYet):
        services.append([interest(office, 2031)])
    with finality._carrying, pytest.raises(NotFinalYet, match="not-reached"):
        services.append([interest(office, 2032)])
    for name in (office.bank, office.northern):
        network.start(name)
    network.wake(office.bank, office.northern)
    services.append([interest(office, 2033)])
    assert not Ordered.objects.exists()


def test_statements_that_come_together_become_final_together(office, network):
    failures = []

    def submit(year):
        try:
            services.append([interest(office, year)])
        except HallmarkError as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [Thread(target=partial(submit, 2040 + number)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and not Ordered.objects.exists()
    assert check.replay().entries == Entry.objects.count()


def test_the_server_enters_the_epoch_that_the_members_began_and_gives_up_what_is_not_in_it(
    office, network, monkeypatch
):
    size, trusted = queries.size(), TrustBundle.parse(queries.trust_bundle())
    with monkeypatch.context() as patched:
        patched.setattr(finality, "settle", lambda *_: None)
        services.append([interest(office, 2033)])  # ordered, and shown to nobody
    start = begin_epoch(network)
    given_up = interest(office, 2034)
    with pytest.raises(GivenUp):
        services.append([given_up])
    assert queries.record("consortium")["epoch"][0] == 2 == start.ballot.record.epoch
    assert [row.kind for row in Entry.objects.filter(index__gte=size).order_by("index")] == [
        "time.told",
        "epoch.started",
    ]
    services.append([given_up])
    followed, epochs = chain.follow(trusted, queries.policy_chain())
    assert (epochs, followed) == (1, queries.trust_bundle())
    TrustBundle.parse(followed).policy.verify(queries.checkpoint())
    assert check.replay().entries == queries.size()


def test_what_was_ordered_in_a_new_epoch_stays_when_another_process_learns_of_that_epoch(office, network, monkeypatch):
    before = finality._offered().epoch
    begin_epoch(network)
    assert finality._enter_epochs(*before)
    with monkeypatch.context() as patched:
        patched.setattr(finality, "settle", lambda *_: None)
        services.append([interest(office, 2035)])
    waiting = [*Ordered.objects.values_list("index", "encoded")]
    assert finality._enter_epochs(*before)
    assert [*Ordered.objects.values_list("index", "encoded")] == waiting
    finality.offer()
    assert not any(peer.forks() for peer in network.peers())
    assert check.replay().entries == waiting[-1][0] + 1


def test_that_there_is_no_certificate_of_a_number_is_proven_under_the_quorum(office, network):
    services.state_status()
    bundle = TrustBundle.parse(queries.trust_bundle())
    absent = verify_extract(queries.absence("CFP-NORTH-2026-01-000001-6"), bundle, now())
    assert absent.fresh and len(absent.vouched_by) >= network.first.quorum
    assert verify_extract(queries.snapshot(), bundle, now()).readings == {}


def test_the_projections_follow_what_is_final_as_if_made_again(office, network):
    services.append([interest(office, 2035)])
    assert projection.rebuild() == queries.size()


def test_where_the_operator_s_key_is_elsewhere_a_member_keeps_the_ledger(office, network, monkeypatch):
    operator, *others = network.names
    signer_of = hosted.signer_of

    def elsewhere(organisation):
        if organisation == operator:
            raise KeyElsewhere(organisation=organisation)
        return signer_of(organisation)

    monkeypatch.setattr(hosted, "signer_of", elsewhere)
    services.append([interest(office, 2036)])
    services.state_status()
    begin_epoch(network)
    with pytest.raises(GivenUp):
        services.append([interest(office, 2037)])
    services.append([interest(office, 2037)])
    assert rules.epoch_of(DatabaseState()).epoch == 2
    rows = Entry.objects.filter(kind__in=("time.told", "status.stated", "epoch.started")).order_by("-index")
    assert rows.first().issuer == min(others)
    monkeypatch.setattr(hosted, "signer_of", lambda _organisation: elsewhere(operator))
    with pytest.raises(KeyElsewhere):
        services.append([interest(office, 2038)])


def test_members_give_the_log_another_key(office, network):
    made = enrolment.make_log_key()
    operator, *others = network.names
    about = rules.constitution_of(DatabaseState()).digest
    claims = {"about": about, "kind": "sequencer", "digest": made.material, "reason": "the other is old"}
    services.append([services.issue("proposal.made", operator, operator, claims)])
    proposal = Proposal(about, ProposalKind.SEQUENCER, digest=made.material).id
    vote = {"proposal": proposal, "favour": True}
    services.append([services.issue("vote.cast", name, name, vote) for name in (operator, *others[:2])])
    agreed = rules.successor(DatabaseState())
    assert agreed.sequencer == made
    trusted = TrustBundle.parse(queries.trust_bundle())
    begin_epoch(network)
    with pytest.raises(GivenUp):
        services.append([interest(office, 2036)])
    services.append([interest(office, 2036)])
    followed, _ = chain.follow(trusted, queries.policy_chain())
    endorsement = TrustBundle.parse(followed).policy.verify(queries.checkpoint())
    assert [key.key for key in endorsement.logs] == [made]
    assert check.replay().entries == queries.size()
