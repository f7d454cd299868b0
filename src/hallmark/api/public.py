"""What anyone may ask: the log, the scheme, the register, and whether a certificate holds."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from hallmark.api.identity import anyone
from hallmark.api.schema import EXTRACT_TYPE, Code, Identifier, Index, Json, Reply, encode, of_shape, to_json
from hallmark.api.upload import FILE, Upload
from hallmark.certificate import status as certificate_status
from hallmark.certificate.profile import PROFILES
from hallmark.kernel import instant
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.office.jobs.clock import now
from hallmark.office.papers import credentials, printed
from hallmark.office.papers import services as papers
from hallmark.office.registry import queries, search
from hallmark.office.registry.errors import NoSuchCertificate, NoSuchEntry
from hallmark.office.registry.state import held_schemes
from hallmark.scheme.explain import catalogue, explain
from hallmark.scheme.model import Scheme
from hallmark.scheme.parameters import resolve
from hallmark.schemes import NoSuchScheme
from hallmark.statement import envelope, kinds
from hallmark.statement.certificate import record_digest
from hallmark.statement.plain import write
from hallmark.verify import report
from hallmark.verify.attachment import MAX_PDF
from hallmark.verify.bundle import TrustBundle
from hallmark.verify.file import verify_file

router = Router(auth=anyone, tags=["public"])

Status = Literal["in-force", "suspended", "withdrawn", "cancelled", "expired"]
_SHIPPED = "cfp"
_FILE_TYPE = "application/vnd.hallmark.certificate+cbor"


class EntryReply(Reply):
    """An entry with its inclusion proof under the last checkpoint; all bytes but the statement's in hexadecimal."""

    index: int
    kind: str
    issuer: str
    subject: str
    statement: str
    proof: list[str]
    size: int
    root: str
    checkpoint: str


class KindReply(Reply):
    """A kind of statement: who issues it and which claims it takes, each with its visibility and JSON Schema."""

    kind: str
    title: Json
    issuers: list[str]
    about: Json
    claims: list[Json]


class SchemeReply(Reply):
    """A scheme with the product types that can be certified on a day."""

    id: str
    edition: str
    digest: str
    title: Json
    profiles: list[str]
    default_profile: str
    day: str
    types: list[Json]


class ExplanationReply(Reply):
    """What a product type is evaluated against on a day."""

    product_type: Json
    day: str
    profile: Json
    levels: Json | None
    standards: list[Json]
    items: list[Json]
    checklists: list[Json]
    decisive: list[str]
    documents: list[Json]
    samples: list[Json]
    steps: list[Json]


class RowReply(Reply):
    """One certificate of the register."""

    number: str
    status: str
    record: Json


class PageReply(Reply):
    """One page of what a search found."""

    rows: list[RowReply]
    total: int
    page: int
    page_size: int


class CertificateReply(Reply):
    """A certificate's record, what its status is today, and how it came to that.

    `credential` is what its credentials say beyond the record: the address of the register, and the certificate's
    position in the status lists of its body.
    """

    number: str
    status: str
    since: str
    reason_code: str
    record: Json
    record_digest: str
    history: list[Json]
    credential: Json


class AnswerReply(Reply):
    """What a certificate's form proves: in both languages where words are for people, null where nothing is known.

    `answer` is the status, `unknown` where it cannot be told and `why` says why; `page` says whether the page
    that the form came out of is as its body sealed it, null where it came from no page. A page that was not checked
    leaves everything `unknown`.
    """

    answer: str
    kind: str
    number: str
    since: str | None = None
    reason_code: str | None = None
    known_at: str | None = None
    age_ms: int | None = None
    why: Json | None = None
    vouched_by: list[Json]
    attested: list[Json] | None = None
    environment: str
    development: bool
    trust_bundle: str
    record: Json | None
    record_digest: str
    page: str | None = None


