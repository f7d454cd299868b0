"""What is signed is what is shown, whatever the server says."""

from __future__ import annotations

import base64
import copy

import pytest

from hallmark.cli.errors import DraftDiffers
from hallmark.cli.statements import read_draft
from hallmark.kernel import identifier
from hallmark.statement import disclosure, envelope
from hallmark.statement.plain import write_claims

CLAIMS = {"outcome": "grant", "reasons": "as recommended", "case_digest": bytes(32)}


def compose(**changes: object):
    draft, hidden = envelope.compose(
        "decision.made",
        environment="test",
        issuer=identifier.from_seed("ORG", b"body"),
        subject=identifier.from_seed("CASE", b"case"),
        issued_at=1,
        claims={**CLAIMS, **changes},
        salt=lambda: bytes(16),
    )
    claims = {**draft.public, **{each.name: each.value for each in hidden}}
    return {
        "kind": draft.kind.name,
        "issuer": draft.issuer,
        "subject": draft.subject,
        "approval_digest": draft.approval_digest.hex(),
        "content": base64.b64encode(envelope.encode_draft(draft)).decode(),
        "disclosures": base64.b64encode(disclosure.encode(hidden)).decode(),
        "claims": write_claims(draft.kind, claims),
    }


def test_a_draft_that_says_what_it_shows_is_read():
    content, claims = read_draft(compose())
    assert claims == CLAIMS
    assert content.kind.name == "decision.made"


@pytest.mark.parametrize("taken", ["content", "disclosures", "claims", "approval_digest", "subject", "issuer", "kind"])
def test_a_draft_of_which_one_part_is_another_draft_s_is_not_signed(taken):
    honest, other = compose(), compose(outcome="refuse")
    other |= {"subject": identifier.from_seed("CASE", b"other"), "kind": "signoff.made"}
    other["issuer"] = identifier.from_seed("ORG", b"other")
    with pytest.raises(DraftDiffers):
        read_draft({**honest, taken: other[taken]})


@pytest.mark.parametrize("name", ["content", "disclosures"])
@pytest.mark.parametrize("wrong", ["", "!", "AAAA", None, 7, "a" * 100])
def test_bytes_that_are_no_draft_are_not_signed(name, wrong):
    with pytest.raises(DraftDiffers):
        read_draft({**compose(), name: wrong})


def test_a_claim_that_is_hidden_from_the_signer_is_not_signed():
    draft = compose()
    told = copy.deepcopy(draft)
    told["disclosures"] = base64.b64encode(disclosure.encode(())).decode()
    with pytest.raises(DraftDiffers):
        read_draft(told)
    del draft["claims"]["reasons"]
    with pytest.raises(DraftDiffers):
        read_draft(draft)
