"""The envelope: every kind goes through it and comes back; nothing in it can be changed, added or moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hallmark.kernel import canonical, hashing, identifier
from hallmark.kernel.canonical import NotCanonical, Tag
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import ED25519, ESP256, ML_DSA_44, BadSignature, PublicKey, SoftwareSigner
from hallmark.statement import envelope
from hallmark.statement.approval import approve
from hallmark.statement.disclosure import open_claims
from hallmark.statement.envelope import MAX_SIZE, BadStatement, Draft, Statement
from hallmark.statement.kind import UnknownKind, Visibility
from hallmark.statement.kinds import KINDS
from hallmark.statement.shape import BadClaim

ORG = identifier.from_seed("ORG", b"northern")
CASE = identifier.from_seed("CASE", b"1")
GRACE = identifier.from_seed("PERSON", b"grace")
SIGNER = SoftwareSigner.from_seed(b"o" * 32)
PERSONAL = SoftwareSigner.from_seed(b"g" * 32)
NOW = 1_780_000_000
CLAIMS = {"case_digest": b"d" * 32, "outcome": "grant", "reasons": "as recommended"}


def salts() -> Callable[[], bytes]:
    numbers: Iterator[int] = iter(range(1000))
    return lambda: hashing.sha256(next(numbers).to_bytes(2))[:16]


def draft_of(kind: str = "decision.made", claims: Mapping[str, Any] = CLAIMS, **changes: Any) -> Draft:
    settings_ = {"environment": "test", "issuer": ORG, "subject": CASE, "issued_at": NOW, "salt": salts(), **changes}
    draft, _ = envelope.compose(kind, claims=claims, **settings_)
    return draft


DRAFT = draft_of()
APPROVAL = approve(DRAFT.approval_digest, GRACE, "decision_maker", PERSONAL)
ENCODED = envelope.sign(DRAFT, [APPROVAL], SIGNER)


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_a_statement_of_every_kind_comes_back_as_it_was_signed(name: str, claims_of, values_of, data) -> None:
    kind = KINDS[name]
    claims = data.draw(claims_of(kind))
    subject = data.draw(values_of(kind.about))
    draft, disclosures = envelope.compose(
        name, environment="test", issuer=ORG, subject=subject, issued_at=NOW, claims=claims, salt=salts()
    )
    approvals = (
        approve(draft.approval_digest, GRACE, "reviewer", PERSONAL),
        approve(draft.approval_digest, GRACE, "auditor", SIGNER),
    )
    encoded = envelope.sign(draft, approvals, SIGNER)
    statement = envelope.parse(encoded)
    assert (statement.draft, statement.approvals, statement.encoded) == (draft, approvals, encoded)
    assert statement.draft.approval_digest == draft.approval_digest
    statement.verify(SIGNER.public)
    for approval, key in zip(statement.approvals, (PERSONAL, SIGNER), strict=True):
        approval.verify(key.public, statement.draft.approval_digest)
    hidden = open_claims({**statement.draft.members, **statement.draft.sealed}, disclosures)
    assert {**statement.draft.public, **hidden} == claims
    for claim in kind.claims:
        placed = getattr(statement.draft, claim.visibility)
        assert (claim.name in placed) == (claim.name in claims)


def test_the_order_in_which_claims_were_given_does_not_matter() -> None:
    other = draft_of(claims=dict(reversed(CLAIMS.items())))
    assert envelope.sign(other, [APPROVAL], SIGNER) == ENCODED


@pytest.mark.parametrize("mask", [0x01, 0x20, 0x80])
def test_every_changed_byte_of_a_signed_statement_is_refused(mask: int) -> None:
    for at in range(len(ENCODED)):
        changed = ENCODED[:at] + bytes([ENCODED[at] ^ mask]) + ENCODED[at + 1 :]
        with pytest.raises(HallmarkError):
            envelope.parse(changed).verify(SIGNER.public)


@pytest.mark.parametrize(("algorithm", "step"), [(ESP256, 1), (ML_DSA_44, 7)], ids=["ESP256", "ML-DSA-44"])
def test_statements_under_the_other_algorithms_cannot_be_changed_either(algorithm: int, step: int) -> None:
    signer = SoftwareSigner.generate(algorithm)
    encoded = envelope.sign(DRAFT, [APPROVAL], signer)
    envelope.parse(encoded).verify(signer.public)
    for at in range(0, len(encoded), step):
        with pytest.raises(HallmarkError):
            envelope.parse(encoded[:at] + bytes([encoded[at] ^ 1]) + encoded[at + 1 :]).verify(signer.public)


def test_a_second_signature_over_the_same_content_has_the_same_digest() -> None:
    signer = SoftwareSigner.generate(ESP256)
    first, second = (envelope.parse(envelope.sign(DRAFT, [APPROVAL], signer)) for _ in range(2))
    assert first.encoded != second.encoded
    assert first.digest == second.digest != envelope.parse(ENCODED).digest


def test_only_the_key_that_the_statement_names_verifies_it() -> None:
    statement = envelope.parse(ENCODED)
    statement.verify(SIGNER.public)
    for key in (PERSONAL.public, PublicKey(ML_DSA_44, SIGNER.public.material), PublicKey(ED25519, b"")):
        with pytest.raises(BadSignature):
            statement.verify(key)


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": "live"},
        {"issuer": identifier.from_seed("ORG", b"southern")},
        {"subject": identifier.from_seed("CASE", b"2")},
        {"issued_at": NOW + 1},
        {"claims": {**CLAIMS, "outcome": "refuse"}},
        {"kind": "appeal.decided", "claims": {**CLAIMS, "outcome": "upheld"}},
    ],
    ids=str,
)
def test_whatever_differs_makes_another_statement(changes: dict[str, Any]) -> None:
    other = draft_of(**changes)
    assert other.approval_digest != DRAFT.approval_digest
    assert envelope.parse(envelope.sign(other, [], SIGNER)).digest != envelope.parse(ENCODED).digest


# A statement in parts, so that one of them can be replaced and the whole signed again.

HEADER = canonical.decode(canonical.decode(ENCODED).value[0])
CWT = HEADER[15]
PAYLOAD = canonical.decode(canonical.decode(ENCODED).value[2])


def forge(header: object = HEADER, payload: object = PAYLOAD, unprotected: object = None) -> Statement:
    """Parse a statement of those parts, truly signed by the organisation."""
    protected, body = canonical.encode(header), canonical.encode(payload)
    signature = SIGNER.sign(canonical.encode(["Signature1", protected, b"", body]))
    return envelope.parse(canonical.encode(Tag(18, [protected, unprotected or {}, body, signature])))


def without(record: Mapping[Any, Any], name: object) -> dict[Any, Any]:
    return {key: value for key, value in record.items() if key != name}


def test_the_parts_unchanged_are_the_statement() -> None:
    assert forge() == envelope.parse(ENCODED)


@pytest.mark.parametrize("content", [{1: -19}, {4: b"kid"}, {394: [b"receipt"]}, {"a": None}], ids=repr)
def test_nothing_stands_in_the_unprotected_header(content: dict[object, object]) -> None:
    with pytest.raises(BadStatement, match="unprotected"):
        forge(unprotected=content)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        Tag(18, None),
        Tag(18, []),
        Tag(18, [b"", {}, b""]),
        Tag(18, [b"", {}, None, b""]),
        Tag(18, [b"", [], b"", b""]),
        Tag(18, [b"", {}, b"", b"", b""]),
        Tag(18, [{}, {}, b"", b""]),
        Tag(18, [b"", {}, b"", "signature"]),
        Tag(18, Tag(18, [b"", {}, b"", b""])),
        canonical.decode(ENCODED).value,
        Tag(18, canonical.decode(ENCODED)),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_other_structures_are_no_statement(value: object) -> None:
    with pytest.raises(BadStatement, match="COSE_Sign1"):
        envelope.parse(canonical.encode(value))


@pytest.mark.parametrize(
    "header",
    [
        [],
        {},
        *(without(HEADER, name) for name in HEADER),
        {**HEADER, 2: [15]},
        {**HEADER, 16: "application/example"},
        {**HEADER, "note": "hello"},
        {**HEADER, 3: 42},
        {**HEADER, 15: []},
        *({**HEADER, 15: without(CWT, name)} for name in CWT),
        {**HEADER, 15: {**CWT, 4: NOW + 60}},
        {**HEADER, 15: {**CWT, "cnf": {}}},
        {**HEADER, 3: "application/cbor"},
        {**HEADER, 3: "application/vnd.hallmark.decision.made"},
        {**HEADER, 3: "Application/vnd.hallmark.decision.made+cbor"},
    ],
    ids=lambda header: ascii(list(header))[:40],
)
def test_the_protected_header_holds_its_four_fields_and_no_other(header: object) -> None:
    with pytest.raises(BadStatement):
        forge(header=header)


@pytest.mark.parametrize("kind", ["", "decision", "decision.made.", "Decision.made", "decision.unmade", "x" * 60_000])
def test_a_kind_that_nobody_knows_is_refused_and_repeated_in_part_only(kind: str) -> None:
    with pytest.raises(UnknownKind) as caught:
        forge(header={**HEADER, 3: f"application/vnd.hallmark.{kind}+cbor"})
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (1, ["", GRACE, CASE, ORG[:-1] + "0", ORG + "\n", "x" * 500, 7, None, b"ORG"]),
        (2, ["", GRACE, ORG, CASE[:-1], 7, None, [CASE]]),
        (6, [-1, 2**53 + 1, 2**64 - 1, True, None, "1780000000", [NOW]]),
        ("env", ["", " ", "x" * 101, "a\x00b", 7, None]),
    ],
    ids=["issuer", "subject", "issued at", "environment"],
)
def test_the_cwt_claims_have_their_shapes(name: object, values: list[object]) -> None:
    for value in values:
        with pytest.raises(BadClaim):
            forge(header={**HEADER, 15: {**CWT, name: value}})


def test_algorithm_and_key_identifier_have_their_shapes() -> None:
    for algorithm in (True, False, 0, 7, -101, None, "Ed25519", b""):
        with pytest.raises(BadClaim):
            forge(header={**HEADER, 1: algorithm})
    for key_id in (b"", b"k" * 31, b"k" * 33, "k" * 32, None, 7):
        with pytest.raises(BadClaim):
            forge(header={**HEADER, 4: key_id})


def test_a_header_that_names_another_algorithm_does_not_verify() -> None:
    for algorithm in (ESP256, ML_DSA_44, -7, -8):
        with pytest.raises(BadSignature):
            forge(header={**HEADER, 1: algorithm}).verify(SIGNER.public)


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {},
        *(without(PAYLOAD, name) for name in PAYLOAD),
        {**PAYLOAD, "extra": 0},
        *({**PAYLOAD, name: None} for name in PAYLOAD),
        {**PAYLOAD, "public": []},
        {**PAYLOAD, "approvals": {}},
    ],
    ids=lambda payload: ascii(payload)[-30:],
)
def test_the_payload_holds_its_four_parts_and_no_other(payload: object) -> None:
    with pytest.raises(BadStatement, match="payload"):
        forge(payload=payload)


MOVES = {
    "a members' claim in the open": {"public": {**PAYLOAD["public"], "reasons": "as recommended"}},
    "a members' digest in the open": {"public": {**PAYLOAD["public"], "reasons": b"r" * 32}},
    "a public claim hidden": {"public": {}, "members": {**PAYLOAD["members"], "case_digest": b"d" * 32}},
    "a members' claim sealed": {
        "members": without(PAYLOAD["members"], "reasons"),
        "sealed": {"reasons": PAYLOAD["members"]["reasons"]},
    },
    "a public claim in two places": {"sealed": {"case_digest": b"d" * 32}},
    "an unknown public claim": {"public": {**PAYLOAD["public"], "colour": "red"}},
    "an unknown key": {"members": {**PAYLOAD["members"], 7: b"d" * 32}},
    "a public claim missing": {"public": {}},
    "a members' claim missing": {"members": {}},
}


@pytest.mark.parametrize("move", MOVES)
def test_a_claim_stands_where_its_visibility_puts_it(move: str) -> None:
    with pytest.raises(BadStatement):
        forge(payload={**PAYLOAD, **MOVES[move]})


def test_every_claim_of_every_kind_is_refused_in_another_place() -> None:
    for kind in KINDS.values():
        for claim in kind.claims:
            places: dict[Visibility, dict[object, object]] = {visibility: {} for visibility in Visibility}
            wrong = next(visibility for visibility in Visibility if visibility is not claim.visibility)
            places[wrong][claim.name] = b"d" * 32
            with pytest.raises(BadStatement, match=f"has no {wrong} claim {claim.name}"):
                envelope._check_layout(kind, places)


@pytest.mark.parametrize("digest", [b"", b"d" * 31, b"d" * 33, "as recommended", None, [b"d" * 32]], ids=repr)
def test_a_hidden_claim_is_32_bytes(digest: object) -> None:
    with pytest.raises(BadClaim):
        forge(payload={**PAYLOAD, "members": {**PAYLOAD["members"], "reasons": digest}})


def test_an_optional_claim_is_left_out_and_not_null() -> None:
    claims = {"interest_in": ORG, "nature": "family", "from": "2026-01-01", "until": "2026-12-31"}
    kind, subject = "interest.declared", GRACE
    envelope.sign(draft_of(kind, without(claims, "until"), subject=subject), [], SIGNER)
    with pytest.raises(BadClaim, match="until"):
        draft_of(kind, {**claims, "until": None}, subject=subject)
    draft = draft_of(kind, claims, subject=subject)
    nulled = Draft(
        draft.environment, draft.kind, ORG, subject, NOW, {**draft.public, "until": None}, draft.members, draft.sealed
    )
    with pytest.raises(BadClaim, match="until"):
        envelope.sign(nulled, [], SIGNER)


def test_compose_refuses_what_the_kind_does_not_want() -> None:
    with pytest.raises(UnknownKind):
        draft_of("decision.unmade")
    with pytest.raises(BadClaim, match="subject"):
        draft_of(subject=GRACE)
    for claims in (without(CLAIMS, "reasons"), {**CLAIMS, "colour": "red"}, {**CLAIMS, "outcome": "maybe"}, {}):
        with pytest.raises(BadClaim):
            draft_of(claims=claims)


@pytest.mark.parametrize(
    "changes", [{"issuer": "someone"}, {"issuer": GRACE}, {"environment": ""}, {"issued_at": -1}], ids=str
)
def test_what_nobody_could_read_is_not_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(BadClaim):
        envelope.sign(draft_of(**changes), [], SIGNER)


def adopted(letters: int) -> Draft:
    """Return a draft with a claim of that many letters in pieces."""
    pieces = [4000] * (letters // 4000) + [letters % 4000] * (letters % 4000 > 0)
    parameters = [{"name": "p", "value": 0, "basis": "b" * piece} for piece in pieces]
    claims = {
        "scheme": "cfp",
        "edition": "1",
        "digest": b"d" * 32,
        "profile": "news-2019",
        "applies_from": "2026-01-01",
        "parameters": parameters,
    }
    return draft_of("scheme.adopted", claims, subject=ORG)


def test_a_statement_has_at_most_65535_bytes() -> None:
    """An entry of a tlog-tiles bundle has a 16-bit length."""
    size = len(envelope.sign(adopted(64_500), [], SIGNER))
    largest = 64_500 + MAX_SIZE - size
    assert len(envelope.sign(adopted(largest), [], SIGNER)) == MAX_SIZE == 65_535
    with pytest.raises(BadStatement, match="65536 bytes"):
        envelope.sign(adopted(largest + 1), [], SIGNER)
    with pytest.raises(BadStatement, match="bytes, more than"):
        envelope.parse(bytes(MAX_SIZE + 1))


@given(st.binary(max_size=200))
def test_any_bytes_raise_nothing_but_our_errors(data: bytes) -> None:
    for hostile in (data, ENCODED[: len(data)] + data, canonical.encode(Tag(18, [data, {}, data, data]))):
        with pytest.raises((NotCanonical, BadStatement)):
            envelope.parse(hostile)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.text(max_size=8) | st.binary(max_size=33),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.integers(-9, 9), inner),
    max_leaves=6,
)


@given(VALUES, st.sampled_from([1, 3, 4, 15]), st.sampled_from(list(PAYLOAD)))
@settings(max_examples=50)
def test_any_value_in_any_place_raises_nothing_but_our_errors(value: object, label: int, part: str) -> None:
    attempts = [
        lambda: forge(header={**HEADER, label: value}),
        lambda: forge(header={**HEADER, 15: {**CWT, "env": value}}),
        lambda: forge(payload={**PAYLOAD, part: value}),
        lambda: forge(payload={**PAYLOAD, "public": {"case_digest": value}}),
        lambda: forge(payload={**PAYLOAD, "approvals": [value]}),
        lambda: forge(payload={**PAYLOAD, "approvals": [{**PAYLOAD["approvals"][0], "signature": value}]}),
    ]
    for attempt in attempts:
        try:
            attempt()
        except HallmarkError:
            continue
