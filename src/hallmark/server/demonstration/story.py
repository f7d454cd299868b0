"""What happens: unhappy ways some weeks ago, then three products now, tested for real while the newcomer watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hallmark.cli.output import pad
from hallmark.kernel.text import Text
from hallmark.lab.kit import Verdict
from hallmark.lab.record import Record
from hallmark.office.casework import queries as casework
from hallmark.office.evidence import queries as contents
from hallmark.office.evidence import services as evidence
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.jobs.worker import work
from hallmark.office.registry import queries as registry
from hallmark.office.registry import services as statements
from hallmark.office.testing import queries as runs
from hallmark.office.testing import services as testing
from hallmark.paper.report import ISOLATION_LEVELS, RESULTS
from hallmark.scheme.model import Module
from hallmark.server.demonstration.products import Product
from hallmark.server.demonstration.stage import Stage, digest

Say = Callable[[Text], object]
_REASON = "judged by a persona of the demonstration, without a device / 由演示角色判定，未使用设备"
_AGREEMENT = """Certification agreement of the demonstration / 演示用认证协议

The client keeps fulfilling the requirements, gives access for evaluation and surveillance, claims certification only
within its scope, and reports changes (ISO/IEC 17065:2012 4.1.2).
委托方持续符合认证要求，为评价与监督提供便利，仅在认证范围内宣称获证，并及时报告变更。
"""
_OUTCOMES = {"grant": Text("授予", "grant"), "refuse": Text("不授予", "refuse")}
_BY_PERSONA = Text("由演示角色判定", "by a persona")
_COLUMN, _MOST = 18, 90
_LABORATORIES = {"CFP-01": ("meridian", "ivan", "judy"), "CFP-02": ("zenith", "leo", "mona")}


def decline(stage: Stage, product: Product) -> str:
    """An applicant is declined, appeals, and is rejected by somebody who took no part."""
    case = _apply(stage, "jade", "charlie", product, "declined", documents=False)
    officer, maker = {"case_officer": "dora"}, {"applicant_representative": "charlie"}
    reasons = {"reasons": "the documents were asked for twice and never came / 两次催告仍未补齐文件"}
    stage.act("application.declined", "dora", "northern", case, reasons, officer)
    stage.pass_time(days=3)
    grounds = {"grounds": "the documents were on their way / 文件正在寄送途中"}
    stage.act("appeal.lodged", "charlie", "jade", case, grounds, maker)
    stage.pass_time(days=4)
    claims = {
        "case_digest": casework.view(case).digest,
        "outcome": "rejected",
        "reasons": "nothing was sent within the time given / 期限内未收到任何文件",
    }
    stage.act("appeal.decided", "kate", "northern", case, claims, {"decision_maker": "kate"})
    return case


def let_lapse(stage: Stage, product: Product) -> str:
    """A nonconformity is raised and never answered; when its day has passed, the body closes the case."""
    case = _apply(stage, "jade", "charlie", product, "lapsed")
    _take_on(stage, case, "jade", "charlie", product, days=60)
    number = _raise_nonconformity(stage, case, days=14)
    stage.pass_time(days=16)
    claims = {
        "ground": "nonconformity_overdue",
        "reasons": f"nonconformity {number} was never answered / 不符合项未答复",
    }
    stage.act("application.closed", "dora", "northern", case, claims, {"case_officer": "dora"})
    return case


def take_the_whole_way(stage: Stage, product: Product, say: Say) -> str | None:
    """Apply, test for real, audit, review, decide; return the certificate's number, or None where it is refused."""
    case = _apply(stage, "lotus", "alice", product, product.model)
    say(Text(f"  申请 {case}", f"  application {case}"))
    _take_on(stage, case, "lotus", "alice", product, days=30)
    record, run = evaluate(stage, case, product, say, by_persona=product.by_persona)
    if record.conclusion not in (Verdict.PASS, Verdict.FAIL):
        say(
            Text(
                "  没有结论：案件停在此处，等待所缺的内容",
                "  no conclusion: the case stops here, and waits for what is missing",
            )
        )
        return None
    _, tester, signatory = _LABORATORIES[product.product_type]
    draft = testing.draw_up(stage.actors[tester], run, at=stage.at)
    stage.submit(tester, draft.id, {"tester": tester, "authorised_signatory": signatory})
    report = registry.case(case)["tests"][-1]["report"]
    say(Text(f"  检测报告 {report} 由两人签署", f"  test report {report} signed by two persons"))
    if record.conclusion is Verdict.PASS:
        _audit(stage, case, say)
    outcome = "grant" if record.conclusion is Verdict.PASS else "refuse"
    _decide(stage, case, outcome, say)
    return _issue(stage, case, say) if outcome == "grant" else None


