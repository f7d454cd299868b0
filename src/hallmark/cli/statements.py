"""Statements from claims to ledger: the server keeps the draft, the keys stay here, and nothing is signed unseen."""

from __future__ import annotations

import base64
import binascii
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hallmark.cli import confidential
from hallmark.cli.acts import OWN, Act
from hallmark.cli.claims import READERS, read_json
from hallmark.cli.desk import Desk, read
from hallmark.cli.errors import BadArgument, DraftDiffers
from hallmark.cli.money import notes_made
from hallmark.cli.output import Said, facts
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text
from hallmark.statement import approval, disclosure, envelope, kinds
from hallmark.statement.envelope import Draft
from hallmark.statement.plain import read_claims, write, write_claims

_ISSUES = "certificate.issued"
_HEAD, _CLAIMS, _ENVIRONMENT = Text("抬头", "head"), Text("声明项", "claims"), Text("账本环境", "environment")


def perform(desk: Desk, options: Namespace) -> Said:
    """Do one of `acts`: claims from options, draft, approvals, ledger."""
    act: Act = options.act
    if act.kind == _ISSUES:
        draft = desk.client.send("POST", f"/cases/{options.case}/certificate")
        return _carry_on(desk, draft, options)
    claims: dict[str, Any] = {}
    for field in act.fields:
        typed = getattr(options, field.option.name.lstrip("-").replace("-", "_")) if field.option else None
        value = READERS[field.read](desk, typed, options)
        if field.claim == "*":
            claims |= value
        elif value is not None and field.claim:
            claims[field.claim] = value
    subject = desk.office if act.subject == OWN else act.subject and getattr(options, act.subject)
    return _carry_out(desk, act.kind, subject, claims, options)


def act(desk: Desk, options: Namespace) -> Said:
    """Prepare, approve and submit a statement of any kind."""
    return _carry_out(desk, options.kind, options.subject, _typed_claims(options.claims), options)


def hand_in(desk: Desk, options: Namespace) -> Said:
    """Let a statement happen that a node's operator wrote to a file, as a draft or signed."""
    content = read(Path(options.file), True)
    try:
        draft = envelope.decode_draft(content)
    except HallmarkError:
        draft = envelope.parse(content).draft
    return _carry_out(desk, draft.kind.name, draft.subject, write_claims(draft.kind, draft.public), options)


def prepare(desk: Desk, options: Namespace) -> Said:
    """Prepare a draft and leave it there."""
    if options.subject and confidential.concerns(desk, options.kind, options.subject):
        raise BadArgument(argument=options.subject, why=confidential.NO_DRAFT)
    return _waiting(desk, _prepare(desk, options.kind, options.subject, _typed_claims(options.claims)))


def show_draft(desk: Desk, options: Namespace) -> Said:
    """Show a draft as it would be signed."""
    draft = desk.client.get(f"/drafts/{options.draft_id}")
    content, claims = read_draft(draft)
    told = {**draft, "claims": write_claims(content.kind, claims)}
    left = {name: told[name] for name in ("id", "kind", "issuer", "subject", "claims")}
    left["approvals"] = [f"{each['function']} {each['person']}" for each in draft["approvals"]]
    return Said(draft, facts(left))


def approve(desk: Desk, options: Namespace) -> Said:
    """Approve a draft as it stands, after showing what it says."""
    draft = desk.client.get(f"/drafts/{options.draft_id}")
    functions = [options.function] if options.function else _mine(desk, draft)
    if not functions:
        why = Text("方案未要求您的职能批准，请指明职能", "the scheme asks none of your functions; name one")
        raise BadArgument(argument="--function", why=why)
    content, claims = read_draft(draft)
    for function in functions:
        draft = _approve(desk, draft, function, options.key)
    said = _waiting(desk, draft)
    return Said(said.value, [*facts(write_claims(content.kind, claims)), "", *said.lines])


