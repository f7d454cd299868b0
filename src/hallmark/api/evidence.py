"""Files that prove something: brought, read, shared."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from ninja import Path, Query, Router

from hallmark.api.identity import Request, anyone, signed_in
from hallmark.api.schema import Body, Identifier, Json, Line, Reply
from hallmark.api.upload import FILE, Upload
from hallmark.kernel.text import Text
from hallmark.office.accounts.policies import Act, may, reach
from hallmark.office.evidence import queries, services
from hallmark.office.jobs.clock import now
from hallmark.office.registry.policies import may_see_case
from hallmark.statement.kind import Visibility
from hallmark.statement.shape import Words

router = Router(auth=signed_in, tags=["evidence"])

Address = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")]
STORE = Act(Text("保存证据", "keep evidence"))
SHARE = Act(Text("共享证据", "share evidence"))


class EvidenceReply(Reply):
    """What a claim names evidence by; `address` is the digest of the encrypted object, `sha256` that of the content."""

    title: str
    sha256: str
    size: int
    address: str


class Reader(Body):
    """An organisation to let read."""

    organisation: Identifier


@router.post("/evidence", response={201: EvidenceReply}, summary="Bring a file", openapi_extra=FILE)
def store(
    request: Request,
    organisation: Annotated[Identifier, Query()],
    name: Annotated[Line, Query()],
    case: Annotated[Identifier | None, Query()] = None,
    visibility: Literal["public", "members", "sealed"] = "members",
) -> Json:
    """Keep the body as evidence of `organisation`, encrypted; the header Content-Type says what it is."""
    Words(200).check(name, "name")
    may(request.auth, STORE, organisation)
    if case:
        may_see_case(request.auth, case)
    kept = services.store(
        Upload(request),
        name=name,
        media_type=request.content_type or "application/octet-stream",
        owner=organisation,
        visibility=Visibility(visibility),
        at=now(),
        case=case or "",
        by=request.auth.person or "",
    )
    return {"title": kept.name, "sha256": kept.digest, "size": kept.size, "address": kept.address}


@router.get("/evidence/{address}", auth=anyone, summary="Read a file")
def read(request: Request, address: Address) -> StreamingHttpResponse:
    """Return the content of evidence that is yours, shared with you, or public; each part is checked first."""
    found = queries.find(address, request.auth.organisations)
    response = StreamingHttpResponse(queries.read(address, request.auth.organisations), content_type=found.media_type)
    response["Content-Length"] = str(found.size)
    response["Content-Disposition"] = content_disposition_header(True, found.name or address) or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@router.post("/evidence/{address}/readers", response={204: None}, summary="Let an organisation read")
def share(request: Request, address: Address, body: Reader) -> None:
    """Let another organisation read evidence that is yours."""
    reach(request.auth, SHARE)
    services.share(address, body.organisation, organisations=request.auth.organisations)


@router.delete("/evidence/{address}/readers/{organisation}", response={204: None}, summary="Let it read no longer")
def unshare(request: Request, address: Address, organisation: Annotated[Identifier, Path()]) -> None:
    """Take back what was shared; what was read stays read."""
    reach(request.auth, SHARE)
    services.unshare(address, organisation, organisations=request.auth.organisations)
