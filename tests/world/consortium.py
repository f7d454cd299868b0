"""A consortium of the simulated market: its keys, its seats, and how it comes about and changes on the ledger."""

from __future__ import annotations

import hashlib

from hallmark.consortium.constitution import Constitution, Member, ProposalKind
from hallmark.consortium.epoch import Ballot, Consent, Head, Start
from hallmark.consortium.epoch import Record as Epoch
from hallmark.consortium.governance import Proposal
from hallmark.kernel import instant
from hallmark.kernel.keys import ML_DSA_44, SoftwareSigner
from hallmark.rules import consortium
from world.cast import evidence, org

FOUNDERS = ("bank", "northern", "meridian", "southern")
POLICY = hashlib.sha256(b"policy").digest()
CODE = hashlib.sha256(b"code").digest()


def node_key(who, purpose, generation=1):
    seed = hashlib.sha256(f"{who} {purpose} {generation}".encode()).digest()
    return SoftwareSigner.from_seed(seed, ML_DSA_44) if purpose == "archive" else SoftwareSigner.from_seed(seed)


def seat(who, generation=1, product=""):
    witness, mirror, archive = (node_key(who, each, generation).public for each in ("witness", "mirror", "archive"))
    return Member(org(who), "virtual", witness, mirror, archive, product)


def spelled(member):
    return {name: value for name, value in member.to_value().items() if value or name != "product"}


def constitution(**other):
    given = {
        "ledger": "hallmark/simulated-market",
        "members": tuple(map(seat, FOUNDERS)),
        "sequencer": node_key("operator", "sequencer").public,
        "attestation": POLICY,
        "code": (CODE,),
        "rules": 1,
        "development": True,
        **other,
    }
    return Constitution(**given)


def start(record, agreed, signers, attempt=1, generation=1, consents=()):
    ballot = Ballot(attempt, record)
    commits = {
        org(who): tuple(node_key(who, each, generation).sign(ballot.commit_message) for each in ("mirror", "archive"))
        for who in signers
    }
    return Start(ballot, agreed, commits, dict(consents))


def found(market, agreed=None, signers=FOUNDERS, record=None):
    agreed = agreed or constitution()
    record = record or Epoch.first(agreed, Head(len(market.ledger), bytes(32)))
    claims = {"start": start(record, agreed, signers).encode()}
    market.submit("consortium.founded", "operator", org("operator"), claims)


def propose(market, who, kind, **claims):
    about = consortium.constitution_of(market.state).digest
    market.submit("proposal.made", who, org(who), {"about": about, "kind": kind, "reason": "-", **claims})
    rest = {name: claims[name] for name in ("member", "digest", "withdrawn", "rules") if name in claims}
    member = Member.from_value({"product": "", **claims["seat"]}) if "seat" in claims else None
    return Proposal(about, ProposalKind(kind), seat=member, **rest).id


def vote(market, who, proposal, favour=True):
    market.submit("vote.cast", who, org(who), {"proposal": proposal, "favour": favour})


def present(market, who, member=None, epoch=1, title="quote"):
    claims = {
        "seat": spelled(member or seat(who)),
        "epoch": epoch,
        "nonce": bytes(32),
        "size": 1,
        "evidence": evidence(title),
    }
    market.submit("node.presented", who, org(who), claims)
    return consortium.seat_digest(consortium.epoch_of(market.state), claims["seat"])


def appraise(market, who, presented, accepted=True, policy=POLICY, title="quote", until=None):
    claims = {
        "presented": presented,
        "evidence": evidence(title)["sha256"],
        "policy": policy,
        "accepted": accepted,
        "code": "affirming" if accepted else "debug-mode",
        "reason": "-",
        "until": market.clock + instant.DAY if until is None else until,
    }
    market.submit("node.appraised", who, org(who), claims)


def admit(market, who, voters=FOUNDERS[:3], member=None):
    member = member or seat(who)
    presented = present(market, who, member)
    for voter in voters:
        appraise(market, voter, presented)
    proposal = propose(market, voters[0], "admission", member=org(who), seat=spelled(member))
    for voter in voters:
        vote(market, voter, proposal)


def consent(market, sequencer, signers):
    """Return members' consents to another sequencer, beside the ledger."""
    message = Consent.message(consortium.epoch_of(market.state), sequencer)
    return {org(who): node_key(who, "witness").sign(message) for who in signers}


def next_epoch(market, agreed=None, signers=FOUNDERS[:3], consents=(), by="operator"):
    record = consortium.epoch_of(market.state)
    agreed = agreed or consortium.successor(market.state)
    news = Epoch(record.epoch + 1, record.digest, Head(len(market.ledger), bytes(32)), agreed.digest)
    claims = {"start": start(news, agreed, signers, consents=consents).encode()}
    market.submit("epoch.started", by, org(by), claims)
