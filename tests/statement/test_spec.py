"""The specification: its tables are the code's, and its example can be computed from the page alone.

Run as a script, this module writes the tables and the example into the page anew.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hallmark.kernel import canonical, identifier
from hallmark.kernel.keys import ED25519, PublicKey
from hallmark.statement import disclosure, envelope, shape
from hallmark.statement.disclosure import open_claims
from hallmark.statement.kind import Kind, Visibility
from hallmark.statement.kinds import KINDS
from hallmark.statement.shape import Shape

PAGE = Path(__file__).parents[2] / "docs" / "spec" / "statement.md"

NAMED = {
    "code": shape.CODE,
    "digest": shape.DIGEST,
    "prose": shape.PROSE,
    "name": shape.NAME,
    "party": shape.PARTY,
    "key": shape.PUBLIC_KEY,
    "build": shape.BUILD,
    "product": shape.PRODUCT,
    "evidence": shape.EVIDENCE,
    "document": shape.DOCUMENT,
}


def block(name: str) -> str:
    """Return what stands between the markers of that name."""
    _, _, rest = PAGE.read_text("utf-8").partition(f"<!-- {name}: kept true by tests/statement/test_spec.py -->\n")
    return rest.partition(f"<!-- end of {name} -->")[0].strip()


def words(wanted: Shape, *, named: bool = True) -> str:
    """Return a shape in the notation of section 5."""
    names = [name for name, each in NAMED.items() if named and each == wanted]
    if names:
        return names[0]
    match wanted:
        case shape.Words(most, pattern):
            return f"text {most}" + (f" /{pattern}/" if pattern else "")
        case shape.Whole(least, most):
            return f"int {_power(least)}..{_power(most)}"
        case shape.Flag():
            return "bool"
        case shape.Octets(size, most):
            return f"bytes {size or f'..{most}'}"
        case shape.Id(prefixes):
            return " or ".join(f"id {prefix}" for prefix in prefixes) or "id"
        case shape.Day():
            return "day"
        case shape.OneOf(values):
            return " or ".join(f'"{value}"' for value in values)
        case shape.Either(shapes):
            return " or ".join(words(each) for each in shapes)
        case shape.ListOf(item, least, most):
            return f"[{words(item)}] {least}..{most}"
        case shape.MapOf(key, item, least, most):
            return f"{{{words(key)}: {words(item)}}} {least}..{most}"
        case shape.Record(fields, optional):
            parts = [f"{name}: {words(each)}" for name, each in fields.items()]
            parts += [f"{name}?: {words(each)}" for name, each in optional.items()]
            return f"{{{', '.join(parts)}}}"
    raise AssertionError(wanted)


def _power(number: int) -> str:
    return {2**53: "2^53", -(2**53): "-2^53"}.get(number, str(number))


def shapes_table() -> str:
    rows = [f"| `{name}` | `{words(each, named=False)}` |" for name, each in NAMED.items()]
    return "\n".join(["| name | shape |", "|---|---|", *rows])


def kinds_table() -> str:
    head = ["| kind | issued by | about | public | members | sealed |", "|---|---|---|---|---|---|"]
    return "\n".join(head + [_row(kind) for kind in KINDS.values()])


def _row(kind: Kind) -> str:
    cells = [
        "<br>".join(
            f"`{claim.name}{'?' * claim.optional}` {words(claim.shape)}"
            for claim in kind.claims
            if claim.visibility is visibility
        )
        for visibility in Visibility
    ]
    title = f"`{kind.name}`<br>{kind.title.en}<br>{kind.title.zh}"
    return f"| {' | '.join([title, ', '.join(kind.issuers), words(kind.about), *cells])} |".replace("  ", " ")


def test_the_table_of_shapes_is_that_of_the_code() -> None:
    assert block("shapes") == shapes_table()


def test_the_table_of_kinds_is_that_of_the_code() -> None:
    assert block("kinds") == kinds_table()


# The example, computed from the page with nothing of hallmark.


def cbor(value: Any) -> bytes:
    """Section 2, by a general library and sorted keys."""
    return cbor2.dumps(_sorted(value))


def _sorted(value: Any) -> Any:
    match value:
        case dict():
            return {key: _sorted(value[key]) for key in sorted(value, key=cbor2.dumps)}
        case list():
            return [_sorted(item) for item in value]
        case cbor2.CBORTag():
            return cbor2.CBORTag(value.tag, _sorted(value.value))
    return value


def check_character(text: str) -> str:
    """Section 1."""
    p = 36
    for character in text.replace("-", ""):
        p = (p + int(character, 36)) % 36 or 36
        p = 2 * p % 37
    return "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(37 - p) % 36]


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def digest(domain: str, value: Any) -> bytes:
    """Section 3."""
    return sha256(cbor([domain, value]))


def example() -> dict[str, Any]:
    """Return every line of section 10 by its name, in order."""
    keys = {
        name: Ed25519PrivateKey.from_private_bytes(bytes(range(start, start + 32)))
        for name, start in (("organisation", 0), ("auditor", 32), ("reviewer", 64))
    }
    material = {name: key.public_key().public_bytes_raw() for name, key in keys.items()}
    key_id = {name: digest("hallmark/key/1", [-19, each]) for name, each in material.items()}
    organisation, auditor, reviewer, case = (
        f"{text}-{check_character(text)}"
        for text in (
            "ORG-N0RTHERN-B0DY0000",
            "PERSON-AVD1T0R0-00000001",
            "PERSON-REV1EWER-00000002",
            "CASE-EXAMP1E0-00000003",
        )
    )
    environment, kind, issued_at, salt = "example", "nonconformity.closed", 1_780_000_000, bytes(range(0xA0, 0xB0))
    public, hidden = {"number": 1}, [salt, "verification", "seen on site"]
    members = {"verification": digest("hallmark/claim/1", hidden)}
    draft = [environment, kind, organisation, case, issued_at, public, members, {}]
    approved = digest("hallmark/draft/1", draft)
    challenges = [
        digest("hallmark/approval/1", [approved, person, function])
        for person, function in ((auditor, "auditor"), (reviewer, "reviewer"))
    ]
    site = "approve.example"
    client_data = json.dumps(
        {
            "type": "webauthn.get",
            "challenge": base64.urlsafe_b64encode(challenges[1]).rstrip(b"=").decode(),
            "origin": f"https://{site}",
            "crossOrigin": False,
        },
        separators=(",", ":"),
    )
    authenticator_data = sha256(site.encode()) + bytes([0x05]) + bytes(4)
    signatures = [
        keys["auditor"].sign(b"hallmark/approval/1" + challenges[0]),
        keys["reviewer"].sign(authenticator_data + sha256(client_data.encode())),
    ]
    approvals = [
        {"person": auditor, "function": "auditor", "key": key_id["auditor"], "signature": signatures[0]},
        {
            "person": reviewer,
            "function": "reviewer",
            "key": key_id["reviewer"],
            "signature": signatures[1],
            "authenticator_data": authenticator_data,
            "client_data": client_data.encode(),
        },
    ]
    protected = cbor(
        {
            1: -19,
            3: f"application/vnd.hallmark.{kind}+cbor",
            4: key_id["organisation"],
            15: {1: organisation, 2: case, 6: issued_at, "env": environment},
        }
    )
    payload = cbor({"public": public, "members": members, "sealed": {}, "approvals": approvals})
    to_be_signed = cbor(["Signature1", protected, b"", payload])
    signature = keys["organisation"].sign(to_be_signed)
    return {
        "environment": environment,
        "kind": kind,
        "issuer": organisation,
        "issuer's seed": bytes(range(32)),
        "issuer's key": material["organisation"],
        "issuer's key identifier": key_id["organisation"],
        "subject": case,
        "issued at": str(issued_at),
        "public claim number": "1",
        "members' claim verification": hidden[2],
        "its salt": salt,
        "its disclosure": cbor(hidden),
        "its digest": members["verification"],
        "what the approval digest hashes": cbor(["hallmark/draft/1", draft]),
        "approval digest": approved,
        "auditor": auditor,
        "auditor's seed": bytes(range(32, 64)),
        "auditor's key": material["auditor"],
        "auditor's key identifier": key_id["auditor"],
        "what the auditor's challenge hashes": cbor(["hallmark/approval/1", [approved, auditor, "auditor"]]),
        "auditor's challenge": challenges[0],
        "auditor's signature": signatures[0],
        "reviewer": reviewer,
        "reviewer's seed": bytes(range(64, 96)),
        "reviewer's key": material["reviewer"],
        "reviewer's key identifier": key_id["reviewer"],
        "reviewer's relying party": site,
        "reviewer's challenge": challenges[1],
        "client data": client_data,
        "authenticator data": authenticator_data,
        "reviewer's signature": signatures[1],
        "protected header": protected,
        "payload": payload,
        "signature": signature,
        "statement digest": sha256(to_be_signed),
        "statement": cbor(cbor2.CBORTag(18, [protected, {}, payload, signature])),
        "disclosures beside it": cbor([hidden]),
    }


def written(lines: dict[str, Any]) -> str:
    """Return the lines as section 10 prints them."""
    printed = []
    for name, value in lines.items():
        text = value.hex() if isinstance(value, bytes) else value
        if len(name) + len(text) + 2 <= 112:
            printed.append(f"    {name}: {text}")
        else:
            printed += [f"    {name}:", *(" " * 8 + text[at : at + 96] for at in range(0, len(text), 96))]
    return "\n".join(printed)


def test_the_example_follows_from_the_page_alone() -> None:
    assert "    " + block("example") == written(example())


def test_the_example_is_read_verified_and_opened() -> None:
    lines = example()
    statement = envelope.parse(lines["statement"])
    statement.verify(PublicKey(ED25519, lines["issuer's key"]))
    draft = statement.draft
    assert (draft.environment, draft.kind.name, draft.issuer, draft.subject, str(draft.issued_at)) == tuple(
        lines[name] for name in ("environment", "kind", "issuer", "subject", "issued at")
    )
    assert statement.digest == lines["statement digest"]
    assert draft.approval_digest == lines["approval digest"]
    for approval, who, site in zip(
        statement.approvals, ("auditor", "reviewer"), (None, lines["reviewer's relying party"]), strict=True
    ):
        approval.verify(PublicKey(ED25519, lines[f"{who}'s key"]), draft.approval_digest, site)
    disclosed = disclosure.decode(lines["disclosures beside it"])
    assert {**draft.public, **open_claims(draft.members, disclosed)} == {"number": 1, "verification": "seen on site"}


def test_the_page_states_the_limits_of_the_code() -> None:
    page = PAGE.read_text("utf-8")
    assert f"at most {identifier.MAX_LENGTH} characters" in page
    assert identifier._SHAPE.pattern in page
    assert f"At most {canonical.MAX_DEPTH} arrays" in page
    assert f"at most {envelope.MAX_SIZE:,} bytes" in page


if __name__ == "__main__":  # writes the three blocks anew
    text = PAGE.read_text("utf-8")
    for name, content in (
        ("shapes", shapes_table()),
        ("kinds", kinds_table()),
        ("example", written(example()).strip()),
    ):
        text = text.replace(block(name), content)
    PAGE.write_text(text, "utf-8")
