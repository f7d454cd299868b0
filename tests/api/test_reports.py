"""The laboratory tests a real package, two persons sign, and the report is there for whoever may see the case."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from hallmark.kernel.hashing import sha256
from hallmark.lab import record as lab_record
from hallmark.paper.report import RECORD, RESULTS
from hallmark.verify.attachment import attachment

pytestmark = pytest.mark.django_db(transaction=True)

APP = Path(__file__).parents[2] / "demo" / "app"
APK = (APP / "reference-payment-1.0.0.apk").read_bytes()


class Laboratory:
    """Meridian with a case whose build is a real package: runs its kit, and reports."""

    ran = ""

    def __init__(self, market) -> None:
        build = {"role": "apk", "name": "reference-payment.apk", "size": len(APK), "sha256": sha256(APK).hex()}
        product = {"name": {"zh": "参考支付", "en": "Reference"}, "model": "HRP-1", "version": "1.0.0"}
        self.market = market
        application = market.application
        market.application = lambda **claims: application(product={**product, "builds": [build]}, **claims)
        self.case = market.planned()
        self.today = market.dora.get("/schemes/cfp")[1]["day"]
        self.builds = [build]
        received = {"builds": [build], "seals": ["SEAL-17"], "condition": "dented box, seal whole"}
        market.act("ivan", "sample.received", self.case, {**received, "received_on": self.today})
        (self.sample,) = market.ivan.get(f"/cases/{self.case}")[1]["record"]["samples"]
        self.kept = self.keep(APK, "reference-payment.apk")

    def keep(self, content: bytes, name: str) -> dict:
        """Bring a file of the laboratory."""
        where = f"/evidence?organisation={self.market.places['meridian']}&name={name}"
        status, kept = self.market.ivan.call("POST", where, data=content, content_type="application/octet-stream")
        assert status == 201, kept
        return kept

    def run(self) -> str:
        """Let the worker run the kit."""
        from hallmark.office.jobs.clock import now
        from hallmark.office.jobs.worker import work
        from hallmark.office.testing import services

        body = {
            "sample": self.sample,
            "files": [{"role": "apk", "address": self.kept["address"]}],
            "declaration": json.loads((APP / "declaration.json").read_text()),
        }
        status, run = self.market.ivan.post(f"/cases/{self.case}/runs", body)
        assert status == 201, run
        work("test", {services.JOB: services.carry_out}, now, until_idle=True)
        return run["run"]

    def judge(self, run: str, verdict: str, reason: str) -> None:
        """Let Ivan judge what a machine cannot."""
        for item in self.market.ivan.get(f"/runs/{run}")[1]["waiting"]:
            body = {"item": item, "verdict": verdict, "reason": reason, "evidence": ["ab" * 32]}
            assert self.market.ivan.post(f"/runs/{run}/judgements", body)[0] == 200

    def draw_up(self, run: str) -> dict:
        status, draft = self.market.ivan.post(f"/runs/{run}/report")
        assert status == 201, draft
        return draft

    def sign(self, draft: dict) -> str:
        """Let tester and authorised signatory approve, and submit; return the report."""
        for function, name in (("tester", "ivan"), ("authorised_signatory", "judy")):
            approval = self.market.approval(draft, function, name)
            assert self.market.people[name].post(f"/drafts/{draft['id']}/approvals", approval)[0] == 200
        status, answer = self.market.judy.post(f"/drafts/{draft['id']}/submit")
        assert status == 200, answer
        return draft["claims"]["report"]

    def read(self, report: str, form: str, who: str = "dora") -> bytes:
        answer = self.market.people[who].raw("GET", f"/cases/{self.case}/reports/{report}.{form}")
        assert answer.status_code == 200, answer.content
        return answer.content

    def evidence(self, claim: dict) -> bytes:
        answer = self.market.dora.raw("GET", f"/evidence/{claim['address']}")
        return b"".join(answer.streaming_content)


@pytest.fixture
def laboratory(opened, tmp_path):
    """The laboratory once its kit has run; `ran` is the run."""
    from office.snapshot import once

    def make():
        made = Laboratory(opened)
        made.ran = made.run()
        return made

    laboratory = once("laboratory", tmp_path, make)
    laboratory.market = opened
    return laboratory


@pytest.fixture
def reported(laboratory):
    """A report that two persons signed; some of its items were judged by hand."""
    laboratory.judge(laboratory.ran, "pass", "tried on device 4")
    draft = laboratory.draw_up(laboratory.ran)
    return SimpleNamespace(draft=draft, number=laboratory.sign(draft))


def test_the_report_has_what_iso_iec_17025_asks_for_and_agrees_with_the_record(laboratory, reported, text_of):
    """The letters of 7.8.2.1, and the clauses beside it; what is read is the page, without white space."""
    market, today = laboratory.market, laboratory.today
    text = text_of(laboratory.read(reported.number, "pdf"))
    record = lab_record.decode(laboratory.evidence(reported.draft["claims"]["record"]))
    entry = market.dora.get(f"/cases/{laboratory.case}")[1]["history"][-1]["entry"]
    asked = {
        "a": ("检测报告TESTREPORT",),
        "b": ("检测机构Laboratory", "meridian公司Meridian", "meridianroad"),
        "c": ("检测地点Placeoftestingmeridianroad",),
        "d": (f"报告编号ReportNo.{reported.number}", "Page1of", "Endofreport"),
        "e": ("委托方Customer", "lotus公司Lotus", "lotusroad"),
        "f": (f"{record.kit['id']}1", record.kit["digest"], "CLI-01", "JR/T0092-20196.3", "JR/T0092-2019移动金融"),
        "g": ("HRP-1，1.0.0", laboratory.sample, sha256(APK).hex(), "dentedbox,sealwhole", "SEAL-17"),
        "h": (f"接收Received{today}",),
        "i": (f"检测开始Testingbegan{today}", f"检测结束Testingended{today}"),
        "j": (f"签发Issued{today}",),
        "k": ("laboratorydidnotdrawit",),
        "l": ("Resultsrelateonlytotheitemstested",),
        "m": ("oldest_platform=28", "签名有效", "rsa_bits=2048"),
        "n": ("偏离Deviations,andwhatwasleftout无。None.",),
        "o": ("授权签字人Authorisedsignatory", "Judy", market.persons["judy"], "检测人员Tester", "Ivan"),
        "p": ("外部提供Externalprovider无。None.",),
        "reproduction": ("Nottobecopiedexceptinfull",),
        "7.8.2.2": ("Asthecustomerdeclaresit,notverified", "doesnotanswerforthem"),
        "7.8.3.1 a": ("随机种子Seed", "系统SystemLinux", "自检Self-check"),
        "7.8.6.1": ("判定规则Decisionrule", "withoutguardband(simpleacceptance)"),
        "7.8.7": ("意见与解释Opinions无。None.",),
        "isolation": (f"({record.session['isolation']})",),
        "by hand": ("triedondevice4", f"Ivan{market.persons['ivan']}", "ab" * 32, "机器判定thekitsaid"),
        "custody": ("Thelaboratoryreceivedthesample",),
        "ledger": (f"第{entry}条", record.digest.hex(), "Thisfilecarriesnoelectronicseal"),
    }
    lacking = {letter: each for letter, words in asked.items() for each in words if each not in text}
    assert lacking == {}
    _page_json_and_record_agree(laboratory, reported, text_of)


def _page_json_and_record_agree(laboratory, reported, text_of):
    page = laboratory.read(reported.number, "pdf")
    inside = attachment(page, RECORD)
    claims = reported.draft["claims"]
    assert inside == laboratory.evidence(claims["record"])
    assert sha256(inside).hex() == claims["record"]["sha256"]
    record = lab_record.decode(inside)
    said = json.loads(laboratory.read(reported.number, "json"))
    assert {item["id"]: item["verdict"] for item in said["items"]} == claims["verdicts"]
    assert {line.id: str(record.verdict(line.id)) for line in record.requirements} == claims["verdicts"]
    assert said["conclusion"] == str(record.conclusion)
    html = laboratory.read(reported.number, "html").decode()
    text = text_of(page)
    begin = text.index("结果Results")
    for item, verdict in claims["verdicts"].items():
        row = text.index(f"{item}应" if f"{item}应" in text else f"{item}宜", begin)
        words = RESULTS[verdict]
        cell = f"{words.zh}{words.en}".replace(" ", "")
        others = [f"{each.zh}{each.en}".replace(" ", "") for each in RESULTS.values()]
        first = min(each for each in (text.find(other, row) for other in others) if each > 0)
        assert text.startswith(cell, first) or text.startswith(f"不{cell}", first), item
        assert f"<b>{item}</b>" in html


def test_what_is_signed_is_what_is_issued_to_whoever_may_see_the_case(laboratory, text_of, stranger):
    laboratory.judge(laboratory.ran, "inconclusive", "the device broke")
    drawn = laboratory.draw_up(laboratory.ran)
    path = f"/cases/{laboratory.case}/reports/{drawn['claims']['report']}"
    status, problem = laboratory.market.judy.get(f"{path}.pdf")
    assert (status, problem["code"]) == (404, "no-such-report")  # before two persons have signed
    reported = SimpleNamespace(draft=drawn, number=laboratory.sign(drawn))
    draft = laboratory.evidence(drawn["claims"]["paper"])
    assert attachment(draft, RECORD) == attachment(laboratory.read(reported.number, "pdf"), RECORD)
    said = json.loads(laboratory.read(reported.number, "json"))
    text = text_of(draft)
    assert "Draft,notsigned" in text
    assert "Draft" not in text_of(laboratory.read(reported.number, "pdf"))
    for item in said["items"]:
        for words in (item["id"], item["title"]["zh"], item["reason"]["zh"]):
            assert "".join(words.split()) in text
    for words in (said["number"], said["sample"]["condition"], said["custody"][1]["at"], said["record"]["digest"]):
        assert "".join(words.split()) in text
    assert laboratory.market.persons["judy"] not in text
    _is_there_for_the_parties_alone(laboratory, path, stranger)


def _is_there_for_the_parties_alone(laboratory, path, stranger):
    for form in ("pdf", "html", "json"):
        for name in ("alice", "dora", "frank", "ivan", "bea"):
            assert laboratory.market.people[name].raw("GET", f"{path}.{form}").status_code == 200
        for name in ("charlie", "olga"):
            status, problem = laboratory.market.people[name].get(f"{path}.{form}")
            assert (status, problem["code"]) == (404, "no-such-case")
        assert stranger.get(f"{path}.{form}")[0] == 401
    status, problem = laboratory.market.dora.get(f"/cases/{laboratory.case}/reports/{laboratory.case}.pdf")
    assert (status, problem["code"]) == (404, "no-such-report")
    assert laboratory.market.dora.get(f"{path}.exe")[0] in (400, 404)


def test_a_report_is_the_same_whenever_it_is_read(laboratory, reported):
    first = {form: laboratory.read(reported.number, form) for form in ("pdf", "html", "json")}
    run = laboratory.run()
    laboratory.judge(run, "fail", "starts after re-signing")
    draft = laboratory.draw_up(run)
    assert draft["claims"]["amends"] == reported.number
    again = laboratory.sign(draft)
    assert {form: laboratory.read(reported.number, form, "alice") for form in first} == first
    changes = json.loads(laboratory.read(again, "json"))["amends"]["changes"]
    assert {"item": "CLI-12", "was": "pass", "verdict": "fail"} in changes
    assert all(each["was"] == "pass" for each in changes)


def test_no_page_is_drawn_whose_record_says_otherwise(laboratory):
    """A laboratory may put on the ledger what it likes; the record gives it away."""
    record = lab_record.decode(_record_of(laboratory.ran))
    data = record.encode()
    claims = {
        "sample": laboratory.sample,
        "builds": laboratory.builds,
        "kit": {"id": record.kit["id"], "version": record.kit["version"], "isolation": "bubblewrap"},
        "verdicts": {line.id: "pass" for line in record.requirements},
        "record": laboratory.keep(data, "record.cbor"),
        "paper": laboratory.keep(b"%PDF-", "report.pdf"),
        "started_on": laboratory.today,
        "finished_on": laboratory.today,
    }
    case, market = laboratory.case, laboratory.market
    market.act("ivan", "test.reported", case, claims, tester="ivan", authorised_signatory="judy")
    (test,) = market.dora.get(f"/cases/{case}")[1]["record"]["tests"]
    for form in ("pdf", "html", "json"):
        status, problem = market.dora.get(f"/cases/{case}/reports/{test['report']}.{form}")
        assert (status, problem["code"]) == (422, "report-disagrees")


def test_a_report_by_hand_says_that_persons_judged(opened, text_of):
    case = opened.evaluated()
    (test,) = opened.dora.get(f"/cases/{case}")[1]["record"]["tests"]
    path = f"/cases/{case}/reports/{test['report']}"
    said = opened.dora.get(f"{path}.json")[1]
    assert {item["id"]: item["verdict"] for item in said["items"]} == test["verdicts"]
    assert said["methods"] == [{"id": "hand", "version": "1", "isolation": "manual"}]
    assert "not mandatory and not reported" in said["deviations"][0]["en"]
    assert opened.dora.raw("GET", f"{path}.html").status_code == 200
    status, problem = opened.dora.get(f"{path}.pdf")  # its record was never brought
    assert (status, problem["code"]) == (404, "no-such-evidence")


def test_a_hosted_laboratory_has_a_seal(opened):
    from hallmark.office.registry import queries

    for role in ("laboratory", "applicant"):
        body = {"role": role, "name": {"zh": "天顶", "en": "Zenith"}, "address": "1 Road"}
        (row,) = queries.history(opened.olga.post("/organisations", body)[1]["id"])
        assert ("seal" in queries.claims(row)) is (role == "laboratory")


def _record_of(run: str) -> bytes:
    from hallmark.office.testing.models import TestRun

    return bytes(TestRun.objects.get(pk=run).record)