def evaluate(stage: Stage, case: str, product: Product, say: Say, *, by_persona: bool = False) -> tuple[Record, str]:
    """Upload the sample, run the kit on the worker; return record and run.

    With `by_persona`, a persona judges what needs a person or a device; otherwise it stays open.
    """
    place, tester, _ = _LABORATORIES[product.product_type]
    content = product.read() or b""
    kept = stage.keep(place, product.file, content, product.media_type)
    sample = stage.new("SAMPLE", f"{case} sample")
    reception = {
        "sample": sample,
        "builds": registry.case(case)["product"]["builds"],
        "seals": ["DEMO-SEAL-1"],
        "condition": "sealed, undamaged / 封条完好",
        "received_on": stage.day(),
    }
    stage.act("sample.received", tester, place, case, reception)
    run = testing.start(
        stage.actors[tester],
        case,
        sample,
        [{"role": product.role, "address": kept.address}],
        dict(product.declare()),
    )

    def listen(event: Mapping[str, Any]) -> None:
        if event["event"] == "verdict" and event["verdict"] != Verdict.NOT_RUN:
            _say_verdict(say, event["item"], event["verdict"], Text(**event["reason"]))

    work("demonstration", {testing.JOB: lambda job: testing.carry_out(job, listen)}, wall_clock, until_idle=True)
    stage.pass_time(hours=1)
    record = runs.record(runs.run(stage.actors[tester], run.id))
    if by_persona:
        for item in record.for_people:
            record = testing.judge(stage.actors[tester], run.id, item, "pass", _REASON)
            _say_verdict(say, item, Verdict.PASS, _BY_PERSONA)
    (zh, en), level = RESULTS[record.conclusion], ISOLATION_LEVELS[record.session["isolation"]]
    say(Text(f"  结论：{zh}（{level.zh}）", f"  conclusion: {en} ({level.en})"))
    return record, run.id


def _say_verdict(say: Say, item: str, verdict: str, reason: Text) -> None:
    said = (pad(words, _COLUMN) + why[:_MOST] for words, why in zip(RESULTS[verdict], reason, strict=True))
    say(Text(*(f"    {item:<10} {line}" for line in said)))


def apply_and_test(stage: Stage, product: Product, say: Say) -> str:
    """Apply and test; what needs the device stays open, and so does the case."""
    case = _apply(stage, "lotus", "alice", product, product.model)
    say(Text(f"  申请 {case}", f"  application {case}"))
    _take_on(stage, case, "lotus", "alice", product, days=30)
    evaluate(stage, case, product, say)
    return case


def _apply(stage: Stage, place: str, who: str, product: Product, seed: str, *, documents: bool = True) -> str:
    content = product.read() or b""
    case = stage.new("CASE", seed)
    address = {
        "name": {"zh": f"{product.name.zh}厂", "en": f"{product.name.en} Works"},
        "address": "演示城市工厂路 1 号",
    }
    wanted = [
        line
        for line in stage.scheme.documents.values()
        if product.product_type in line.applies_to and not line.claim and documents
    ]
    claims = {
        "scheme": stage.scheme.id,
        "edition": stage.scheme.edition,
        "product_type": product.product_type,
        "body": stage.places["northern"],
        "product": {
            "name": product.name._asdict(),
            "model": product.model,
            "version": product.version,
            "builds": [
                {"role": product.role, "name": product.file, "size": len(content) or 1, "sha256": digest(content)}
            ],
        },
        "manufacturer": address,
        "factory": address,
        "documents": [
            stage.claim(stage.keep(place, line.title.en[:200], f"{line.title.en}\n".encode()), document=line.id)
            for line in wanted
        ],
        "declares": [],
    }
    stage.act("application.submitted", who, place, case, claims)
    stage.pass_time(hours=2)
    return case