@router.get("/checkpoint", summary="The last signed checkpoint of the log")
def checkpoint(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - ninja hands the request to every operation
    """Return a C2SP signed note (tlog-checkpoint)."""
    return HttpResponse(queries.checkpoint().encode(), content_type="text/plain; charset=utf-8")


@router.get("/trust-bundle", summary="The keys to check everything else with")
def trust_bundle(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Return the trust bundle; compare its fingerprint with the printed one."""
    return HttpResponse(queries.trust_bundle(), content_type="application/json")


@router.get("/policy-chain", summary="How the consortium's members changed, in their own signatures")
def policy_chain(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Return the starts of all epochs, from which a verifier with an older trust bundle comes to today's."""
    return HttpResponse(queries.policy_chain(), content_type="application/cbor")


@router.get("/entries/{index}", response=EntryReply, summary="An entry of the log with its proof")
def entry(request: HttpRequest, index: Index) -> Json:  # noqa: ARG001
    """Return the public part of a statement, and the proof that it is in the log."""
    note, log = queries.published()
    head = Checkpoint.parse(note.text)
    if index >= head.size:
        raise NoSuchEntry(index=index, size=head.size)
    encoded = log.entry(index)
    draft = envelope.parse(encoded).draft
    return {
        "index": index,
        "kind": draft.kind.name,
        "issuer": draft.issuer,
        "subject": draft.subject,
        "statement": encode(encoded),
        "proof": [each.hex() for each in log.prove_inclusion(index)],
        "size": head.size,
        "root": head.root.hex(),
        "checkpoint": note.encode().decode(),
    }


@router.get("/kinds", response=list[KindReply], summary="Every kind of statement and its claims")
def list_kinds(request: HttpRequest) -> list[Json]:  # noqa: ARG001
    """Return the kinds; `claims` of a draft are an object of these claims."""
    return [
        {
            "kind": kind.name,
            "title": kind.title._asdict(),
            "issuers": [str(role) for role in kind.issuers],
            "about": of_shape(kind.about),
            "claims": [
                {
                    "name": claim.name,
                    "visibility": str(claim.visibility),
                    "optional": claim.optional,
                    "schema": of_shape(claim.shape),
                }
                for claim in kind.claims
            ],
        }
        for kind in kinds.KINDS.values()
    ]


@router.get("/schemes/{scheme}", response=SchemeReply, summary="The catalogue of a scheme")
def show_scheme(request: HttpRequest, scheme: Annotated[Code, Path()], day: date | None = None) -> Json:  # noqa: ARG001
    """Return the product types that can be certified on `day`, today where none is given."""
    data = _scheme(scheme)
    on = day or _today(data)
    return {
        "id": data.id,
        "edition": data.edition,
        "digest": data.digest.hex(),
        "title": data.title._asdict(),
        "profiles": list(data.profiles),
        "default_profile": data.default_profile,
        "day": on.isoformat(),
        "types": to_json(catalogue(data, on)),
    }


@router.get(
    "/schemes/{scheme}/types/{product_type}",
    response=ExplanationReply,
    summary="What a product type is evaluated against",
)
def explain_type(
    request: HttpRequest,  # noqa: ARG001
    scheme: Annotated[Code, Path()],
    product_type: Annotated[Code, Path()],
    day: date | None = None,
    profile: Annotated[Code | Literal[""], Query()] = "",
    level: Annotated[Code | Literal[""], Query()] = "",
    declares: Annotated[list[Code] | None, Query()] = None,
) -> Json:
    """Return standards, items, checklists, documents, samples and production steps, with source and certainty.

    `level` and `declares` are what an application would say; without them, everything that might be asked is returned.
    """
    data = _scheme(scheme)
    found = explain(data, product_type, day or _today(data), profile=profile, level=level, claims=declares)
    reply: Json = to_json(found)
    reply["standards"] = [
        {"reference": to_json(reference), "standard": to_json(standard)} for reference, standard in found.standards
    ]
    reply["checklists"] = [
        {"checklist": to_json(checklist), "items": to_json(items)} for checklist, items in found.checklists
    ]
    return reply


@router.get("/register", response=PageReply, summary="Search the register of certificates")
def search_register(
    request: HttpRequest,  # noqa: ARG001
    q: Annotated[str, Query(max_length=200)] = "",
    product_type: Annotated[Code | Literal[""], Query(alias="type")] = "",
    body: Annotated[Identifier | Literal[""], Query()] = "",
    status: Annotated[Status | Literal[""], Query()] = "",
    page: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Json:
    """Return the certificates that hold every word of `q`, in Chinese or English, newest first."""
    today = _today(_scheme(_SHIPPED))
    found = search.find(q, today=today, product_type=product_type, body=body, status=status, page=page)
    rows = [{"number": row.number, "status": str(row.status), "record": write(row.record)} for row in found.rows]
    return {"rows": rows, "total": found.total, "page": found.page, "page_size": search.PAGE_SIZE}


@router.get("/register/snapshot.hallmark", summary="The whole register, that can be checked offline")
def download_snapshot(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Return every certificate's status as last stated, with the proof that these are all."""
    headers = {"Content-Disposition": 'attachment; filename="register.hallmark"'}
    return HttpResponse(queries.snapshot(), content_type=EXTRACT_TYPE, headers=headers)


@router.get("/register/{number}/absence.hallmark", summary="The proof that there is no such certificate")
def download_absence(request: HttpRequest, number: Annotated[Identifier, Path()]) -> HttpResponse:  # noqa: ARG001
    """Return the proof that the register as last stated has no certificate of this number (else 409)."""
    headers = {"Content-Disposition": f'attachment; filename="{number}.absence.hallmark"'}
    return HttpResponse(queries.absence(number), content_type=EXTRACT_TYPE, headers=headers)


@router.get("/register/{number}", response=CertificateReply, summary="A certificate's record and status")
def show_certificate(request: HttpRequest, number: Annotated[Identifier, Path()]) -> Json:  # noqa: ARG001
    """Return the record as issued, the status now, and every status with record date and effective date."""
    record = queries.find_public_record(number)
    status = queries.record(f"certificate/{number}")
    if status is None:
        raise NoSuchCertificate(number=number)
    reading = certificate_status.read(status, now())
    return {
        "number": number,
        "status": str(reading.status),
        "since": reading.since,
        "reason_code": reading.reason_code,
        "record": write(record),
        "record_digest": record_digest(number, record).hex(),
        "history": write(status["history"]),
        "credential": credentials.place(number),
    }


@router.get("/register/{number}/certificate.hallmark", summary="A certificate that can be checked offline")
def download_certificate(request: HttpRequest, number: Annotated[Identifier, Path()]) -> HttpResponse:  # noqa: ARG001
    """Return the machine form: issuing statement, proofs and stated status in one file."""
    headers = {"Content-Disposition": f'attachment; filename="{number}.hallmark"'}
    return HttpResponse(queries.machine_form(number), content_type=_FILE_TYPE, headers=headers)


@router.get("/register/{number}/certificate.pdf", summary="A certificate on paper")
def draw_certificate(request: HttpRequest, number: Annotated[Identifier, Path()]) -> HttpResponse:  # noqa: ARG001
    """Return the sealed PDF, with the machine form of this moment inside."""
    headers = {"Content-Disposition": f'attachment; filename="{number}.pdf"'}
    return HttpResponse(papers.draw_certificate(number), content_type="application/pdf", headers=headers)


@router.get("/register/{number}/certificate.txt", summary="The text of the printed code")
def write_code(request: HttpRequest, number: Annotated[Identifier, Path()]) -> HttpResponse:  # noqa: ARG001
    """Return the text that the code on paper holds: a proof of issue, which never says the status."""
    headers = {"Content-Disposition": f'attachment; filename="{number}.txt"'}
    return HttpResponse(printed.write_code(number), content_type="text/plain; charset=us-ascii", headers=headers)


@router.get("/register/{number}/certificate.vc.json", summary="A certificate as W3C Verifiable Credential")
def write_vc(request: HttpRequest, number: Annotated[Identifier, Path()]) -> HttpResponse:  # noqa: ARG001
    """Return the VC 2.0 with an `eddsa-jcs-2022` proof by the body, where its key is held here (else 409)."""
    return _credential(number, "vc")


@router.get("/register/{number}/certificate.untp.jwt", summary="A certificate as UNTP conformity credential")
def write_untp(request: HttpRequest, number: Annotated[Identifier, Path()]) -> HttpResponse:  # noqa: ARG001
    """Return the Digital Conformity Credential 0.7 as JWS by the body, where its key is held here (else 409)."""
    return _credential(number, "untp")


@router.post("/verify", response=AnswerReply, summary="Check a certificate", openapi_extra=FILE)
def verify(request: HttpRequest) -> Json:
    """Return what the file in the body proves: a .hallmark file, a PDF (its page is checked too), a code, a credential.

    Nothing is kept; `hallmark-verify` gives the same answer offline, and to who does not trust this server.
    """
    bundle = TrustBundle.parse(queries.trust_bundle())
    answer, checked = verify_file(Upload(request).read_all(MAX_PDF), bundle, now())
    return report.to_json(answer, bundle, page=checked)


def _credential(number: str, form: str) -> HttpResponse:
    profile = PROFILES[form]
    headers = {"Content-Disposition": f'attachment; filename="{number}.{profile.ending}"'}
    return HttpResponse(credentials.write_credential(number, form), content_type=profile.media_type, headers=headers)


def _scheme(name: str) -> Scheme:
    for scheme in held_schemes().values():
        if scheme.id == name:
            return scheme
    raise NoSuchScheme(which=name, known=", ".join(sorted(scheme.id for scheme in held_schemes().values())))


def _today(scheme: Scheme) -> date:
    return instant.civil_date(now(), resolve(scheme).integer("civil_offset_minutes"))
