"""Cases as their parties see them, and what may come next."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Path, Query, Router
from pydantic import Field

from hallmark.api.drafts import DraftReply, show_draft
from hallmark.api.identity import Request, signed_in
from hallmark.api.problem import language_of
from hallmark.api.schema import EXTRACT_TYPE, Body, Code, Digest, Identifier, Index, Json, Line, Reply, to_json
from hallmark.kernel.errors import Language
from hallmark.office.accounts.policies import may
from hallmark.office.casework import queries as casework
from hallmark.office.registry import policies, queries, services
from hallmark.office.registry.errors import NoSuchClaim
from hallmark.office.registry.policies import SEE_CASE
from hallmark.office.testing import queries as testing_queries
from hallmark.office.testing import report as test_report
from hallmark.office.testing import services as testing
from hallmark.rules.certificate import NotSignedOff
from hallmark.rules.state import Record
from hallmark.scheme.model import Module
from hallmark.statement import envelope
from hallmark.statement.kinds import find
from hallmark.statement.plain import write, write_claims

router = Router(auth=signed_in, tags=["cases"])

Case = Annotated[Identifier, Path()]
Run = Annotated[Identifier, Path()]
_Function = Annotated[str, Query(pattern=r"^[a-z_]{1,64}$")]


class CaseLine(Reply):
    """A case in a list."""

    case: str
    stage: str
    product_type: str
    product: Json
    applicant: str
    body: str
    laboratory: str | None


class CaseReply(Reply):
    """A case: its record, the digest that review, decision and sign-off name, and its statements in ledger order.

    `acts` are the kinds that may follow; `missing` the ids of documents that the application lacks; `overdue` the
    numbers of nonconformities past their day; `late` where the evaluation is past its.
    """

    case: str
    stage: str
    digest: str
    record: Json
    missing: list[str]
    overdue: list[int]
    late: bool
    acts: list[str]
    history: list[Json]


class MissingReply(Reply):
    """The documents that an application lacks, with their titles."""

    missing: list[Json]


class ItemsReply(Reply):
    """The items of one leg of the evaluation; the `decisive` ones must be reported, and can fail the product."""

    items: list[Json]
    decisive: list[str]


class CandidateReply(Reply):
    """Somebody who might act, and the rule that forbids it."""

    id: str
    name: Json
    excluded_by: Json | None


class SampleFile(Body):
    """Uploaded evidence in the role that the kit reads it in."""

    role: Code
    address: Digest


class NewRun(Body):
    """A test to run; `declaration` is what the applicant declares to the kit."""

    sample: Identifier
    files: list[SampleFile]
    declaration: Json = Field(default_factory=dict)


class RunReply(Reply):
    """A run of a kit: the job that does it and, once it has ended, a verdict per item."""

    run: str
    case: str
    sample: str
    job: int | None
    ended_ms: int | None
    conclusion: str | None
    verdicts: dict[str, str]
    waiting: list[str]


class Judgement(Body):
    """A person's judgement on an item that the machine left to people; `evidence` are SHA-256 digests."""

    item: Code
    verdict: Literal["pass", "fail", "inconclusive", "not-applicable"]
    reason: Line
    evidence: list[Digest] = Field(default_factory=list)


@router.get("/cases", response=list[CaseLine], summary="Your cases")
def list_cases(request: Request) -> list[Json]:
    """Return the cases of your organisations; all of them for a scheme owner."""
    return [
        {
            "case": name,
            "product": write(record["product"]),
            "laboratory": record.get("laboratory"),
            **{field: record[field] for field in ("stage", "product_type", "applicant", "body")},
        }
        for name, record in queries.cases(request.auth.organisations)
    ]


@router.get("/cases/{case}", response=CaseReply, summary="A case")
def show_case(request: Request, case: Case) -> Json:
    """Return the whole file of a case that is yours to see; for others there is none."""
    seen = _view(request, case)
    return {
        "case": case,
        "stage": seen.record["stage"],
        "digest": seen.digest.hex(),
        "record": write(seen.record),
        "missing": list(seen.missing),
        "overdue": list(seen.overdue),
        "late": seen.late,
        "acts": list(seen.acts),
        "history": [_entry(row) for row in queries.history(case)],
    }


@router.get("/cases/{case}/entries/{index}/{claim}.hallmark", summary="One hidden claim, to show to others")
def disclose_claim(
    request: Request, case: Case, index: Index, claim: Annotated[str, Path(pattern=r"[a-z_]{1,64}")]
) -> HttpResponse:
    """Return one claim of an entry of the case with its proof; whoever is shown it learns nothing else."""
    _record(request, case)
    if all(row.index != index for row in queries.history(case)):
        raise NoSuchClaim(claim=claim, index=index)
    headers = {"Content-Disposition": f'attachment; filename="{case}.{index}.{claim}.hallmark"'}
    return HttpResponse(queries.claim(index, claim), content_type=EXTRACT_TYPE, headers=headers)


@router.get("/cases/{case}/missing", response=MissingReply, summary="What an application lacks")
def show_missing(request: Request, case: Case) -> Json:
    """Return the documents that the scheme asks of this application and that it lacks."""
    seen = _view(request, case)
    documents = seen.edition.scheme.documents
    return {"missing": [{"document": name, "title": documents[name].title._asdict()} for name in seen.missing]}


@router.get("/cases/{case}/items/{leg}", response=ItemsReply, summary="What a report must cover")
def list_items(request: Request, case: Case, leg: Annotated[Literal["type_test", "audit"], Path()]) -> Json:
    """Return the requirement items of a case for its laboratory (`type_test`) or its auditor (`audit`)."""
    seen = _view(request, case)
    decisive = [item.id for item in seen.edition.decisive(seen.record, Module(leg))]
    return {"items": to_json(seen.edition.items(seen.record, Module(leg))), "decisive": decisive}


