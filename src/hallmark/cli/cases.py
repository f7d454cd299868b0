"""Cases, their evidence and their tests."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from hallmark.cli.claims import pair, read_json
from hallmark.cli.desk import Desk
from hallmark.cli.errors import CANNOT_TELL, NO
from hallmark.cli.output import Said, facts, say, table
from hallmark.kernel import instant
from hallmark.kernel.text import Text

_PAUSE_S = 1.0
_VERDICT_CODES = {"pass": 0, "fail": NO}


def list_cases(desk: Desk, _options: Namespace) -> Said:
    """Show the cases of your organisations."""
    found = desk.client.get("/cases")
    rows = [
        (each["case"], each["stage"], each["product_type"], each["product"]["name"][desk.language]) for each in found
    ]
    return Said(found, table(rows))


# What a person reads of a statement; the rest is in --json.
_TOLD = (
    "number", "grade", "requirement", "finding", "due", "cause", "corrective_action", "verification",
    "laboratory", "evaluate_by", "sample", "report", "recommendation", "outcome", "ground", "grounds", "reasons",
    "reason", "remark",
)  # fmt: skip


def show(desk: Desk, options: Namespace) -> Said:
    """Show a case: stage, what is missing or overdue, what may come next, what has happened."""
    case = desk.case(options.case)
    head = {name: case[name] for name in ("case", "stage", "digest", "missing", "overdue", "late", "acts")}
    head |= {
        name: case["record"][name] for name in ("product", "nonconformities", "certificate") if case["record"].get(name)
    }
    happened = []
    for each in case["history"]:
        by = " ".join(f"{by['function']}:{by['person']}" for by in each["approvals"])
        happened += table([(str(each["entry"]), instant.to_text(each["told_ms"]), each["kind"], by)])
        happened += facts({name: each["claims"][name] for name in _TOLD if name in each["claims"]}, "      ")
    return Said(
        case, [*facts({name: value for name, value in head.items() if value not in ([], False)}), "", *happened]
    )


def missing(desk: Desk, options: Namespace) -> Said:
    """Show the documents that an application lacks."""
    found = desk.client.get(f"/cases/{options.case}/missing")["missing"]
    return Said(found, table((each["document"], each["title"][desk.language]) for each in found))


def items(desk: Desk, options: Namespace) -> Said:
    """Show what a report must cover."""
    found = desk.client.get(f"/cases/{options.case}/items/{options.leg}")
    decisive = set(found["decisive"])
    rows = [
        (each["id"], "*" if each["id"] in decisive else "", each["obligation"], each["title"][desk.language])
        for each in found["items"]
    ]
    return Said(found, table(rows))


def candidates(desk: Desk, options: Namespace) -> Said:
    """Show who may act in a function, and which rule excludes the others."""
    return _candidates(desk, desk.client.get(f"/cases/{options.case}/candidates", function=options.function))


def laboratories(desk: Desk, options: Namespace) -> Said:
    """Show which laboratories may test a case, and which rule excludes the others."""
    return _candidates(desk, desk.client.get(f"/cases/{options.case}/laboratories"))


def bring(desk: Desk, options: Namespace) -> Said:
    """Upload a file as evidence."""
    kept = desk.bring(Path(options.file), options.share, options.title)
    return Said(kept, facts(kept))


def fetch(desk: Desk, options: Namespace) -> Said:
    """Write the content of evidence to a file."""
    return save(desk, f"/evidence/{options.address}", options.output)


def share(desk: Desk, options: Namespace) -> Said:
    """Let an organisation read evidence."""
    body = {"organisation": options.organisation}
    desk.client.send("POST", f"/evidence/{options.address}/readers", body)
    return Said(body, [options.organisation])


def start_run(desk: Desk, options: Namespace) -> Said:
    """Have the server's worker run the kit on files of the sample, and follow it to its end."""
    files = [{"role": role, "address": desk.bring(Path(path), [])["address"]} for role, path in map(pair, options.file)]
    body: dict[str, Any] = {"sample": options.sample, "files": files}
    if options.declaration:
        body["declaration"] = read_json(options.declaration)
    run = desk.client.send("POST", f"/cases/{options.case}/runs", body)
    return _run(run) if options.no_wait else _follow(desk, run)


def show_run(desk: Desk, options: Namespace) -> Said:
    """Show a run and its verdicts."""
    return _run(desk.client.get(f"/runs/{options.run_id}"))


def judge(desk: Desk, options: Namespace) -> Said:
    """Judge an item that waits for a person."""
    body = {"item": options.item, "verdict": options.verdict, "reason": options.reason}
    return _run(desk.client.send("POST", f"/runs/{options.run_id}/judgements", body))


def show_job(desk: Desk, options: Namespace) -> Said:
    """Show how far a job is."""
    job = desk.client.get(f"/jobs/{options.job}")
    return Said(job, facts(job))


def cancel_job(desk: Desk, options: Namespace) -> Said:
    """Stop a job."""
    job = desk.client.send("POST", f"/jobs/{options.job}/cancel")
    return Said(job, facts(job))


def save(desk: Desk, path: str, output: str) -> Said:
    """Write what the server gives at `path` to a file, whole or not at all, or to the standard output for "-"."""
    if output == "-":
        desk.client.fetch(path, sys.stdout.buffer)
        return Said()
    target = Path(output)
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as file:
            size = desk.client.fetch(path, file)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Said({"file": str(target), "size": size}, [str(target)])


def _follow(desk: Desk, run: dict[str, Any]) -> Said:
    """Tell the progress of a run until its job has ended."""
    told = ""
    while True:
        job = desk.client.get(f"/jobs/{run['job']}")
        progress = job["progress"]
        line = f"{job['state']} {progress.get('done', 0)}/{progress.get('total', '?')} {progress.get('note', '')}"
        if line != told:
            say([line], sys.stderr)
            told = line
        if job["state"] not in ("waiting", "running"):
            break
        time.sleep(_PAUSE_S)
    if job["error"]:
        return Said(job, [job["error"][desk.language]], CANNOT_TELL)
    return _run(desk.client.get(f"/runs/{run['run']}"))


def _run(run: dict[str, Any]) -> Said:
    head = {name: run[name] for name in ("run", "sample", "job", "conclusion", "waiting")}
    code = _VERDICT_CODES.get(run["conclusion"], CANNOT_TELL) if run["conclusion"] else 0
    return Said(run, [*facts(head), *table(sorted(run["verdicts"].items()))], code)


def _candidates(desk: Desk, found: list[dict[str, Any]]) -> Said:
    said = desk.say(Text("可以", "may"))
    rows = [
        (each["id"], each["name"][desk.language], each["excluded_by"]["detail"] if each["excluded_by"] else said)
        for each in found
    ]
    return Said(found, table(rows))
