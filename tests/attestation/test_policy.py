"""An appraisal policy has one encoding, so that the digest in a constitution can be checked."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.attestation import policy_text
from hallmark.attestation.claims import LINKS
from hallmark.attestation.formats import FORMATS
from hallmark.attestation.policy import BadAppraisalPolicy, Policy, Reference, Rule
from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError

NAMES, DIGESTS = st.text(max_size=8), st.binary(min_size=32, max_size=32)
MEASUREMENTS = st.dictionaries(NAMES, st.binary(max_size=48), min_size=1, max_size=3)
ACCEPTED = st.deferred(lambda: st.dictionaries(NAMES, FACTS, max_size=2))
FACTS = st.frozensets(st.text(max_size=4) | st.integers(2, 9) | st.booleans() | st.binary(max_size=4), max_size=4)
RULES = st.builds(
    Rule,
    st.frozensets(DIGESTS, max_size=3),
    st.lists(st.builds(Reference, NAMES, MEASUREMENTS), max_size=3).map(tuple),
    st.dictionaries(NAMES, st.integers(0, 2**53), max_size=2),
    st.frozensets(NAMES, max_size=3),
    ACCEPTED,
    st.dictionaries(NAMES, ACCEPTED.filter(bool), max_size=2),
    st.frozensets(st.sampled_from(list(LINKS))),
    st.booleans(),
    st.booleans(),
)
POLICIES = st.builds(
    Policy,
    st.text(min_size=1, max_size=20),
    st.dictionaries(st.sampled_from(list(FORMATS)), RULES, max_size=3),
    st.dictionaries(NAMES, st.integers(0, 9), max_size=3),
    st.integers(1, 2**53),
)
RULE = Rule(frozenset({b"a" * 32, b"b" * 32}), (Reference("release", {"pcr sha256:8": b"c" * 32}),))
POLICY = Policy("policy", {"tpm": RULE}, {"tpm": 7}, 86400)


@given(POLICIES)
def test_a_policy_reads_back_and_its_digest_is_the_published_construction(policy) -> None:
    assert Policy.parse(policy.encode()) == policy
    head = canonical.encode(["hallmark/attestation/policy/1", 0])[:-1]
    assert policy.digest == hashlib.sha256(head + policy.encode()).digest()


@given(POLICIES, POLICIES)
def test_policies_that_differ_have_other_digests(one, other) -> None:
    assert (one == other) is (one.digest == other.digest)


@given(st.binary(max_size=200) | st.builds(canonical.encode, st.dictionaries(NAMES, st.integers(0, 9) | NAMES)))
def test_any_bytes_are_a_policy_or_refused(data) -> None:
    with suppress(HallmarkError):
        assert Policy.parse(data).encode() == data


@given(POLICIES, st.data())
def test_a_policy_with_a_byte_changed_is_another_or_refused(policy, data) -> None:
    encoded = bytearray(policy.encode())
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(HallmarkError):
        assert Policy.parse(bytes(encoded)).digest != policy.digest


def _changed(**changes: object) -> bytes:
    value = canonical.decode(POLICY.encode())
    return canonical.encode({**value, **changes})


def _ruled(**changes: object) -> bytes:
    rule = canonical.decode(POLICY.encode())["rules"]["tpm"]
    return _changed(rules={"tpm": {**rule, **changes}})


@pytest.mark.parametrize(
    "data",
    [
        canonical.encode([]),
        _changed(id=""),
        _changed(more=1),
        _changed(fresh_seconds=0),
        _changed(fresh_seconds=True),
        _changed(seats={"tpm": "7"}),
        _changed(seats={1: 7}),
        _changed(rules={"abacus": canonical.decode(POLICY.encode())["rules"]["tpm"]}),
        _changed(rules={"tpm": {}}),
        _ruled(more=1),
        _ruled(anchors=[b"b" * 32, b"a" * 32]),
        _ruled(anchors=[b"a" * 32, b"a" * 32]),
        _ruled(anchors=[b"a" * 31]),
        _ruled(anchors=["a"]),
        _ruled(tolerated=["everything"]),
        _ruled(debug_allowed=0),
        _ruled(references=[["release", {}]]),
        _ruled(references=[["release", {"pcr": 1}]]),
        _ruled(references=["release"]),
        _ruled(required={"svn": 1}),
        _ruled(products={"CFP-1": {}}),
        _ruled(products={"CFP-1": {"image": "a"}}),
        _ruled(products={"CFP-1": {"image": [None]}}),
        _ruled(products={1: {"image": ["a"]}}),
        _ruled(required={"svn": [None]}),
        _ruled(required={"svn": [1, True]}),
    ],
)
def test_what_is_no_policy_or_has_two_spellings_is_refused(data) -> None:
    with pytest.raises(BadAppraisalPolicy):
        Policy.parse(data)


@given(POLICIES)
def test_a_policy_is_written_as_text_and_read_back(policy) -> None:
    assert policy_text.read(policy_text.write(policy).encode()) == policy


def test_the_text_of_a_policy_takes_sets_in_any_order() -> None:
    text = policy_text.write(POLICY)
    first, second = ((letter * 32).hex() for letter in (b"a", b"b"))
    swapped = text.replace(first, "@").replace(second, first).replace("@", second)
    assert swapped != text
    assert policy_text.read(swapped.encode()).digest == POLICY.digest


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"id": "policy", "id": "policy"}',
        policy_text.write(POLICY).replace('"hex": "6', '"hex": "x').encode(),
        policy_text.write(POLICY).replace("86400", "86400.0").encode(),
        policy_text.write(POLICY).replace("86400", "9" * 40).encode(),
        policy_text.write(POLICY).replace('"policy"', '"\\ud800"').encode(),
        policy_text.write(POLICY).replace('"seats": {', '"seats": {"more": 1e400, ').encode(),
    ],
)
def test_what_is_no_text_of_a_policy_is_refused(text) -> None:
    with pytest.raises(HallmarkError):
        policy_text.read(text)


def test_a_constitution_fills_the_rules_that_name_no_state_and_no_others() -> None:
    open_rule, states = replace(RULE, references=()), (Reference("code", {"pcr sha256:8": b"d" * 32}),)
    policy = replace(POLICY, rules={"tpm": open_rule, "nitro": RULE, "dcap": open_rule})
    filled = policy.under({"tpm": states, "nitro": states}).rules
    assert [filled[name].references for name in ("tpm", "nitro", "dcap")] == [states, RULE.references, ()]
