"""A trust bundle is read in one way or refused."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.ledger.policy import BadPolicy
from hallmark.statement.shape import BadClaim
from hallmark.verify.bundle import MAX_SIZE, Attested, BadBundle, Issuer, TrustBundle, write
from verify.register import ORIGIN, trust
from world.cast import org
from world.ledger import ENVIRONMENT

DATA = trust(("a", "b"), 2)
VALUE = json.loads(DATA)


def changed(**parts):
    return json.dumps({**VALUE, **parts}).encode()


def test_a_bundle_says_whom_to_trust():
    bundle = TrustBundle.parse(DATA)
    assert (bundle.environment, bundle.development) == (ENVIRONMENT, True)
    assert set(bundle.vouchers) == {ORIGIN, "a", "b"}
    assert bundle.policy.groups["members"].threshold == 2
    assert list(bundle.issuers.values()) == [Issuer(org("northern"), Text("模拟northern", "Northern"))]


def test_the_fingerprint_is_the_sha_256_that_everybody_can_compute():
    assert TrustBundle.parse(DATA).fingerprint == hashlib.sha256(DATA).digest()


def test_a_bundle_without_issuers_is_one_too():
    value = {name: part for name, part in VALUE.items() if name != "issuers"}
    assert TrustBundle.parse(json.dumps(value).encode()).issuers == {}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"{" * 100_000,
        b"[" * 100_000,
        b'{"bundle": NaN}',
        b'{"bundle": 1e5}',
        b'{"bundle": ' + b"9" * 5000 + b"}",
        DATA.decode().encode("utf-16"),
        DATA.decode().encode("utf-8-sig"),
        DATA[:-3],
        DATA.replace(b'"bundle"', b'"development": true, "bundle"', 1),
        DATA + b" " * MAX_SIZE,
    ],
    ids=lambda data: repr(data[:24]),
)
def test_what_is_no_bundle_is_refused_in_our_words(data):
    with pytest.raises((BadBundle, BadClaim)) as caught:
        TrustBundle.parse(data)
    assert caught.value.explain("zh") != caught.value.explain("en")


@pytest.mark.parametrize(
    "parts",
    [
        {"bundle": "hallmark/trust/2"},
        {"development": 1},
        {"development": "false"},
        {"environment": ""},
        {"environment": "a\nb"[:1] + "\x1b[2J"},
        {"environment": "\ud800"},
        {"policy": "\ud800"},
        {"policy": ["quorum none"]},
        {"vouchers": []},
        {"vouchers": VALUE["vouchers"] * 2},
        {"vouchers": [{"name": {"zh": "名"}, "key": "x"}]},
        {"vouchers": [{"name": {"zh": "\u202e", "en": "x"}, "key": "x"}]},
        {"issuers": VALUE["issuers"] * 2},
        {"issuers": [{"id": "ORG-1", "name": {"zh": "名", "en": "name"}, "key": "z6Mk"}]},
        {"more": 1},
    ],
)
def test_a_bundle_with_a_wrong_part_is_refused(parts):
    with pytest.raises((BadBundle, BadClaim)):
        TrustBundle.parse(changed(**parts))


ATTESTED = {"family": "tpm", "accepted_by": 6, "at": 1_795_863_000_000}


def with_attested(value):
    first, *others = VALUE["vouchers"]
    return changed(vouchers=[{**first, "attested": value}, *others])


def test_a_bundle_may_say_how_a_vouchers_node_is_attested():
    assert TrustBundle.parse(DATA).attested == {}
    assert TrustBundle.parse(with_attested(ATTESTED)).attested == {ORIGIN: Attested("tpm", 6, 1_795_863_000_000)}


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {**ATTESTED, "family": "a family\n"},
        {**ATTESTED, "accepted_by": 0},
        {**ATTESTED, "accepted_by": True},
        {**ATTESTED, "at": -1},
        {**ATTESTED, "at": 253_402_300_800_000},
        {**ATTESTED, "more": 1},
    ],
)
def test_how_it_is_attested_is_said_in_one_way_or_refused(value):
    with pytest.raises(BadClaim, match="attested"):
        TrustBundle.parse(with_attested(value))


@pytest.mark.parametrize("policy", ["quorum none", "log x\nquorum none\n", "quorum nobody\n", "# nothing\n"])
def test_a_bundle_with_a_wrong_policy_is_refused(policy):
    with pytest.raises(BadPolicy):
        TrustBundle.parse(changed(policy=policy))


def test_a_bundle_is_not_written_that_could_not_be_read():
    with pytest.raises(BadClaim):
        write("", VALUE["policy"].encode(), {ORIGIN: Text("名", "name")}, development=True)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*VALUE, "x"]), inner, max_size=6),
    max_leaves=12,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(VALUE, JSON)))
def test_hostile_json_never_raises_anything_but_ours(parts):
    with pytest.raises(HallmarkError):
        TrustBundle.parse(json.dumps({**VALUE, "bundle": "", **parts}).encode(errors="replace"))


@given(st.binary(max_size=64))
def test_hostile_bytes_never_raise_anything_but_ours(data):
    with pytest.raises(HallmarkError):
        TrustBundle.parse(data)