def _take_on(stage: Stage, case: str, place: str, maker: str, product: Product, *, days: int) -> None:
    """Accept, sign the agreement, plan."""
    officer = {"case_officer": "dora"}
    agreement = stage.keep("northern", "certification agreement", _AGREEMENT.encode())
    evidence.share(agreement.address, stage.places[place], organisations=[stage.places["northern"]])
    offer = {"agreement": stage.claim(agreement)}
    stage.act("application.accepted", "dora", "northern", case, offer, officer)
    read = b"".join(contents.read(agreement.address, [stage.places[place]]))
    stage.act("agreement.signed", maker, place, case, {"agreement": digest(read)}, {"applicant_representative": maker})
    plan = {
        "laboratory": stage.places[_LABORATORIES[product.product_type][0]],
        "team": [{"person": stage.persons["erin"], "function": "auditor"}],
        "evaluate_by": stage.day(days),
    }
    stage.act("evaluation.planned", "dora", "northern", case, plan, officer)


def _raise_nonconformity(stage: Stage, case: str, *, days: int) -> int:
    view = casework.view(case, at=stage.at)
    number = len(view.record["nonconformities"]) + 1
    photo = stage.keep("northern", "photo of the list", b"(a photo, in the demonstration a text)\n")
    claims = {
        "number": number,
        "grade": "minor",
        "requirement": view.edition.items(view.record, Module.AUDIT)[0].id,
        "finding": "the list of equipment is out of date / 设备清单未更新",
        "evidence": [stage.claim(photo)],
        "due": stage.day(days),
    }
    stage.act("nonconformity.raised", "erin", "northern", case, claims, {"auditor": "erin"})
    return number


def _audit(stage: Stage, case: str, say: Say) -> None:
    """On site: one minor nonconformity, answered, verified, closed."""
    number = _raise_nonconformity(stage, case, days=30)
    view = casework.view(case, at=stage.at)
    raised = {each["requirement"] for each in view.record["nonconformities"].values()}
    report = {
        "report": stage.new("REPORT", f"{case} audit"),
        "site": {"name": "莲花工厂 · Lotus works", "address": "演示城市工厂路 1 号 · 1 Works Road"},
        "findings": {
            item.id: "nonconforming" if item.id in raised else "conforms"
            for item in view.edition.items(view.record, Module.AUDIT)
        },
        "evidence": [],
        "nonconformities": [number],
        "started_on": stage.day(),
        "finished_on": stage.day(),
        "offline": False,
    }
    auditor = {"auditor": "erin"}
    stage.act("audit.reported", "erin", "northern", case, report, auditor)
    answer = {
        "number": number,
        "cause": "nobody was in charge of the list / 清单无人负责",
        "corrective_action": "named a keeper and brought the list up to date / 指定专人并更新清单",
        "evidence": [stage.claim(stage.keep("lotus", "new list", b"equipment list, up to date\n"))],
    }
    stage.act("nonconformity.answered", "alice", "lotus", case, answer, {"applicant_representative": "alice"})
    closing = {"number": number, "verification": "seen on site / 现场核实"}
    stage.act("nonconformity.closed", "erin", "northern", case, closing, auditor)
    say(
        Text(
            "  现场审核：一项轻微不符合项，已提出、答复、关闭",
            "  audited on site: one minor nonconformity raised, answered, closed",
        )
    )


def _decide(stage: Stage, case: str, outcome: str, say: Say) -> None:
    reviewed = {
        "case_digest": casework.view(case).digest,
        "recommendation": outcome,
        "reasons": "the whole file was read / 已通读全部案卷",
    }
    stage.act("review.recommended", "frank", "northern", case, reviewed, {"reviewer": "frank"})
    decided = {
        "case_digest": casework.view(case).digest,
        "outcome": outcome,
        "reasons": "as the evaluation shows / 依据评价结果",
    }
    stage.act("decision.made", "grace", "northern", case, decided, {"decision_maker": "grace"})
    zh, en = _OUTCOMES[outcome]
    say(Text(f"  Frank 复核，Grace 决定：{zh}", f"  reviewed by Frank, decided by Grace: {en}"))


def _issue(stage: Stage, case: str, say: Say) -> str:
    signed = {"case_digest": casework.view(case).digest, "remark": "signed off / 签发"}
    stage.act("signoff.made", "henry", "northern", case, signed, {"responsible_person": "henry"})
    number, claims = casework.certificate_claims(case, at=stage.at)
    stage.act("certificate.issued", "dora", "northern", number, claims)
    stage.pass_time(minutes=1)
    statements.state_status(at=stage.at)
    until = claims["valid_until"]
    say(
        Text(
            f"  Henry 签发；证书 {number} 有效期至 {until}",
            f"  signed off by Henry; certificate {number} in force until {until}",
        )
    )
    return number
