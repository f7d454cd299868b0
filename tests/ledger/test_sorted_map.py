"""The Merkle map over sorted keys: presence, absence, and what a liar can try."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hallmark.kernel import canonical
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.hashing import digest_of, sha256
from hallmark.ledger.merkle import EMPTY, WrongPathLength, leaf_hash, node_hash
from hallmark.ledger.sorted_map import (
    Absence,
    BadMapEntry,
    NotAbsent,
    NotPresent,
    Presence,
    SortedMap,
    verify_absence,
    verify_presence,
)

ITEMS = {f"CERT-{number:03}": sha256(b"%d" % number) for number in range(10, 90, 2)}
MAP = SortedMap(ITEMS)
KEYS = sorted(ITEMS)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


def test_the_root_is_that_of_the_specification() -> None:
    a, b = sha256(b"a"), sha256(b"b")
    tree_root = node_hash(leaf_hash(a + b"A"), leaf_hash(b + b"B"))
    assert SortedMap({"B": b, "A": a}).root == digest_of("hallmark/map/1", [2, tree_root])
    assert SortedMap({}).root == digest_of("hallmark/map/1", [0, EMPTY])


def test_every_key_is_proved_present_with_its_value_only() -> None:
    for key, value in ITEMS.items():
        proof = MAP.prove_presence(key)
        assert Presence.from_value(canonical.decode(canonical.encode(proof.to_value()))) == proof
        verify_presence(MAP.root, key, value, proof)
        with pytest.raises(NotPresent):
            verify_presence(MAP.root, key, sha256(b"other"), proof)
        with pytest.raises(NotPresent):
            verify_presence(MAP.root, key + "0", value, proof)
        with pytest.raises(NotAbsent):
            MAP.prove_absence(key)


@pytest.mark.parametrize("key", ["", "A", "CERT-011", "CERT-087", "CERT-0100", "CERT-089", "Z", "证书"])
def test_every_other_key_is_proved_absent(key: str) -> None:
    proof = MAP.prove_absence(key)
    assert Absence.from_value(canonical.decode(canonical.encode(proof.to_value()))) == proof
    verify_absence(MAP.root, key, proof)
    with pytest.raises(NotAbsent):
        verify_absence(SortedMap({**ITEMS, key: bytes(32)}).root, key, proof)
    with pytest.raises(NotPresent):
        MAP.prove_presence(key)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(TEXT, st.binary(min_size=32, max_size=32), max_size=12), TEXT)
def test_a_key_is_provably_present_or_provably_absent_never_both(items: dict[str, bytes], key: str) -> None:
    subject = SortedMap(items)
    assert subject.root == SortedMap(dict(reversed(items.items()))).root
    if key in items:
        verify_presence(subject.root, key, items[key], subject.prove_presence(key))
    else:
        verify_absence(subject.root, key, subject.prove_absence(key))
    for index, (present, value) in enumerate(sorted(items.items(), key=lambda item: item[0].encode())):
        others = SortedMap({other: digest for other, digest in items.items() if other != present})
        sides = subject._neighbour(index - 1), subject._neighbour(index + 1)
        for lie in (
            others.prove_absence(present),
            Absence(len(items), index, *sides),
            Absence(len(items), index + 1, *sides),
            Absence(len(items) - 1, index, *sides),
            Absence(0, 0, None, None),
        ):
            with pytest.raises(HallmarkError):
                verify_absence(subject.root, present, lie)
        proof = subject.prove_presence(present)
        with pytest.raises(HallmarkError):
            verify_presence(subject.root, present, value, dataclasses.replace(proof, size=proof.size + 1))


def test_a_key_cannot_hide_behind_neighbours_that_are_not_adjacent() -> None:
    index = 10
    lie = Absence(len(MAP), index, MAP._neighbour(index - 1), MAP._neighbour(index + 1))
    with pytest.raises(NotAbsent):
        verify_absence(MAP.root, KEYS[index], lie)


def test_a_key_cannot_hide_beyond_an_end() -> None:
    last = len(MAP) - 1
    for lie in (
        Absence(last, last, MAP._neighbour(last - 1), None),
        Absence(len(MAP), last, MAP._neighbour(last - 1), None),
        Absence(len(MAP), len(MAP), MAP._neighbour(last), None),
    ):
        with pytest.raises((NotAbsent, WrongPathLength)):
            verify_absence(MAP.root, KEYS[last], lie)
    with pytest.raises(NotAbsent):
        verify_absence(MAP.root, KEYS[0], Absence(len(MAP), 0, None, MAP._neighbour(1)))


def test_neighbours_must_stand_on_their_sides() -> None:
    proof = MAP.prove_absence("CERT-011")
    for key in ("CERT-010", "CERT-012", "CERT-013", "CERT-009"):
        with pytest.raises(NotAbsent):
            verify_absence(MAP.root, key, proof)


def test_order_is_that_of_utf_8_bytes() -> None:
    subject = SortedMap({"\uffff": bytes(32), "\U00010000": bytes(32)})
    assert subject.prove_presence("\uffff").index == 0


@pytest.mark.parametrize("items", [{"a": b""}, {"a": bytes(33)}, {"\ud800": bytes(32)}])
def test_what_has_no_place_in_a_map_is_refused(items: dict[str, bytes]) -> None:
    with pytest.raises(BadMapEntry):
        SortedMap(items)


@pytest.mark.parametrize(
    ("kind", "data"),
    [(Presence, MAP.prove_presence("CERT-020")), (Absence, MAP.prove_absence("CERT-021"))],
    ids=["presence", "absence"],
)
def test_a_mutated_proof_is_refused_or_proves_the_same(
    kind: type[Presence | Absence], data: Presence | Absence, survives: Callable[..., int]
) -> None:
    def content(encoded: bytes) -> object:
        proof = kind.from_value(canonical.decode(encoded))
        if isinstance(proof, Presence):
            verify_presence(MAP.root, "CERT-020", ITEMS["CERT-020"], proof)
        else:
            verify_absence(MAP.root, "CERT-021", proof)
        return proof

    assert survives(canonical.encode(data.to_value()), content) == 0


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2**64) | st.binary(max_size=33) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.text(max_size=3))
def test_hostile_values_raise_only_our_errors(value: object, key: str) -> None:
    for kind, verify in (
        (Presence, lambda proof: verify_presence(MAP.root, key, bytes(32), proof)),
        (Absence, lambda proof: verify_absence(MAP.root, key, proof)),
    ):
        with pytest.raises(HallmarkError):
            verify(kind.from_value(value))
