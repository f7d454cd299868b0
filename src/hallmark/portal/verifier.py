"""The verifier that runs in a visitor's browser: its modules joined into one script, and that script in one page.

The modules under `static/portal/check` are what one reads; `script` is what one runs. It is the same bytes for the
check page and for `verify.html`, and depends on nothing but this package, so anyone can build it again and compare.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

from hallmark.certificate import base45, form, qr
from hallmark.certificate.preset import DICTIONARY
from hallmark.certificate.status import STATUS_RECORD, Status
from hallmark.kernel import canonical, ed25519, keys
from hallmark.kernel.errors import HallmarkError, Malformed, Unavailable, Unverified
from hallmark.ledger import checkpoint, merkle, note, policy, sorted_map
from hallmark.portal import errors
from hallmark.statement import envelope, kinds, shape
from hallmark.statement.kind import Kind, UnknownKind
from hallmark.verify import attachment, bundle, certificate, page, printed

MODULES = (
    "breach", "bytes", "cbor", "day", "ed25519", "keys", "merkle", "shape", "statement", "note", "policy", "json",
    "bundle", "form", "status", "certificate", "base45", "inflate", "printed", "pdf",
    "seal", "file", "words", "verdict", "page",
)  # fmt: skip
"""Each stands after those that it imports; `data`, made below, before all of them."""

_ERRORS: tuple[type[HallmarkError], ...] = (
    canonical.NotCanonical,
    ed25519.BadSignature,
    keys.BadKey,
    shape.BadClaim,
    UnknownKind,
    envelope.BadStatement,
    merkle.BadHash,
    merkle.OutsideTree,
    merkle.WrongPathLength,
    merkle.NotIncluded,
    sorted_map.BadMapProof,
    sorted_map.NotPresent,
    note.BadNote,
    note.BadVerifierKey,
    note.BadNoteSignature,
    checkpoint.BadCheckpoint,
    policy.BadPolicy,
    policy.UnknownLog,
    policy.QuorumMissing,
    bundle.BadBundle,
    bundle.OtherEpoch,
    form.BadForm,
    certificate.WrongParts,
    base45.BadBase45,
    qr.BadPrinted,
    printed.ProvesNothing,
    attachment.NotOurPdf,
    page.NotASeal,
    page.NoSeal,
    page.SealNotTrusted,
    page.SealNotValid,
    page.PageAltered,
    errors.NotCheckedHere,
)
_IMPORT = re.compile(r'^import \{ ([^}]+) \} from "\./([a-z0-9]+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|class|const) (\w+)", re.MULTILINE)
_FACE = (
    "Breach", "parseBundle", "parseStatement", "verifyFile", "verifyCertificate", "verifyPrinted", "verifyEd25519",
    "verifySeal", "attachment",
)  # fmt: skip


@cache
def script() -> str:
    """Return the ES module that exports the verifier and, on a page that has a place for it, shows it."""
    folder = resources.files("hallmark.portal") / "static" / "portal" / "check"
    sources = {"data": _data()} | {name: (folder / f"{name}.js").read_text("utf-8") for name in MODULES}
    parts = [_enclose(name, source) for name, source in sources.items()]
    return "\n".join([*parts, f"export {{ {', '.join(_FACE)} }};\n"])


def _enclose(name: str, source: str) -> str:
    """Return a module as a closure of which only the exported names are seen."""
    names = ", ".join(exported for _, exported in _EXPORT.findall(source))
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub("", source)).strip()
    return f"// {name}.js\nconst {{ {names} }} = (() => {{\n{body}\nreturn {{ {names} }};\n}})();\n"


def integrity(content: str | bytes) -> str:
    """Return the SHA-256 of `content` as a page's integrity attribute and its security policy spell it."""
    data = content.encode() if isinstance(content, str) else content
    return f"sha256-{base64.b64encode(hashlib.sha256(data).digest()).decode()}"


def _data() -> str:
    """Return what the modules share with the server: sentences, words for statuses, shapes of statements."""
    values = {
        "SENTENCES": {error.code: _sentence(error) for error in _ERRORS},
        "STATUSES": {str(status): status.words._asdict() for status in Status},
        "KINDS": {name: _kind(kind) for name, kind in kinds.KINDS.items()},
        "STATUS_RECORD": spell(STATUS_RECORD),
        "DICTIONARY": base64.b64encode(DICTIONARY).decode(),
    }
    lines = (f"export const {name} = {_json(value)};\n" for name, value in values.items())
    return "/** What the modules share with the server, from the server's own tables. */\n" + "".join(lines)


def _sentence(error: type[HallmarkError]) -> dict[str, str]:
    family = next(family for family in (Unverified, Malformed, Unavailable) if issubclass(error, family))
    return {"zh": error.zh, "en": error.en, "article": error.article, "family": family.__name__.lower()}


def _kind(kind: Kind) -> dict[str, Any]:
    claims = [
        {
            "name": claim.name,
            "visibility": str(claim.visibility),
            "optional": claim.optional,
            "shape": spell(claim.shape),
        }
        for claim in kind.claims
    ]
    return {"about": spell(kind.about), "claims": claims}


def spell(of: shape.Shape) -> list[Any]:
    """Return a shape as the list that `shape.js` reads: its kind, then its parameters."""
    match of:
        case shape.Words(most, pattern):
            return ["words", most, pattern]
        case shape.Whole(least, most):
            return ["whole", least, most]
        case shape.Flag():
            return ["flag"]
        case shape.Octets(size, most):
            return ["octets", size, most]
        case shape.Id(prefixes):
            return ["id", list(prefixes)]
        case shape.Day():
            return ["day"]
        case shape.OneOf(values):
            return ["one-of", list(map(str, values))]
        case shape.Either(shapes):
            return ["either", list(map(spell, shapes))]
        case shape.ListOf(item, least, most):
            return ["list", spell(item), least, most]
        case shape.MapOf(key, item, least, most):
            return ["map", spell(key), spell(item), least, most]
        case shape.Record(fields, optional):
            return ["record", _spell_each(fields), _spell_each(optional)]
    raise TypeError(of)


def _spell_each(fields: Mapping[str, shape.Shape]) -> dict[str, Any]:
    return {name: spell(each) for name, each in fields.items()}


def _json(value: object) -> str:
    # "</" would end the script element of the page that holds the script
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")


def imports(source: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the modules that a module imports, each with the names it takes."""
    for names, module in _IMPORT.findall(source):
        yield module, tuple(name.strip() for name in names.split(","))
