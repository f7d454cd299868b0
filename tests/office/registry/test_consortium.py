"""Who keeps the ledger, as anyone may read it: members, evidence, co-signatures, epochs, votes, forks."""

from __future__ import annotations

import sys
from pathlib import Path
from time import monotonic

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from hallmark.kernel import instant
from hallmark.ledger import cosignature
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.note import Note, sign
from hallmark.office.jobs.clock import now
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import consortium, nodes, queries, sequencer, services
from hallmark.rules import consortium as rules
from hallmark.verify.bundle import Attested, TrustBundle
from node.network import eventually, seat, signers
from office.registry.test_finality import interest
from office.registry.test_finality import network as network
from office.registry.test_finality import unfounded as unfounded
from world.consortium import spelled

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _heard_anew(monkeypatch):
    """Nothing is remembered of other tests' nodes, or kept."""
    monkeypatch.setattr(nodes, "_listener", nodes._Listener())
    monkeypatch.setattr(nodes, "_KEPT_MS", -1)


def member(name):
    (found,) = (each for each in consortium.find().members if each.id == name)
    return found


def say(issuer, kind, claims):
    return services.append([services.issue(kind, issuer, issuer, claims)])[-1]


def appraise(by, request, evidence, *, accepted=True):
    claims = {
        "presented": request,
        "evidence": evidence["sha256"],
        "policy": bytes(32),
        "accepted": accepted,
        "code": "affirming" if accepted else "debug-mode",
        "reason": "-",
        "until": now() + instant.DAY,
    }
    return say(by, "node.appraised", claims)


def test_one_operators_ledger_has_no_consortium(office):
    assert consortium.find() is None


def test_members_are_organisations_with_their_keys_and_no_evidence_is_made_up(office, network):
    found = consortium.find()
    assert {each.id for each in found.members} == set(network.names)
    assert (found.quorum, found.faults, found.rules, found.development) == (3, 1, 1, True)
    assert found.code == (b"c" * 32,)
    body = member(office.northern)
    assert (body.name.en, body.role, body.family) == ("Northern", "body", f"family-{office.northern}")
    assert body.keys["archive"] == seat(office.northern).archive.id
    assert not any(each.evidence for each in found.members)


def test_a_member_is_told_by_when_it_co_signed_and_how_far_its_node_is(office, network):
    eventually(lambda: all(each.node.standing == "level" for each in consortium.find().members))
    signed = [each.signed_at for each in consortium.find().members if each.signed_at]
    assert len(signed) >= network.first.quorum and all(now() - at < instant.MINUTE for at in signed)
    network.stop(office.bank)
    services.append([interest(office, 2050)])
    assert member(office.bank).node.standing == "silent"
    assert "Connection refused" in member(office.bank).node.why.en
    network.start(office.bank)
    behind = member(office.bank).node
    assert (behind.standing, behind.behind) == ("behind", 2)


def test_a_node_that_hangs_keeps_nobody_waiting(office, network, monkeypatch):
    monkeypatch.setattr(nodes, "_PATIENCE", 0.1)
    held = network.nodes[office.bank].store.lock
    with held:
        begun = monotonic()
        first, again = member(office.bank).node, member(office.bank).node
        assert monotonic() - begun < 1
    assert first.standing == again.standing == "silent"


