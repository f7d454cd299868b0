"""A record in the formats of others: JSON, SARIF 2.1.0, JUnit, in-toto. All but JSON lose something.

None of the three knows inconclusive, inspection needed and error as we do. SARIF says `open` or `review` for them,
JUnit `error` or `skipped`, and in-toto, which has three results only, `WARNED`: never `PASSED`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET  # only writes here

from hallmark.kernel import instant
from hallmark.lab.kit import Verdict

if TYPE_CHECKING:
    from hallmark.kernel.errors import Language
    from hallmark.lab.record import Record
    from hallmark.lab.verdict import Requirement

_UNPRINTABLE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SARIF_KIND: Mapping[Verdict, str] = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.INSPECTION_NEEDED: "review",
    Verdict.INCONCLUSIVE: "open",
    Verdict.NOT_RUN: "open",
    Verdict.ERROR: "open",
    Verdict.NOT_APPLICABLE: "notApplicable",
}
_JUNIT_ELEMENT: Mapping[Verdict, str] = {
    Verdict.FAIL: "failure",
    Verdict.ERROR: "error",
    Verdict.INCONCLUSIVE: "error",
    Verdict.INSPECTION_NEEDED: "skipped",
    Verdict.NOT_RUN: "skipped",
    Verdict.NOT_APPLICABLE: "skipped",
}


def to_json(record: Record) -> str:
    """Return the whole record as JSON, bytes in hexadecimal, with its digest."""
    return _json(record.statement() | {"digest": record.digest.hex()})


def to_sarif(record: Record, language: Language = "en") -> str:
    """Return the verdicts as a SARIF 2.1.0 log."""
    driver = {
        "name": f"hallmark {record.kit['id']}",
        "version": record.kit["version"],
        "rules": [
            {
                "id": line.id,
                "shortDescription": {"text": line.title.in_language(language)},
                "fullDescription": {"text": line.criterion.in_language(language) or line.id},
                "properties": {"obligation": line.obligation, "clauses": list(line.clauses)},
            }
            for line in record.requirements
        ],
    }
    results = [_sarif_result(record, line, language) for line in record.requirements]
    artifacts = [
        {"location": {"uri": f"{file['role']}/{file['name']}"}, "hashes": {"sha-256": file["sha256"]}}
        for file in record.sample["files"]
    ]
    run = {
        "tool": {"driver": driver},
        "artifacts": artifacts,
        "results": results,
        "properties": {"record": record.digest.hex(), "conclusion": record.conclusion.value},
    }
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
    return _json({"$schema": schema, "version": "2.1.0", "runs": [run]})


def to_junit(record: Record, language: Language = "en") -> str:
    """Return the verdicts as a JUnit XML report."""
    elements = [_JUNIT_ELEMENT.get(record.verdict(line.id), "") for line in record.requirements]
    suite = ET.Element(
        "testsuite",
        name=f"hallmark.{record.kit['id']}",
        tests=str(len(elements)),
        failures=str(elements.count("failure")),
        errors=str(elements.count("error")),
        skipped=str(elements.count("skipped")),
        timestamp=instant.to_text(record.session["at"])[:19],
    )
    for line, element in zip(record.requirements, elements, strict=True):
        judgement = record.judgements[line.id]
        case = ET.SubElement(
            suite, "testcase", classname=record.kit["id"], name=f"{line.id} {line.title.in_language(language)}"
        )
        if element:
            message = f"{record.verdict(line.id)}: {judgement.reason.in_language(language)}"
            said = ET.SubElement(case, element, message=_printable(message))
            said.text = _printable("\n".join(judgement.findings))
    return ET.tostring(suite, encoding="unicode", xml_declaration=True)


def to_in_toto(record: Record) -> str:
    """Return the verdicts as an in-toto statement, predicate test-result v0.1; it is not signed here."""
    verdicts = {line.id: record.verdict(line.id) for line in record.requirements}
    result = {Verdict.PASS: "PASSED", Verdict.FAIL: "FAILED"}.get(record.conclusion, "WARNED")
    undecided = (Verdict.INCONCLUSIVE, Verdict.INSPECTION_NEEDED, Verdict.ERROR, Verdict.NOT_RUN)
    return _json(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [
                {"name": f"{file['role']}/{file['name']}", "digest": {"sha256": file["sha256"]}}
                for file in record.sample["files"]
            ],
            "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
            "predicate": {
                "result": result,
                "configuration": [
                    {
                        "name": f"kit {record.kit['id']} {record.kit['version']}",
                        "digest": {"sha256": record.kit["digest"]},
                    },
                    {"name": "record", "digest": {"sha256": record.digest.hex()}},
                ],
                "passedTests": [name for name, verdict in verdicts.items() if verdict is Verdict.PASS],
                "warnedTests": [name for name, verdict in verdicts.items() if verdict in undecided],
                "failedTests": [name for name, verdict in verdicts.items() if verdict is Verdict.FAIL],
            },
        }
    )


def _sarif_result(record: Record, line: Requirement, language: Language) -> dict[str, Any]:
    verdict, judgement = record.verdict(line.id), record.judgements[line.id]
    level = ("error" if line.obligation == "shall" else "warning") if verdict is Verdict.FAIL else "none"
    return {
        "ruleId": line.id,
        "kind": _SARIF_KIND[verdict],
        "level": level,
        "message": {"text": judgement.reason.in_language(language) or verdict.value},
        "locations": [{"message": {"text": finding}} for finding in judgement.findings],
        "properties": {"verdict": verdict.value},
    }


def _printable(text: str) -> str:
    """Return `text` without what XML 1.0 cannot hold."""
    return _UNPRINTABLE.sub("?", text)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=bytes.hex)
