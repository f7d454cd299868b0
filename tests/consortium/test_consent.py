"""Members exchange a sequencer that lets no vote through: by consents that are counted as votes for one would be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from consortium.seats import consortium, signer
from consortium.walk import consents, start
from hallmark.consortium.constitution import ProposalKind, SharedKey, Threshold
from hallmark.consortium.epoch import (
    START,
    BadEpoch,
    BadMemberSignature,
    Ballot,
    Consent,
    Record,
    SequencerStays,
    Start,
    TooFewConsents,
    TooManyChanges,
    follow,
)
from hallmark.kernel import canonical
from hallmark.kernel.keys import ED25519, BadKey, PublicKey

OLD = consortium("abcd")
UNANIMOUS = replace(OLD, thresholds={**OLD.thresholds, ProposalKind.SEQUENCER: Threshold.ALL})
OTHER = signer("another log").public


def started(constitution, names, agreed=None):
    """Return the record of the first epoch, and a start of the next with the consents of `names`."""
    first = Record.first(constitution)
    news = Consent(OTHER, {}).under(agreed or constitution)
    record = Record(2, first.digest, START, news.digest)
    return first, replace(start(Ballot(1, record), news), consents=consents(first, OTHER, names))


@pytest.mark.parametrize("archive", [False, True])
def test_a_quorum_of_consents_gives_the_next_epoch_another_sequencer(archive):
    first, with_consents = started(OLD, "abc")
    _, constitution = follow(first, OLD, [Start.parse(with_consents.encode())], archive=archive)
    assert constitution == replace(OLD, sequencer=OTHER)
    assert with_consents.is_of(OLD)
    assert not replace(with_consents, consents={}).is_of(OLD), "without them it is not what the ledger made"


def test_fewer_consents_than_votes_would_be_needed_are_none():
    for constitution, names in ((OLD, "ab"), (OLD, "abx"), (UNANIMOUS, "abc")):
        first, with_consents = started(constitution, names)
        with pytest.raises(TooFewConsents):
            with_consents.verify(first, constitution)
    first, with_consents = started(UNANIMOUS, "abcd")
    with_consents.verify(first, UNANIMOUS)


def test_a_consent_is_to_one_key_after_one_epoch():
    first, with_consents = started(OLD, "abc")
    for message in ((replace(first, epoch=2), OTHER), (first, signer("a third log").public)):
        with pytest.raises(BadMemberSignature):
            replace(with_consents, consents=consents(*message, "abc")).verify(first, OLD)
    with pytest.raises(SequencerStays):
        Consent(OLD.sequencer, consents(first, OLD.sequencer, "abcd")).check(first, OLD)


def test_no_consent_is_to_a_key_under_which_no_epoch_can_begin():
    first = Record.first(OLD)
    for material, breach in (
        (OTHER.material[:31], BadKey),
        (bytes(32), BadKey),
        (OLD.members[0].witness.material, SharedKey),
    ):
        key = PublicKey(ED25519, material)
        with pytest.raises(breach):
            Consent(key, consents(first, key, "abcd")).check(first, OLD)


def test_consents_change_nothing_but_the_sequencer():
    first, with_consents = started(OLD, "abcd", consortium("abxy"))
    with pytest.raises(TooManyChanges):
        with_consents.verify(first, OLD)
    _, with_consents = started(OLD, "abcd", consortium("abcx"))
    assert with_consents.is_of(consortium("abcx")), "beside what the votes made"
    assert not with_consents.is_of(OLD)


def test_a_start_has_one_encoding_with_consents_and_without():
    _, with_consents = started(OLD, "abc")
    plain = replace(with_consents, consents={})
    for each in (plain, with_consents):
        assert Start.parse(each.encode()) == each
    for rest in ([{}], [{"a": 1}], [{1: b""}], [None], [{"a": b""}, {}]):
        with pytest.raises(BadEpoch):
            Start.parse(canonical.encode([*canonical.decode(plain.encode()), *rest]))
    for value in ([OTHER.material], [b"", {"a": ""}], [b"", {1: b""}], [1, {}], None):
        with pytest.raises(BadEpoch):
            Consent.parse(canonical.encode(value))
    assert with_consents.consent == Consent.parse(with_consents.consent.encode())
