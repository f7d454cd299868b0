"""A bank issues and pays in a confidential currency by commands: the server is shown none of it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from cli.test_money import Bank
from hallmark.cli.client import Client
from hallmark.cli.errors import NotReachable
from hallmark.consortium.constitution import Constitution
from hallmark.office.jobs.clock import now
from hallmark.office.keys.services import port as keys
from hallmark.office.registry import enrolment, finality, queries, sequencer
from hallmark.office.registry.state import held_schemes
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.register import verify_extract
from node.network import Network, eventually, founded, seat

pytestmark = pytest.mark.django_db(transaction=True)


class ConfidentialBank(Bank):
    """A bank whose owner keeps its key at home, in a market whose consortium of four keeps the ledger."""

    def founding(self) -> str:
        if getattr(self, "claims", None) is None:
            self.claims = super().founding()
            return self.claims
        claims = {**json.loads(Path(self.claims).read_text()), "confidential": True, "issuer": self.lotus}
        path = self.tmp_path / "confidential.json"
        path.write_text(json.dumps(claims))
        return str(path)


@pytest.fixture
def bank(desks, server, tmp_path, settings):
    bank = ConfidentialBank(desks, server, tmp_path)
    names = ("--name-zh", "实验室", "--name-en", "Laboratory", "--address", "3 Main street")
    more = [bank.olga("organisation", "register", "laboratory", *names)["id"] for _ in range(2)]
    operator = queries.record("ledger")["operator"]
    log_key = keys().get_signer(sequencer.LOG_KEY).public
    ledger = f"hallmark/{settings.HALLMARK_ENVIRONMENT}"
    members = tuple(map(seat, (operator, bank.owner, *more)))
    first = Constitution(ledger, members, log_key, bytes(32), (b"c" * 32,), 1, development=True)
    folder = tmp_path / "nodes"
    folder.mkdir()
    settings.HALLMARK_NODES = folder
    names = [each.name for each in first.members]
    with Network(folder, next(iter(held_schemes().values())), names, first=first, clock=now) as network:
        lines = (f"{name} http://127.0.0.1:{port}\n" for name, port in network.ports.items())
        (folder / "peers").write_text("".join(lines))
        network.wake()
        enrolment.found_consortium(founded(first))
        bank.open = bank.currency
        bank.quiet = bank.bea("act", "currency.founded", "--claims", bank.founding())["subject"]
        bank.network = network
        yield bank
        finality.forget_nodes()


@pytest.fixture
def said(monkeypatch):
    """Every body that a command sent to the server."""
    bodies = []
    send = Client.call

    def call(client, method, path, **options):
        if options.get("data"):
            bodies.append(options["data"])
        return send(client, method, path, **options)

    monkeypatch.setattr(Client, "call", call)
    return bodies


def everything(bodies):
    """The bodies, and what stands in them in base64."""
    inside = [base64.b64decode(text) for body in bodies for text in json.loads(body).values() if isinstance(text, str)]
    return b"\0".join([*bodies, *inside])


SIGN = ("--sign-with", "house")


def test_a_bank_issues_and_pays_what_the_server_cannot_read(bank, said):
    bank.alice("trust")
    purse, other = bank.key_of("purse"), bank.key_of("other")
    (note,) = bank.alice("money", "issue", bank.quiet, "--to", f"{purse}=987", *SIGN)["notes"]
    paid = bank.alice("money", "transfer", bank.quiet, "--spend", f"{note}=purse", "--to", f"{other}=987", *SIGN)
    wire = everything(said)
    assert bank.quiet.encode() in wire and bytes.fromhex(note) in wire
    assert purse.encode() not in wire and bytes.fromhex(purse) not in wire and b"amount" not in wire
    assert queries.claims(queries.entry(paid["entry"])).keys() == {"count", "inputs", "until"}
    nodes = bank.network.nodes.values()
    eventually(lambda: {node.state.tree.size for node in nodes} == {queries.size()})
    for node in nodes:
        record = node.state_at(queries.size()).get(f"note/{paid['notes'][0]}")
        assert (record["amount"], record["holder"]["material"].hex()) == (987, other)
    bank.alice("money", "redeem", bank.quiet, "--spend", f"{paid['notes'][0]}=other", *SIGN)


def test_who_paid_shows_one_claim_to_a_stranger_who_checks_it_offline(bank):
    bank.alice("trust")
    purse = bank.key_of("purse")
    issued = bank.alice("money", "issue", bank.quiet, "--to", f"{purse}=321", *SIGN)["entry"]
    shown = bank.tmp_path / "shown.hallmark"
    bank.alice("money", "disclose", issued, "outputs", "--output", shown)
    trusted = TrustBundle.parse((bank.alice.profile / "trust.json").read_bytes())
    answer = verify_extract(shown.read_bytes(), trusted, now())
    assert [output["amount"] for output in answer.value] == [321]
    assert bank.bea.refused("money", "disclose", issued, "outputs", "--output", shown)[1] == "not-kept"
    assert bank.alice.refused("money", "disclose", issued, "signatures", "--output", shown)[1] == "not-kept"


def test_the_profile_keeps_what_the_server_cannot_tell(bank, monkeypatch):
    bank.alice("trust")
    purse, other = bank.key_of("purse"), bank.key_of("other")
    assert bank.alice("money", "notes") == []
    (note,) = bank.alice("money", "issue", bank.quiet, "--to", f"{purse}=100", *SIGN)["notes"]
    with monkeypatch.context() as patched:
        patched.setattr(Client, "send", _lose_the_answer(Client.send))
        pay = ("--spend", f"{note}=purse", "--to", f"{other}=60", "--to", f"{purse}=40")
        assert bank.alice.refused("money", "transfer", bank.quiet, *pay, *SIGN)[1] == "not-reachable"
    kept = {each["note"]: (each["amount"], each["holder"]) for each in bank.alice("money", "notes")}
    assert sorted(kept.values()) == sorted([(100, purse), (60, other), (40, purse)])
    assert kept[note] == (100, purse)
    (change,) = (each for each, (amount, _) in kept.items() if amount == 40)
    bank.alice("money", "redeem", bank.quiet, "--spend", f"{change}=purse", *SIGN)
    for path in (bank.alice.profile / "sealed").iterdir():
        assert path.stat().st_mode & 0o077 == 0
        path.write_bytes(b"?")
    assert bank.alice.refused("money", "notes")[1] == "bad-file"


def _lose_the_answer(send):
    def lose(client, method, path, body=None):
        answer = send(client, method, path, body)
        if path == "/sealed":
            raise NotReachable(server=client.server, why="the line broke")
        return answer

    return lose


def test_of_a_breach_the_rule_is_told(bank):
    bank.alice("trust")
    purse = bank.key_of("purse")
    (note,) = bank.alice("money", "issue", bank.quiet, "--to", f"{purse}=100", *SIGN)["notes"]
    spend = ("money", "transfer", bank.quiet, "--spend", f"{note}=purse", "--to", f"{purse}=101", *SIGN)
    assert bank.alice.refused(*spend) == (5, "sealed-not-admitted")
    assert "not-conserved" in bank.alice.say(*spend)[2]


def test_nothing_confidential_is_drafted_at_the_server_or_sealed_without_trust_and_key(bank, said):
    purse = f"{bank.key_of('purse')}=100"
    issue = ("money", "issue", bank.quiet, "--to", purse)
    assert bank.alice.refused(*issue, *SIGN)[1] == "no-trust"
    bank.alice("trust")
    assert bank.alice.refused(*issue)[1] == "bad-argument"
    assert bank.alice.refused(*issue, *SIGN, "--draft")[1] == "bad-argument"
    claims = bank.tmp_path / "claims.json"
    claims.write_text(json.dumps({"count": 1, "outputs": []}))
    for command in ("prepare", "act"):
        assert bank.alice.refused(command, "money.issued", bank.quiet, "--claims", claims)[0] == 3
    assert not said


def test_the_server_takes_no_draft_of_what_is_confidential(bank):
    from hallmark.office.accounts.models import User
    from hallmark.office.accounts.queries import actor_of
    from hallmark.office.registry import services
    from hallmark.rules.confidential import NotSealed

    claims = {"count": 1, "outputs": [{"amount": 1, "holder": {"algorithm": -19, "material": bytes(32)}}]}
    with pytest.raises(NotSealed):
        services.prepare(actor_of(User.objects.get(login="alice")), "money.issued", bank.lotus, bank.quiet, claims)


def test_an_open_currency_is_paid_as_ever_by_who_trusts_the_ledger(bank):
    bank.bea("trust")
    bank.bea("money", "issue", bank.open, "--to", f"{bank.key_of('purse')}=10")


def test_a_server_that_calls_a_confidential_currency_open_is_found_out(bank, said, monkeypatch):
    bank.alice("trust")
    issue = ("money", "issue", bank.quiet, "--to", f"{bank.key_of('purse')}=100", *SIGN)
    founded = queries.founding
    monkeypatch.setattr(queries, "founding", lambda _: founded(bank.open))
    assert bank.alice.refused(*issue)[1] == "not-our-server"
    monkeypatch.undo()


def test_a_server_that_puts_its_own_key_among_the_members_gets_nothing(bank, said, monkeypatch):
    from dataclasses import replace

    from hallmark.consortium.sealing import Announcement
    from hallmark.office.registry import nodes

    bank.alice("trust")
    shown = [Announcement.parse(each) for each in nodes.announced()]
    forged = [replace(each, key=b"\x09" + bytes(31)).encode() for each in shown]
    monkeypatch.setattr(nodes, "announced", lambda: forged)
    issue = ("money", "issue", bank.quiet, "--to", f"{bank.key_of('purse')}=100", *SIGN)
    assert bank.alice.refused(*issue)[1] == "quorum-not-reached"
    assert not said
