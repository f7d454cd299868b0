"""From options to claims: what `acts` names in its fields. Each is given the desk, what was typed, and all options.

A claim is returned as JSON (`statement.plain`), or None where it is left out.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hallmark.cli.acts import REASON_CODES
from hallmark.cli.application import read_application, read_toml, toml_text
from hallmark.cli.desk import Desk, digest, read
from hallmark.cli.errors import BadArgument, BadFile
from hallmark.cli.money import read_notes, sign_notes
from hallmark.kernel.text import Text, quoted
from hallmark.statement.shape import CODE, BadClaim

Reader = Callable[[Desk, Any, Namespace], Any]


def given(_desk: Desk, value: Any, _options: Namespace) -> Any:
    """What was typed is the claim."""
    return value


def nothing(_desk: Desk, _value: Any, _options: Namespace) -> None:
    """Another field reads this option."""


def day(desk: Desk, value: str | None, options: Namespace) -> str:
    """A civil date, today where none is typed."""
    return value or desk.today(_scheme(desk, options))


def agreed(desk: Desk, value: str, options: Namespace) -> str:
    """The SHA-256 of the agreement in a file, which must be the one offered before anybody is asked to sign it."""
    from hallmark.rules.application import AgreementDiffers  # noqa: PLC0415 - the rules load a scheme's model

    found = digest(Path(value))[1].hex()
    offered = desk.case(options.case)["record"].get("agreement")
    if offered and offered["sha256"] != found:
        raise AgreementDiffers
    return found


def evidence(desk: Desk, value: str, options: Namespace) -> dict[str, Any]:
    """A file brought as evidence, for the parties of the case to read."""
    return desk.bring(Path(value), desk.parties(options.case))


def evidences(desk: Desk, value: list[str], options: Namespace) -> list[dict[str, Any]]:
    """Several of them."""
    return [evidence(desk, each, options) for each in value]


def documents(desk: Desk, value: list[str], options: Namespace) -> list[dict[str, Any]]:
    """Documents of an application, `ID=FILE`."""
    readers = desk.parties(options.case)
    return [{"document": name, **desk.bring(Path(path), readers)} for name, path in map(pair, value)]


def builds(_desk: Desk, value: list[str], _options: Namespace) -> list[dict[str, Any]]:
    """The builds in files, `ROLE=FILE`."""
    return [_build(role, Path(path)) for role, path in map(pair, value)]


def team(_desk: Desk, value: list[str], _options: Namespace) -> list[dict[str, Any]]:
    """Persons and their functions, `PERSON=FUNCTION`."""
    return [{"person": person, "function": function} for person, function in map(pair, value)]


def reason_code(_desk: Desk, value: str, _options: Namespace) -> str:
    """A code for a reason; the ones in use are named where it is none."""
    try:
        CODE.check(value, "reason_code")
    except BadClaim:
        known = ", ".join(REASON_CODES)
        why = Text(f"应为不含空格的代码，如 {known}", f"a code without spaces is wanted, such as {known}")
        raise BadArgument(argument="--reason-code", why=why) from None
    return value


def json_file(_desk: Desk, value: str, _options: Namespace) -> Any:
    """The JSON in a file, or on the standard input."""
    return read_json(value)


def case_digest(desk: Desk, _value: None, options: Namespace) -> str:
    """The digest of the case as it is now: what review, decision and sign-off are made on."""
    return str(desk.case(options.case)["digest"])


def declared_builds(desk: Desk, _value: None, options: Namespace) -> Any:
    """The builds of the application."""
    return desk.case(options.case)["record"]["product"]["builds"]


def sample(desk: Desk, value: str | None, options: Namespace) -> str:
    """The sample named, else the only one of the case."""
    held = list(desk.case(options.case)["record"]["samples"])
    if value is None and len(held) != 1:
        raise BadArgument(argument="--sample", why=Text(f"本案样品：{held}", f"the case has the samples {held}"))
    return value or held[0]


def amended(desk: Desk, _value: None, options: Namespace) -> str | None:
    """The report in force, which a further one amends."""
    tests = desk.case(options.case)["record"]["tests"]
    return str(tests[-1]["report"]) if tests else None


def next_number(desk: Desk, _value: None, options: Namespace) -> int:
    """The next nonconformity's number."""
    return len(desk.case(options.case)["record"]["nonconformities"]) + 1


def raised(desk: Desk, _value: None, options: Namespace) -> list[int]:
    """The numbers of the nonconformities raised so far."""
    return sorted(map(int, desk.case(options.case)["record"]["nonconformities"]))


def site(_desk: Desk, value: str, options: Namespace) -> dict[str, Any]:
    """Name and address of the place audited."""
    return {"site": {"name": value, "address": options.address}}


