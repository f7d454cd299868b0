"""From an empty server to a certificate that is checked offline, by nothing but commands."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from hallmark.kernel import identifier
from hallmark.paper.report import RECORD
from hallmark.verify.attachment import attachment

pytestmark = pytest.mark.django_db(transaction=True)

STAFF = {
    "bank": {"bea": ("manager",)},
    "lotus": {"alice": ("manager", "applicant_representative")},
    "northern": {
        "dora": ("manager", "case_officer"),
        "erin": ("auditor",),
        "frank": ("reviewer",),
        "grace": ("decision_maker",),
        "henry": ("responsible_person",),
    },
    "meridian": {"ivan": ("tester",), "judy": ("manager", "authorised_signatory")},
}
TYPE = ("--type", "CFP-01", "--from", "2020-01-01", "--until", "2099-12-31", "--basis", "assessed")
APPLICATION = """
type = "CFP-01"
body = "{northern}"
[product]
name = {{ zh = "钱包", en = "Wallet" }}
model = "LW-1"
version = "1.0"
[[product.builds]]
role = "apk"
file = "wallet.apk"
[manufacturer]
name = {{ zh = "莲花", en = "Lotus works" }}
address = "lotus road 3"
[factory]
name = {{ zh = "莲花", en = "Lotus works" }}
address = "lotus road 3"
"""


class Town:
    """Everybody who is needed, each at a desk with a key of their own."""

    def __init__(self, desks, server: str) -> None:
        olga = desks("olga")
        owner = ("--owner-zh", "央行", "--owner-en", "Central bank", "--address", "1 Main street", "--development")
        operator = ("--operator-zh", "运营方", "--operator-en", "Operator", "--registrar", "Olga", "--login", "olga")
        olga("operate", "found", *owner, *operator)
        olga("login", "olga", "--server", server)
        self.places = {"bank": olga("organisation", "list", "--role", "owner")[0]["id"]}
        for place, role in (("lotus", "applicant"), ("northern", "body"), ("meridian", "laboratory")):
            names = ("--name-zh", f"{place}公司", "--name-en", place.title(), "--address", f"{place} road")
            code = ("--code", "NORTH") if role == "body" else ()
            self.places[place] = olga("organisation", "register", role, *names, *code)["id"]
        self.desks = {"olga": olga}
        for place, staff in STAFF.items():
            for name, functions in staff.items():
                self.desks[name] = self.bring_in(desks(name), olga, server, place, functions)

    def bring_in(self, desk, olga, server, place, functions):
        """Enrol somebody, who signs in and brings a key."""
        desk.person = olga("person", "enrol", "--name", desk.name.title(), "--registration", f"no. {desk.name}")["id"]
        at = ("--organisation", self.places[place])
        wanted = [word for function in functions for word in ("--function", function)]
        olga("member", "set", desk.person, *wanted, *at)
        code = olga("member", "invite", desk.person, desk.name, *at)["code"]
        desk("accept-invitation", code, "--server", server)
        desk("login", desk.name, "--server", server)
        desk("key", "create", "own")
        desk("key", "enrol")
        return desk

    def __getattr__(self, name: str):
        return self.desks[name]


@pytest.fixture
def town(desks, server) -> Town:
    return Town(desks, server)


@pytest.fixture
def write(tmp_path) -> Callable[[str, object], str]:
    """Write a file, JSON unless it is bytes, and return its path."""

    def written(name: str, content: object) -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    return written


def test_a_product_goes_the_whole_way_by_commands(town, write, tmp_path):
    open_the_market(town, write)
    case = apply_and_agree(town, write, tmp_path)
    report = report_test(town, write, tmp_path, case)
    audit_on_site(town, write, case)
    number = decide_and_issue(town, case)
    check_as_strangers(town, tmp_path, number, report)
    suspend(town, number)


def open_the_market(town, write):
    """The scheme owner sets what the sources leave open and designates; managers record who is competent."""
    open_values = {"nonconformity_major_days": 90, "nonconformity_minor_days": 60, "appeal_days": 15}
    settings = "".join(f'{name} = {{ value = {value}, basis = "test" }}\n' for name, value in open_values.items())
    town.bea("adopt", "--from", "2020-01-01", "--parameters", write("parameters.toml", settings.encode()))
    for place, activity in (("northern", "certification"), ("meridian", "testing")):
        town.bea("designate", town.places[place], "--activity", activity, *TYPE)
    managers = {"lotus": town.alice, "northern": town.dora, "meridian": town.judy}
    for place, manager in managers.items():
        for name, functions in STAFF[place].items():
            manager("competence", town.desks[name].person, "--function", functions[-1], *TYPE)


def apply_and_agree(town, write, tmp_path) -> str:
    """The manufacturer applies, at first without its documents; the body accepts and plans; return the case."""
    write("wallet.apk", b"a build")
    case = town.alice("apply", "--file", write("app.toml", APPLICATION.format(**town.places).encode()))["subject"]
    agreement = write("agreement.txt", b"we agree")
    lacking = town.alice("case", "missing", case)
    assert town.dora.refused("accept", case, "--agreement", agreement) == (5, "application-incomplete")
    given = [f"{each['document']}={write(each['document'] + '.txt', b'text')}" for each in lacking]
    town.alice("supplement", case, *(word for each in given for word in ("--document", each)))
    assert town.alice("case", "missing", case) == []
    document = town.dora("case", "show", case)["record"]["documents"][0]
    town.dora("evidence", "get", document["address"], "--output", tmp_path / "read.txt")
    assert (tmp_path / "read.txt").read_bytes() == b"text"
    town.dora("accept", case, "--agreement", agreement, "--fee", "100")
    assert town.alice.refused("agree", case, "--agreement", write("other.txt", b"other")) == (5, "agreement-differs")
    (offered,) = [each for each in town.alice("case", "files", case) if each["kind"] == "application.accepted"]
    read = tmp_path / "as-read.txt"
    town.alice("evidence", "get", offered["address"], "--output", read)
    assert read.read_bytes() == b"we agree"
    town.alice("agree", case, "--agreement", read)
    assert town.dora("case", "show", case)["history"][-1]["claims"]["agreement"] == offered["sha256"]
    (laboratory,) = town.dora("case", "laboratories", case)
    assert laboratory["excluded_by"] is None
    plan = ("--laboratory", laboratory["id"], "--member", f"{town.erin.person}=auditor", "--by", "2099-01-01")
    town.dora("plan", case, *plan)
    return str(case)


def report_test(town, write, tmp_path, case) -> str:
    """The laboratory receives exactly what was declared, and two people report; return the report."""
    receive = ("receive", case, "--condition", "sealed", "--seal", "A-17", "--build")
    assert town.ivan.refused(*receive, f"apk={write('changed.apk', b'A build')}") == (5, "builds-differ")
    sample = town.ivan(*receive, f"apk={tmp_path / 'wallet.apk'}")["sample"]
    verdicts = dict.fromkeys(town.ivan("case", "items", case, "type_test")["decisive"], "pass")
    files = ("--record", write("verdicts.json", verdicts), "--paper", write("report.pdf", b"%PDF-"))
    draft = town.ivan("report-test", case, *files)
    assert ([each["function"] for each in draft["approvals"]], draft["entry"]) == (["tester"], None)
    assert draft["claims"]["sample"] == sample
    assert town.ivan.refused("submit", draft["id"]) == (5, "approval-missing")
    code, said, _ = town.judy.say("draft", draft["id"])
    assert code == 0
    assert "by-hand" in said
    town.judy("approve", draft["id"])
    assert town.dora.refused("case", "report", case) == (3, "bad-argument")  # nobody has signed one yet
    report = str(town.judy("submit", draft["id"])["report"])
    for form in ("pdf", "html", "json"):
        town.dora("case", "report", case, "--form", form, "--output", tmp_path / f"type-test.{form}")
    pdf = (tmp_path / "type-test.pdf").read_bytes()
    assert json.loads(attachment(pdf, RECORD)) == verdicts
    said = json.loads((tmp_path / "type-test.json").read_text())
    assert {each["id"]: each["verdict"] for each in said["items"]} == verdicts
    assert report == said["number"]
    assert report in (tmp_path / "type-test.html").read_text()
    return report


def audit_on_site(town, write, case):
    """The auditor finds something, the manufacturer corrects it, the auditor closes it."""
    findings = dict.fromkeys(town.erin("case", "items", case, "audit")["decisive"], "conforms")
    wrong = next(iter(findings))
    findings[wrong] = "nonconforming"
    today = date.fromisoformat(town.erin("explain")["day"])
    fault = ("--requirement", wrong, "--finding", "out of date", "--due", today + timedelta(30))
    raised = ("nonconformity", "raise", case, "--grade", "minor", *fault)
    town.erin(*raised, "--evidence", write("photo.jpg", b"a photo"))
    place = ("--site", "Lotus works", "--address", "lotus road 3")
    town.erin("report-audit", case, *place, "--findings", write("findings.json", findings))
    answer = ("--cause", "nobody kept it", "--corrective-action", "named a keeper")
    _, shown, _ = town.alice.say("case", "show", case)
    assert all(words in shown for words in ("number: 1", "grade: minor", "finding: out of date", "due: "))
    town.alice("nonconformity", "answer", case, 1, *answer)
    grant = ("--recommend", "grant", "--reasons", "all read")
    assert town.frank.refused("review", case, *grant) == (5, "nonconformity-open")
    town.erin("nonconformity", "close", case, 1, "--verification", "seen")


def decide_and_issue(town, case) -> str:
    """Three different people review, decide and sign off; the body issues; return the number."""
    assert [each["id"] for each in town.dora("case", "candidates", case, "reviewer")] == [town.frank.person]
    town.frank("review", case, "--recommend", "grant", "--reasons", "all read")
    town.grace("decide", case, "--outcome", "grant", "--reasons", "as recommended")
    assert town.dora.refused("issue", case) == (5, "not-signed-off")
    town.henry("sign-off", case, "--remark", "signed")
    return str(town.dora("issue", case)["subject"])


def check_as_strangers(town, tmp_path, number, report):
    """Anybody finds it, and checks file and page without the server."""
    from hallmark.office.registry.services import state_status

    state_status()
    stranger = town.olga
    (row,) = stranger("register", "search", "钱包")["rows"]
    assert (row["number"], row["status"]) == (number, "in-force")
    shown = stranger("register", "show", number)
    assert report in shown["record"]["reports"]
    assert shown["record"]["product"]["builds"][0]["sha256"] == hashlib.sha256(b"a build").hexdigest()
    form, pdf = tmp_path / "certificate.hallmark", tmp_path / "certificate.pdf"
    stranger("register", "download", number, "--output", form)
    stranger("register", "download", number, "--form", "pdf", "--output", pdf)
    assert stranger("trust")["file"].endswith("trust.json")
    own = stranger.profile / "trust.json"
    genuine = own.read_bytes()
    own.write_bytes(b"another")
    assert stranger.refused("trust") == (5, "other-trust")
    assert own.read_bytes() == b"another"
    stranger("trust", "--replace")
    assert own.read_bytes() == genuine
    for file in (form, pdf):
        code, said, _ = stranger.say("verify", file)
        assert code == 0
        assert number in said
        assert "development ledger" in said
    assert stranger("verify", pdf)["page"] == "as-sealed"
    code = tmp_path / "code.txt"
    stranger("register", "download", number, "--form", "code", "--output", code)
    exit_code, said, _ = stranger.say("verify", code)
    assert exit_code == 3  # proof of issue, never of status
    assert number in said
    whole, absent = tmp_path / "register.hallmark", tmp_path / "absent.hallmark"
    stranger("register", "extract", "--output", whole)
    assert stranger("verify", whole)["certificates"] == {number: {"status": "in-force", "since": shown["since"]}}
    other = identifier.complete(f"{number[:-8]}000002")
    stranger("register", "extract", other, "--output", absent)
    code, said, _ = stranger.say("verify", absent)
    assert (code, f"no certificate {other}" in said) == (1, True)
    assert stranger.refused("register", "extract", number, "--output", tmp_path / "x") == (5, "in-the-register")
    (case,) = town.alice("case", "list")
    submitted = town.alice("case", "show", case["case"])["history"][0]["entry"]
    claim = ("case", "disclose", case["case"], submitted, "product", "--output", tmp_path / "claim.hallmark")
    town.alice(*claim)
    code, said, _ = stranger.say("verify", tmp_path / "claim.hallmark")
    assert (code, '"model": "LW-1"' in said) == (0, True)
    assert stranger.refused(*claim)[1] == "no-such-case"
    for file, old, new in ((pdf, b"/Type", b"/type"), (form, b"Wallet", b"Wallat")):
        file.write_bytes(file.read_bytes().replace(old, new, 1))
        assert stranger.say("verify", file)[0] == 2
    for job in ("check", "rebuild"):
        code, said, _ = stranger.say("operate", job)
        assert code == 0
        assert "entries" in said


def suspend(town, number):
    """The body suspends it, once."""
    town.grace("suspend", number, "--reason-code", "complaint", "--reason", "under investigation")
    assert town.olga("register", "show", number)["status"] == "suspended"
    again = ("--reason-code", "complaint", "--reason", "still under investigation")
    assert town.grace.refused("suspend", number, *again) == (5, "status-impossible")