def draw_up(desk: Desk, options: Namespace) -> Said:
    """Draw up the report of a run by the server's kit."""
    return _carry_on(desk, desk.client.send("POST", f"/runs/{options.run_id}/report"), options)


def submit(desk: Desk, options: Namespace) -> Said:
    """Let a draft happen."""
    return _submit(desk, desk.client.get(f"/drafts/{options.draft_id}"), options.sign_with)


def show_kinds(desk: Desk, options: Namespace) -> Said:
    """Show the kinds of statement, or the claims of one."""
    known = kinds.KINDS if options.kind is None else {options.kind: kinds.find(options.kind)}
    listed = [each for each in desk.client.get("/kinds") if each["kind"] in known]
    if options.kind is None:
        return Said(listed, [f"{each['kind']}  {each['title'][desk.language]}" for each in listed])
    lines = [f"{options.kind}  {known[options.kind].title.in_language(desk.language)}"]
    for claim in listed[0]["claims"] if listed else []:
        may_be_left_out = "?" if claim["optional"] else ""
        lines.append(f"  {claim['name']}{may_be_left_out} ({claim['visibility']}): {_outline(claim['schema'])}")
    return Said(listed, lines)


def read_draft(draft: Mapping[str, Any]) -> tuple[Draft, dict[str, Any]]:
    """Return what would be signed, and its claims opened by the disclosures; raises `DraftDiffers`.

    What people were shown, the digest they approve and the bytes that are signed are one content, or nothing is signed.
    """
    try:
        content = envelope.decode_draft(_bytes(draft, "content"))
        hidden = disclosure.decode(_bytes(draft, "disclosures"))
        opened = disclosure.open_claims({**content.members, **content.sealed}, hidden)
        shown = read_claims(content.kind, draft["claims"])
    except HallmarkError as error:
        raise DraftDiffers(what=error.code) from error
    claims = {**content.public, **opened}
    told = (draft["kind"], draft["issuer"], draft["subject"], draft["approval_digest"])
    if told != (content.kind.name, content.issuer, content.subject, content.approval_digest.hex()):
        raise DraftDiffers(what=_HEAD)
    if claims != shown or claims.keys() != {*content.public, *content.members, *content.sealed}:
        raise DraftDiffers(what=_CLAIMS)
    return content, claims


def _carry_out(desk: Desk, kind: str, subject: str | None, claims: Mapping[str, Any], options: Namespace) -> Said:
    """Let a statement happen by way of a draft at the server, unless the server may not read it."""
    if subject and confidential.concerns(desk, kind, subject):
        return confidential.submit(desk, kind, subject, read_claims(kinds.find(kind), dict(claims)), options)
    return _carry_on(desk, _prepare(desk, kind, subject, claims), options)


