"""A bank issues and pays by commands: holders' keys and the bank's own stay in the profiles."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.django_db(transaction=True)


class Bank:
    """A central bank with Bea as manager, a commercial bank with Alice as manager who signs with its key here."""

    def __init__(self, desks, server: str, tmp_path) -> None:
        self.tmp_path = tmp_path
        self.olga = desks("olga")
        owner = ("--owner-zh", "央行", "--owner-en", "Central bank", "--address", "1 Main street", "--development")
        operator = ("--operator-zh", "运营方", "--operator-en", "Operator", "--registrar", "Olga", "--login", "olga")
        self.olga("operate", "found", *owner, *operator)
        self.olga("login", "olga", "--server", server)
        self.owner = self.olga("organisation", "list", "--role", "owner")[0]["id"]
        self.bea = self.bring_in(desks("bea"), server, self.owner)
        names = ("--name-zh", "商业银行", "--name-en", "Bank", "--address", "2 Main street")
        self.alice = desks("alice")
        self.olga("key", "create", "house")
        self.lotus = self.olga("organisation", "register", "applicant", *names, "--key", "house")["id"]
        self.bring_in(self.alice, server, self.lotus)
        (self.alice.profile / "keys").mkdir()
        (self.olga.profile / "keys" / "house.pem").rename(self.alice.profile / "keys" / "house.pem")
        for purse in ("purse", "other"):
            self.alice("key", "create", purse, "--algorithm", "p256")
        self.currency = self.bea("act", "currency.founded", "--claims", self.founding())["subject"]

    def bring_in(self, desk, server, place):
        desk.person = self.olga("person", "enrol", "--name", desk.name.title(), "--registration", desk.name)["id"]
        at = ("--organisation", place)
        self.olga("member", "set", desk.person, "--function", "manager", *at)
        code = self.olga("member", "invite", desk.person, desk.name, *at)["code"]
        desk("accept-invitation", code, "--server", server)
        desk("login", desk.name, "--server", server)
        return desk

    def founding(self) -> str:
        claims = {
            "name": {"zh": "数字人民币", "en": "Digital yuan"},
            "unit": "CNY",
            "decimals": 2,
            "issuer": self.owner,
            "institutions": [self.lotus],
            "limits": {"note": 1000, "supply": 1000},
            "basis": "test",
        }
        path = self.tmp_path / "currency.json"
        path.write_text(json.dumps(claims))
        return str(path)

    def key_of(self, name: str) -> str:
        return self.alice("key", "show", name)["material"]


@pytest.fixture
def bank(desks, server, tmp_path) -> Bank:
    return Bank(desks, server, tmp_path)


def test_a_bank_issues_transfers_and_redeems_by_commands(bank):
    money, purse, other = bank.currency, bank.key_of("purse"), bank.key_of("other")
    (note,) = bank.bea("money", "issue", money, "--to", f"{purse}=100")["notes"]
    sign = ("--sign-with", "house")
    paid = bank.alice(
        "money", "transfer", money, "--spend", f"{note}=purse", "--to", f"{other}=70", "--to", f"{purse}=30", *sign
    )
    assert bank.alice.refused(
        "money", "transfer", money, "--spend", f"{note}=purse", "--to", f"{other}=100", *sign
    ) == (5, "note-spent")
    assert bank.alice.refused(
        "money", "transfer", money, "--spend", f"{paid['notes'][0]}=purse", "--to", f"{purse}=70", *sign
    ) == (5, "holder-did-not-sign")
    assert bank.alice.refused("money", "issue", money, "--to", f"{purse}=1", *sign) == (5, "not-the-issuer")
    assert bank.alice.refused("money", "issue", money, "--to", "alice=1", *sign) == (3, "bad-argument")
