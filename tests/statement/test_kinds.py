"""The kinds: one grammar, no name twice, every title in both languages; and their claims as JSON."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.statement import kinds, plain
from hallmark.statement.kind import Kind, Role, UnknownKind, Visibility
from hallmark.statement.kinds import KINDS
from hallmark.statement.shape import CODE, DIGEST, BadClaim, Either, Flag, ListOf, MapOf, Record, Shape

SUBJECTS = (
    kinds.ledger,
    kinds.consortium,
    kinds.scheme,
    kinds.organisation,
    kinds.person,
    kinds.application,
    kinds.evaluation,
    kinds.decision,
    kinds.certificate,
    kinds.money,
)


def test_no_two_kinds_share_a_name() -> None:
    assert sum(len(subject.KINDS) for subject in SUBJECTS) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_kind_is_named_subject_event_and_titled_in_both_languages(kind: Kind) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z]+", kind.name)
    assert re.search(r"[\u4e00-\u9fff]", kind.title.zh)
    assert kind.title.en[0].isupper()
    assert kind.title.en.isascii()
    assert kind.issuers
    assert len(set(kind.issuers)) == len(kind.issuers)
    assert set(kind.issuers) <= set(Role)
    assert kinds.find(kind.name) is kind


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_a_claim_has_one_name_and_one_visibility(kind: Kind) -> None:
    names = [claim.name for claim in kind.claims]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    places = [kind.visible(visibility) for visibility in Visibility]
    assert sum(map(len, places)) == len(names)
    assert frozenset().union(*places) == set(names)


def test_an_unknown_kind_or_claim_is_refused() -> None:
    with pytest.raises(UnknownKind):
        kinds.find("decision.unmade")
    with pytest.raises(BadClaim):
        KINDS["decision.made"].named("colour")


def test_an_applicant_s_name_is_for_members_and_a_person_s_for_nobody() -> None:
    assert KINDS["applicant.registered"].named("name").visibility is Visibility.MEMBERS
    assert {KINDS["person.enrolled"].named(name).visibility for name in ("name", "registration")} == {Visibility.SEALED}
    hidden = {"product", "manufacturer", "factory", "documents"}
    assert hidden <= KINDS["application.submitted"].visible(Visibility.MEMBERS)


@pytest.mark.parametrize("name", KINDS)
@given(data=st.data())
@settings(max_examples=3)
def test_claims_come_back_from_json(name: str, claims_of, data) -> None:
    kind = KINDS[name]
    claims = data.draw(claims_of(kind))
    assert plain.read_claims(kind, json.loads(json.dumps(plain.write_claims(kind, claims)))) == claims


@pytest.mark.parametrize(
    "wanted",
    [ListOf(DIGEST), MapOf(CODE, DIGEST), Record({"a": DIGEST}), Record({}, {"a": DIGEST}), Either((Flag(), DIGEST))],
    ids=lambda wanted: type(wanted).__name__,
)
def test_bytes_anywhere_are_hexadecimal_in_json(wanted: Shape) -> None:
    digest = bytes(range(32))
    value = {ListOf: [digest], Either: digest}.get(type(wanted), {"a": digest})
    wanted.check(value, "claim")
    assert plain.read(wanted, json.loads(json.dumps(plain.write(value))), "claim") == value
    with pytest.raises(BadClaim):
        plain.read(wanted, {ListOf: ["0g"], Either: "0g"}.get(type(wanted), {"a": "0g"}), "claim")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["key", "name", "x"]), inner),
        max_leaves=6,
    )
)
@settings(max_examples=20)
def test_any_json_raises_nothing_but_a_bad_claim(value: object) -> None:
    for kind in KINDS.values():
        for claims in (value, {kind.claims[0].name: value}, {claim.name: value for claim in kind.claims}):
            try:
                kind.check(plain.read_claims(kind, claims))
            except BadClaim:
                continue