@router.get("/cases/{case}/candidates", response=list[CandidateReply], summary="Who may act in a function")
def list_candidates(request: Request, case: Case, function: _Function) -> list[Json]:
    """Return those whom the body, or the laboratory, records in `function`, with the rule that excludes some."""
    record = _record(request, case)
    party = "laboratory" if function in casework.LABORATORY_FUNCTIONS else "body"
    may(request.auth, SEE_CASE, record.get(party) or record["body"])
    return [_candidate(each, language_of(request)) for each in casework.candidates(case, function)]


@router.get("/cases/{case}/laboratories", response=list[CandidateReply], summary="Which laboratories may test it")
def list_laboratories(request: Request, case: Case) -> list[Json]:
    """Return all laboratories, with the rule that excludes some from this case today."""
    _record(request, case)
    return [_candidate(each, language_of(request)) for each in casework.laboratories(case)]


@router.post("/cases/{case}/certificate", response={201: DraftReply}, summary="Prepare the certificate of a case")
def prepare_certificate(request: Request, case: Case) -> Json:
    """Prepare the certificate that the case has earned, as the case establishes it, with the next number."""
    record = _record(request, case)
    may(request.auth, policies.act_of("certificate.issued"), record["body"])
    if record["stage"] != "signed_off":
        raise NotSignedOff(case=case)  # the rules would say so too, of a draft that cannot be complete yet
    number, claims = casework.certificate_claims(case)
    draft = services.prepare(request.auth, "certificate.issued", record["body"], number, claims)
    return show_draft(request.auth, draft.id)


@router.get("/cases/{case}/reports/{report}.{form}", summary="A test report")
def draw_report(
    request: Request,
    case: Case,
    report: Annotated[Identifier, Path()],
    form: Annotated[Literal["pdf", "html", "json"], Path()],
) -> HttpResponse:
    """Return an issued test report of a case that is yours to see: a PDF with the record inside, a page, or JSON."""
    content = test_report.draw(request.auth, case, report, form)
    headers = {
        "Content-Disposition": f'attachment; filename="{report}.{form}"',
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    return HttpResponse(content, content_type=test_report.FORMS[form], headers=headers)


@router.post("/cases/{case}/runs", response={201: RunReply}, summary="Run the kit on a sample")
def start_run(request: Request, case: Case, body: NewRun) -> Json:
    """Have a worker test uploaded files that are builds of this case; for the laboratory planned."""
    _record(request, case)
    files = [{"role": file.role, "address": file.address} for file in body.files]
    return _run(testing.start(request.auth, case, body.sample, files, body.declaration))


@router.get("/cases/{case}/runs", response=list[RunReply], summary="The runs of a case")
def list_runs(request: Request, case: Case) -> list[Json]:
    """Return the runs of your laboratory on this case, newest first."""
    _record(request, case)
    return [_run(row) for row in testing_queries.runs(request.auth, case)]


@router.get("/runs/{run}", response=RunReply, summary="A run")
def show_run(request: Request, run: Run) -> Json:
    """Return a run of your laboratory; while it works, its job tells the progress."""
    return _run(testing_queries.run(request.auth, run))


@router.post("/runs/{run}/judgements", response=RunReply, summary="Judge what a machine cannot")
def judge(request: Request, run: Run, body: Judgement) -> Json:
    """Add your judgement on an item that waits for a person."""
    testing.judge(request.auth, run, body.item, body.verdict, body.reason, body.evidence)
    return _run(testing_queries.run(request.auth, run))


@router.post("/runs/{run}/report", response={201: DraftReply}, summary="Draw up the test report")
def draw_up(request: Request, run: Run) -> Json:
    """Prepare the report of a run that has ended; it then takes the approvals of tester and authorised signatory."""
    return show_draft(request.auth, testing.draw_up(request.auth, run).id)


def _record(request: Request, case: str) -> Record:
    """Return the record of a case; raises `NoSuchCase` where there is none to see for whoever asks."""
    policies.may_see_case(request.auth, case)
    return queries.case(case)


def _view(request: Request, case: str) -> casework.View:
    _record(request, case)
    return casework.view(case)


def _entry(row: Any) -> Json:
    statement = envelope.parse(bytes(row.encoded))
    return {
        "entry": row.index,
        "kind": row.kind,
        "issuer": row.issuer,
        "told_ms": row.told_ms,
        "digest": statement.digest.hex(),
        "claims": write_claims(find(row.kind), queries.claims(row)),
        "approvals": [{"person": each.person, "function": each.function} for each in statement.approvals],
    }


def _candidate(each: casework.Candidate, language: Language) -> Json:
    breach = each.excluded_by
    excluded = breach and {"code": breach.code, "article": breach.article, "detail": breach.explain(language)}
    return {"id": each.id, "name": each.name._asdict(), "excluded_by": excluded}


def _run(row: Any) -> Json:
    record = testing_queries.record(row) if row.record else None
    judged = {each.item for each in record.by_hand} if record else set()
    return {
        "run": row.id,
        "case": row.case,
        "sample": row.sample,
        "job": row.job,
        "ended_ms": row.ended_ms,
        "conclusion": str(record.conclusion) if record else None,
        "verdicts": {line.id: str(record.verdict(line.id)) for line in record.requirements} if record else {},
        "waiting": [item for item in record.for_people if item not in judged] if record else [],
    }