def test_results(desk: Desk, value: str, options: Namespace) -> dict[str, Any]:
    """Verdicts, kit and record of a test: by a kit, or by hand where the file is JSON."""
    path = Path(value)
    data = read(path, whole=True)
    claims: dict[str, Any]
    if data.lstrip()[:1] == b"{":
        claims = {"verdicts": read_json(value), "kit": {"id": "by-hand", "version": "1", "isolation": "manual"}}
    else:
        from hallmark.lab import record as lab_record  # noqa: PLC0415 - only a laboratory has it installed

        record = lab_record.decode(data)
        claims = {
            "verdicts": {line.id: str(record.verdict(line.id)) for line in record.requirements},
            "kit": {
                "id": record.kit["id"],
                "version": record.kit["version"],
                "isolation": str(record.session["isolation"]),
            },
        }
    return {**claims, "record": evidence(desk, value, options)}


def edition(desk: Desk, value: str, options: Namespace) -> dict[str, Any]:
    """The edition of a scheme that the server holds, under its default profile where none is named."""
    held = desk.client.get(f"/schemes/{value}")
    names = {"scheme": held["id"], "edition": held["edition"], "digest": held["digest"]}
    return {**names, "profile": options.profile_of_rules or held["default_profile"]}


def parameters(_desk: Desk, value: str | None, _options: Namespace) -> list[dict[str, Any]]:
    """The open parameters: tables `name = { value = …, basis = "…" }`."""
    settings = read_toml(Path(value), toml_text(Path(value))) if value else {}
    try:
        return [
            {"name": name, "value": setting["value"], "basis": setting["basis"]} for name, setting in settings.items()
        ]
    except (TypeError, KeyError):
        why = Text("每个参数写作 name = { value = …, basis = … }", "each parameter is name = { value = …, basis = … }")
        raise BadFile(path=value, why=why) from None


def application(desk: Desk, value: str, _options: Namespace) -> dict[str, Any]:
    """An application from TOML: digests of its builds are computed, its documents brought as evidence."""
    return read_application(desk, value)


def notes(_desk: Desk, value: list[str], _options: Namespace) -> dict[str, Any]:
    """The notes to make, `HOLDER=AMOUNT`."""
    return read_notes(map(pair, value))


def spending(desk: Desk, value: list[str], options: Namespace) -> dict[str, Any]:
    """The notes to spend, `NOTE=KEY`, and their holders' signatures."""
    made = notes(desk, options.to, options) if "to" in options else {}
    return sign_notes(desk, options, map(pair, value), made)


READERS: Mapping[str, Reader] = {
    "given": given,
    "text": given,
    "nothing": nothing,
    "day": day,
    "agreed": agreed,
    "evidence": evidence,
    "evidences": evidences,
    "documents": documents,
    "builds": builds,
    "team": team,
    "json": json_file,
    "reason_code": reason_code,
    "case_digest": case_digest,
    "declared_builds": declared_builds,
    "sample": sample,
    "amended": amended,
    "next_number": next_number,
    "raised": raised,
    "site": site,
    "test_results": test_results,
    "edition": edition,
    "parameters": parameters,
    "application": application,
    "notes": notes,
    "spending": spending,
}


def read_json(path: str) -> Any:
    """Return the JSON in a file, "-" for the standard input; raises `BadFile`."""
    import sys  # noqa: PLC0415 - where it is used

    try:
        data = sys.stdin.buffer.read() if path == "-" else read(Path(path), whole=True)
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadFile(
            path=path, why=Text(f"不是 JSON：{quoted(error).zh}", f"it is not JSON: {quoted(error).en}")
        ) from None


def _build(role: str, path: Path) -> dict[str, Any]:
    size, found = digest(path)
    return {"role": role, "name": path.name, "size": size, "sha256": found.hex()}


def pair(text: str) -> tuple[str, str]:
    """Return what stands on the two sides of the first equals sign; raises `BadArgument`."""
    left, equals, right = text.partition("=")
    if not (left and equals and right):
        raise BadArgument(argument=text[:100], why=Text("应写作 名称=值", "write it as NAME=VALUE"))
    return left, right


def _scheme(desk: Desk, options: Namespace) -> str:
    """Return the scheme whose calendar counts for what the options are about."""
    if case := getattr(options, "case", None):
        return str(desk.case(case)["record"]["scheme"])
    if number := getattr(options, "number", None) if not hasattr(options, "case") else None:
        return str(desk.client.get(f"/register/{number}")["record"]["scheme"]["id"])
    return str(getattr(options, "scheme", None) or "cfp")
