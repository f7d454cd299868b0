"""A node gets its seat by hand: evidence, seven appraisals, a vote, the next epoch; then it co-signs."""

from __future__ import annotations

import pytest

from hallmark.attestation.formats import Bundle
from hallmark.consortium import finality
from hallmark.kernel import hashing
from hallmark.kernel.keys import SoftwareSigner
from hallmark.node import acts, reading
from hallmark.node.acts import read_signatures
from hallmark.node.errors import BadRequest, NothingFinal, NotReached, Refused
from hallmark.statement import envelope
from node.admission.ledger import EVERYBODY, Ledger
from node.admission.seven import MEMBERS, NEWCOMER
from world.cast import org


@pytest.fixture
def ledger(tmp_path, market, agreed, policy, home):
    with Ledger(tmp_path, market, agreed, policy, home) as ledger:
        for who in EVERYBODY:
            ledger.start(who)
        for who in EVERYBODY:
            ledger.follow(who)
        ledger.append()
        yield ledger


def claims_of(path):
    return envelope.parse(path.read_bytes()).draft.public


def test_a_node_is_admitted_by_evidence_votes_and_the_next_epoch_and_then_co_signs(ledger, release, agreed) -> None:
    (request,) = ledger.take(ledger.act(NEWCOMER, lambda own: own.present(), release))
    digest = envelope.parse(request).draft.public["evidence"]["sha256"]
    findings = [ledger.act(who, lambda own: own.appraise(request), release) for who in MEMBERS]
    assert {claims_of(path)["code"] for path in findings} == {"affirming"}
    ledger.take(*findings)
    bundles = [each.evidence(digest) for each in ledger.peers(MEMBERS)]
    assert {hashing.sha256(each) for each in bundles} == {digest}
    assert Bundle.decode(bundles[0]).format == "tpm"

    (proposal,) = ledger.take(ledger.act("bank", lambda own: own.propose_seat(request, "an eighth seat"), release))
    ledger.take(*(ledger.act(who, lambda own: own.vote(proposal), release) for who in MEMBERS[:5]))
    calls = "\n".join(ledger.act(who, lambda own: own.call(1), release) for who in MEMBERS[:3])
    started = ledger.act("operator", lambda own: own.convene(1, read_signatures(calls), 20), release)
    ledger.enter(started, EVERYBODY)
    record, constitution = ledger.epoch
    assert (record.epoch, constitution.names) == (2, {*map(org, EVERYBODY)})

    ledger.follow(NEWCOMER)
    for who in MEMBERS[:2]:  # so that no quorum is without the new node
        ledger.stop(who)
    final = finality.check_final(ledger.append(), record, constitution)
    assert org(NEWCOMER) in final.cosigned


def test_a_reader_believes_no_node_but_what_a_quorum_signed(ledger, agreed) -> None:
    nodes = ledger.peers(EVERYBODY)
    read = reading.read(nodes, agreed)
    assert read.size == len(ledger.market.ledger)
    assert read.told(read.size) == ledger.market.clock
    assert read.genesis.draft.kind.name == "ledger.founded"
    assert read.find(ledger.market.ledger[5][0]) == 5
    assert read.find(b"nothing") is None
    for who in EVERYBODY:
        ledger.stop(who)
    with pytest.raises(NothingFinal):
        reading.read(nodes, agreed)


def test_evidence_that_nobody_serves_is_not_appraised(ledger, release) -> None:
    (request,) = ledger.take(ledger.act(NEWCOMER, lambda own: own.present(), release))
    (archived,) = (ledger.home(NEWCOMER) / "evidence").iterdir()
    archived.write_bytes(b"something else")
    with pytest.raises(NotReached):
        ledger.act("bank", lambda own: own.appraise(request), release)
    (peer,) = ledger.peers([NEWCOMER])
    for digest in (archived.name, "zz", "00" * 32):
        with pytest.raises(Refused):
            peer._checked(peer._ask("GET", f"/evidence/{digest}"))


def test_without_the_organisation_s_key_a_draft_is_written_for_who_holds_it(ledger, release) -> None:
    home = ledger.home("bank")
    pem = home / "keys" / "organisation.pem"
    key = SoftwareSigner.from_pem(pem.read_bytes())
    pem.unlink()
    path = ledger.act(
        "bank", lambda own: own.propose({"kind": "removal", "member": org("zenith"), "reason": "-"}), release
    )
    assert path.suffix == ".draft"
    signed = path.with_suffix(".statement")
    signed.write_bytes(envelope.sign(envelope.decode_draft(path.read_bytes()), (), key))
    ledger.take(signed)


def test_a_command_takes_statements_of_its_kind_and_calls_by_lines(ledger, release) -> None:
    other = ledger.market.ledger[0][0]
    for act in (lambda own: own.appraise(other), lambda own: own.vote(other), lambda own: own.propose_seat(other, "-")):
        with pytest.raises(BadRequest):
            ledger.act("bank", act, release)
    for lines in ("a", "a b c", "a zz"):
        with pytest.raises(BadRequest):
            acts.read_signatures(lines)