def _prepare(desk: Desk, kind: str, subject: str | None, claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return a draft that says what was asked for; raises `DraftDiffers`."""
    asked = read_claims(kinds.find(kind), dict(claims))
    body = {"kind": kind, "issuer": desk.office, "claims": write(asked)}
    draft: dict[str, Any] = desk.client.send("POST", "/drafts", body | ({"subject": subject} if subject else {}))
    content, made = read_draft(draft)
    if content.kind.name != kind or content.issuer != desk.office or content.subject != (subject or content.subject):
        raise DraftDiffers(what=_HEAD)
    if content.environment != desk.me["environment"]:
        raise DraftDiffers(what=_ENVIRONMENT)
    if any(made.get(name) != value for name, value in asked.items()):
        raise DraftDiffers(what=_CLAIMS)
    return draft


def _carry_on(desk: Desk, draft: dict[str, Any], options: Namespace) -> Said:
    """Approve as told or as asked, and submit once nobody else is needed."""
    if options.draft:
        return _waiting(desk, draft)
    wanted = _mine(desk, draft) if options.approve is None else options.approve
    for each in wanted:
        function, _, key = each.partition("=")
        draft = _approve(desk, draft, function, key or options.key)
    if _lacking(draft):
        return _waiting(desk, draft)
    return _submit(desk, draft, options.sign_with)


def _approve(desk: Desk, draft: dict[str, Any], function: str, key: str | None) -> dict[str, Any]:
    content, _ = read_draft(draft)
    name, signer = desk.profile.key(key)
    person = desk.profile.owner(name) or desk.me["person"]
    made = approval.approve(content.approval_digest, person, function, signer)
    answer: dict[str, Any] = desk.client.send("POST", f"/drafts/{draft['id']}/approvals", write(made.to_value()))
    return answer


def _submit(desk: Desk, draft: dict[str, Any], sign_with: str | None) -> Said:
    body: dict[str, str] = {}
    if sign_with:
        content, _ = read_draft(draft)
        approvals = [approval.Approval.from_value(_approval(each)) for each in draft["approvals"]]
        signed = envelope.sign(content, approvals, desk.profile.key(sign_with)[1])
        body["signed"] = base64.b64encode(signed).decode()
    answer = desk.client.send("POST", f"/drafts/{draft['id']}/submit", body)
    words = Text("已记入账本，第 {entry} 条，主体 {subject}", "On the ledger: entry {entry}, about {subject}")
    made = {name: draft["claims"][name] for name in ("sample", "report") if name in draft["claims"]}
    made |= notes_made(draft)
    said = {"kind": draft["kind"], **answer, **made}
    return Said(said, [desk.say(words).format(**answer), *facts(made)])


def _waiting(desk: Desk, draft: dict[str, Any]) -> Said:
    lacking = _lacking(draft)
    lines = [f"{desk.say(Text('草稿', 'Draft'))} {draft['id']}: {draft['kind']} {draft['subject']}"]
    if lacking:
        lines.append(f"{desk.say(Text('尚需批准', 'Still to be approved as'))}: {', '.join(lacking)}")
        lines.append(f"  hallmark approve {draft['id']}")
    lines.append(f"  hallmark submit {draft['id']}")
    return Said(draft, lines)


def _mine(desk: Desk, draft: Mapping[str, Any]) -> list[str]:
    """Return the functions still asked for that the person has; of those of which one is enough, one."""
    lacking = _lacking(draft)
    held = desk.functions
    wanted = [name for name in draft["all_of"] if name in lacking and name in held]
    if any("/" in each for each in lacking):
        wanted += [name for name in draft["any_of"] if name in held][:1]
    return wanted


def _lacking(draft: Mapping[str, Any]) -> list[str]:
    given = {each["function"] for each in draft["approvals"]}
    lacking = [name for name in draft["all_of"] if name not in given]
    if draft["any_of"] and not given & set(draft["any_of"]):
        lacking.append(" / ".join(draft["any_of"]))
    return lacking


def _typed_claims(path: str) -> dict[str, Any]:
    claims = read_json(path)
    if not isinstance(claims, dict):
        raise BadArgument(argument="--claims", why=Text("应为 JSON 对象", "a JSON object is wanted"))
    return claims


def _approval(value: Mapping[str, Any]) -> dict[str, Any]:
    octets = ("key", "signature", "authenticator_data", "client_data")
    return {name: bytes.fromhex(item) if name in octets else item for name, item in value.items()}


def _bytes(draft: Mapping[str, Any], name: str) -> bytes:
    try:
        return base64.b64decode(draft[name], validate=True)
    except (binascii.Error, KeyError, TypeError):
        raise DraftDiffers(what=name) from None


def _outline(schema: Mapping[str, Any]) -> str:
    """Return a JSON Schema in a few words."""
    match schema:
        case {"enum": values}:
            return " | ".join(values)
        case {"anyOf": shapes}:
            return " or ".join(_outline(each) for each in shapes)
        case {"type": "array", "items": items}:
            return f"[{_outline(items)}]"
        case {"type": "object", "properties": properties}:
            return "{" + ", ".join(properties) + "}"
        case {"format": form}:
            return str(form)
    return str(schema.get("type", "?"))