def test_a_node_that_publishes_another_history_is_shown_so(office, network, monkeypatch):
    head = Checkpoint.parse(queries.checkpoint().text)
    other = Checkpoint(head.origin, head.size, bytes(32))
    cosigned = [
        cosignature.sign(other, f"{network.first.ledger}/{name}/mirror", signers(name).mirror, now() // 1000)
        for name in network.names
    ]
    log_key = sign(other.text, other.origin, keys().get_signer(sequencer.LOG_KEY))
    lie = Note(other.text, (log_key, *cosigned))
    monkeypatch.setattr(nodes, "listen", lambda: {office.bank: nodes.Heard(now(), lie)})
    assert member(office.bank).node.standing == "differs"
    unsigned = Note(other.text, (log_key,))
    monkeypatch.setattr(nodes, "listen", lambda: {office.bank: nodes.Heard(now(), unsigned)})
    assert member(office.bank).node.standing == "unverified"
    assert member(office.northern).node is None


@pytest.mark.parametrize("text", ["no checkpoint\n", "origin\n-1\nroot\n"])
def test_a_node_that_publishes_what_is_no_checkpoint_is_shown_so(office, network, monkeypatch, text):
    note = Note(text, (sign(text, "log.example", signers("x").witness),))
    monkeypatch.setattr(nodes, "listen", lambda: {office.bank: nodes.Heard(now(), note)})
    published = member(office.bank).node
    assert (published.standing, published.size) == ("unverified", None)
    assert "not a checkpoint" in published.why.en


def test_a_member_whose_clock_is_ahead_is_not_said_to_have_co_signed_in_the_future(office, network, monkeypatch):
    head = Checkpoint.parse(queries.checkpoint().text)
    cosigned = [
        cosignature.sign(head, f"{network.first.ledger}/{name}/mirror", signers(name).mirror, cosignature.MAX_TIMESTAMP)
        for name in network.names
    ]
    log_key = sign(head.text, head.origin, keys().get_signer(sequencer.LOG_KEY))
    note = Note(head.text, (log_key, *cosigned))
    monkeypatch.setattr(nodes, "listen", lambda: {office.bank: nodes.Heard(now(), note)})
    assert abs(member(office.northern).signed_at - now()) < instant.MINUTE


def test_evidence_is_shown_with_who_accepted_it(office, network):
    evidence = {"title": "quote", "sha256": b"e" * 32, "size": 9, "address": b"a" * 32}
    own = spelled(seat(office.northern))
    claims = {"seat": own, "epoch": 1, "nonce": bytes(32), "size": 1, "evidence": evidence}
    presented = say(office.northern, "node.presented", claims)
    request = rules.seat_digest(network.epoch[0], own)
    yes = appraise(office.bank, request, evidence)
    no = appraise(office.meridian, request, evidence, accepted=False)
    (found,) = member(office.northern).evidence
    assert (found.epoch, found.digest, found.entry, found.accepted) == (1, b"e" * 32, presented, 1)
    assert [(each.by, each.accepted, each.entry) for each in found.appraisals] == [
        (office.bank, True, yes),
        (office.meridian, False, no),
    ]
    say(office.northern, "node.presented", {**claims, "size": 2})
    appraise(office.bank, request, evidence)
    assert member(office.northern).evidence[-1].accepted == 1  # for it is the same member again


def test_the_trust_bundle_names_who_is_attested_by_how_many_others_and_when(office, network):
    def bundle():
        return TrustBundle.parse(queries.trust_bundle())

    evidence = {"title": "quote", "sha256": b"e" * 32, "size": 9, "address": b"a" * 32}
    own = spelled(seat(office.northern))
    claims = {"seat": own, "epoch": 1, "nonce": bytes(32), "size": 1, "evidence": evidence}
    say(office.northern, "node.presented", claims)
    request = rules.seat_digest(network.epoch[0], own)
    before = bundle()
    appraise(office.northern, request, evidence)  # its own word
    appraise(office.meridian, request, evidence, accepted=False)
    assert bundle() == before and before.attested == {}
    first = queries.entry(appraise(office.bank, request, evidence)).told_ms
    family = f"family-{office.northern}"
    assert bundle().attested == {office.northern: Attested(family, 1, first)}
    last = queries.entry(appraise(queries.record("ledger")["operator"], request, evidence)).told_ms
    assert bundle().attested == {office.northern: Attested(family, 2, last)} and last > first
    renewed = {**evidence, "sha256": b"f" * 32}
    say(office.northern, "node.presented", {**claims, "evidence": renewed})
    assert bundle().attested[office.northern].accepted_by == 2  # until another member accepts what is newer
    appraise(office.bank, request, renewed)
    assert bundle().attested[office.northern].accepted_by == 1


def test_proposals_are_open_until_enough_voted_either_way(office, network):
    about = network.first.digest
    wanted = {"about": about, "kind": "code", "digest": b"n" * 32, "reason": "a fix"}
    say(office.bank, "proposal.made", wanted)
    say(office.bank, "proposal.made", {**wanted, "digest": b"m" * 32})
    first, second = consortium.find().proposals
    for by in (office.bank, office.northern):
        say(by, "vote.cast", {"proposal": first.id, "favour": True})
        say(by, "vote.cast", {"proposal": second.id, "favour": False, "reason": "not audited"})
    assert [each.outcome for each in consortium.find().proposals] == ["open", "rejected"]
    say(office.meridian, "vote.cast", {"proposal": first.id, "favour": True})
    adopted = consortium.find().proposals[0]
    assert (adopted.outcome, adopted.needed, len(adopted.votes), adopted.reason) == ("adopted", 3, 3, "a fix")


def test_epochs_and_forks_are_those_of_the_ledger(office, network):
    (epoch,) = consortium.find().epochs
    assert (epoch.number, epoch.base, epoch.attempt, epoch.committed) == (1, 0, 1, tuple(sorted(network.names)))
    origin = network.first.origin(1)
    signer = keys().get_signer(sequencer.LOG_KEY)
    heads = [Checkpoint(origin, 7, root * 32) for root in (b"a", b"b")]
    first, second = (Note(each.text, (sign(each.text, origin, signer),)).encode() for each in heads)
    shown = say(office.bank, "fork.shown", {"first": first, "second": second})
    (fork,) = consortium.find().forks
    assert (fork.by, fork.size, fork.roots, fork.entry) == (office.bank, 7, (b"a" * 32, b"b" * 32), shown)
