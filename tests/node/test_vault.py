"""A member's sealing keys: the newest is announced, and what was sealed or locked under an older one still opens."""

from __future__ import annotations

import pytest

from hallmark.kernel.keys import BadKey
from hallmark.node.errors import StoreLocked
from hallmark.node.vault import Vault
from hallmark.statement.disclosure import Disclosure
from hallmark.statement.sealing import NotOpened, seal

STATEMENT = b"s" * 32
SAID = (Disclosure(b"salt" * 4, "amount", 7),)


@pytest.fixture
def first() -> Vault:
    return Vault.generate("a")


def sealed_to(vault: Vault, member="a"):
    return seal(SAID, STATEMENT, {member: vault.public}, b"k" * 32)


def test_a_new_key_is_announced_and_both_open_what_was_sealed_to_them(first) -> None:
    renewed = first.renewed().renewed()
    assert renewed.public != first.public
    for sealed in (sealed_to(first), sealed_to(renewed)):
        assert renewed.open(sealed, STATEMENT) == SAID
        other = Vault.generate("b")
        assert other.open(renewed.pass_on(sealed, STATEMENT, "b", other.public), STATEMENT) == SAID


def test_nothing_else_opens(first) -> None:
    renewed = first.renewed()
    with pytest.raises(NotOpened):
        first.open(sealed_to(renewed), STATEMENT)
    for sealed, statement in (
        (sealed_to(Vault.generate("a")), STATEMENT),
        (sealed_to(first, "b"), STATEMENT),
        (sealed_to(first), b"t" * 32),
    ):
        with pytest.raises(NotOpened):
            renewed.open(sealed, statement)


def test_records_are_locked_under_the_newest_and_unlocked_by_any(first) -> None:
    renewed = first.renewed()
    assert renewed.unlock("note/1", first.lock("note/1", b"old")) == b"old"
    written = renewed.lock("note/1", b"new")
    assert renewed.unlock("note/1", written) == b"new"
    for vault, name in ((first, "note/1"), (renewed, "note/2")):
        with pytest.raises(StoreLocked):
            vault.unlock(name, written)


def test_all_keys_are_written_and_read_newest_first(first) -> None:
    renewed = first.renewed()
    read = Vault.from_pem("a", renewed.to_pem())
    assert read.public == renewed.public
    assert read.open(sealed_to(first), STATEMENT) == SAID
    assert Vault.from_pem("a", first.to_pem()).public == first.public


@pytest.mark.parametrize("pem", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused(pem, first) -> None:
    with pytest.raises(BadKey):
        Vault.from_pem("a", pem)
    with pytest.raises(BadKey):
        Vault.from_pem("a", first.to_pem() + (pem if pem.startswith(b"-") else b"-----BEGIN X-----\n-----END X-----"))
