"""Cases, their evidence and their tests."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from hallmark.cli import labels
from hallmark.cli.claims import pair, read_json
from hallmark.cli.desk import Desk
from hallmark.cli.errors import CANNOT_TELL, NO, BadArgument
from hallmark.cli.labels import OFFSET, readable
from hallmark.cli.output import Said, facts, say, table
from hallmark.kernel import instant
from hallmark.kernel.text import Text
from hallmark.statement.shape import evidence_in
from hallmark.statement.words import named

_PAUSE_S = 1.0
_ENDED = ("done", "failed", "cancelled")
_VERDICT_CODES = {"pass": 0, "fail": NO}


def list_cases(desk: Desk, _options: Namespace) -> Said:
    """Show the cases of your organisations."""
    found = desk.client.get("/cases")
    rows = [
        (
            each["case"],
            named(each["stage"]).in_language(desk.language),
            each["product_type"],
            each["product"]["name"][desk.language],
        )
        for each in found
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
    people = desk.colleagues()
    lines = facts(readable({name: value for name, value in head.items() if value not in ([], False)}, desk.language))
    lines.append("")
    for each in case["history"]:
        by = ", ".join(_approver(desk, approval, people) for approval in each["approvals"])
        told = instant.shown(each["told_ms"], OFFSET)
        lines += table([(str(each["entry"]), told, labels.kind(each["kind"], desk.language), by)])
        claims = {name: each["claims"][name] for name in _TOLD if name in each["claims"]}
        lines += facts(readable(claims, desk.language, people=people), "      ")
    return Said(case, lines)


def _approver(desk: Desk, approval: dict[str, Any], people: Mapping[str, str]) -> str:
    function = named(approval["function"]).in_language(desk.language)
    return f"{function}: {labels.person(approval['person'], people)}"


def files(desk: Desk, options: Namespace) -> Said:
    """Show the files that the statements of a case name; `evidence get` downloads one that you may read."""
    found = [
        {"entry": each["entry"], "kind": each["kind"], **named}
        for each in desk.case(options.case)["history"]
        for named in evidence_in(each["claims"])
    ]
    return Said(found, table((each["address"], each["kind"], str(each["size"]), each["title"]) for each in found))


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


def report(desk: Desk, options: Namespace) -> Said:
    """Download a test report as a PDF with the laboratory's record inside, a page, or JSON."""
    tests = desk.case(options.case)["record"]["tests"]
    if options.report is None and not tests:
        why = Text("本案尚无检测报告", "the case has no test report yet")
        raise BadArgument(argument="--report", why=why)
    number = options.report or tests[-1]["report"]
    name = f"{number}.{options.form}"
    return save(desk, f"/cases/{options.case}/reports/{name}", options.output or name)


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
    return _run(desk, run) if options.no_wait else _follow(desk, run)


def show_run(desk: Desk, options: Namespace) -> Said:
    """Show a run and its verdicts."""
    return _run(desk, desk.client.get(f"/runs/{options.run_id}"))


def judge(desk: Desk, options: Namespace) -> Said:
    """Judge an item that waits for a person."""
    body = {"item": options.item, "verdict": options.verdict, "reason": options.reason}
    run = desk.client.send("POST", f"/runs/{options.run_id}/judgements", body)
    said, left, item = _run(desk, run), len(run["waiting"]), options.item
    words = Text(f"已判定 {item}；没有其他待判定的项目。", f"{item} is judged; nothing else waits for a person.")
    if left:
        words = Text(f"已判定 {item}；尚有 {left} 项待人工判定。", f"{item} is judged; {left} still wait for a person.")
    return Said(said.value, [*said.lines, "", desk.say(words)])


def show_job(desk: Desk, options: Namespace) -> Said:
    """Show how far a job is."""
    job = desk.client.get(f"/jobs/{options.job}")
    return Said(job, facts(readable(job, desk.language)))


def cancel_job(desk: Desk, options: Namespace) -> Said:
    """Stop a job."""
    before = desk.client.get(f"/jobs/{options.job}")["state"]
    job = desk.client.send("POST", f"/jobs/{options.job}/cancel")
    if before in _ENDED:
        words = Text(
            f"任务 {options.job} 此前已结束，没有可取消的内容。",
            f"Job {options.job} had ended; there was nothing to stop.",
        )
    elif job["state"] in _ENDED:
        words = Text(f"任务 {options.job} 已取消。", f"Job {options.job} is cancelled.")
    else:
        words = Text(
            f"已要求任务 {options.job} 停止；正在执行的一步结束后停止。",
            f"Job {options.job} is asked to stop, and does when the step at hand ends.",
        )
    return Said(job, [*facts(readable(job, desk.language)), desk.say(words)])


def disclose(desk: Desk, options: Namespace) -> Said:
    """Download one claim of an entry with its proof; whoever is shown the file learns nothing else of the case."""
    output = options.output or f"{options.case}.{options.entry}.{options.claim}.hallmark"
    return save(desk, f"/cases/{options.case}/entries/{options.entry}/{options.claim}.hallmark", output)


def save(desk: Desk, path: str, output: str) -> Said:
    """Write what the server gives at `path` to a file, as `keep` does."""
    return keep(lambda file: desk.client.fetch(path, file), output)


def keep(write: Callable[[IO[bytes]], int], output: str) -> Said:
    """Have `write` fill a file, whole or not at all, or the standard output for "-"; it returns the size."""
    if output == "-":
        write(sys.stdout.buffer)
        return Said()
    target = Path(output)
    part = target.with_name(f"{target.name}.part")
    try:
        with part.open("wb") as file:
            size = write(file)
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
    return _run(desk, desk.client.get(f"/runs/{run['run']}"))


def _run(desk: Desk, run: dict[str, Any]) -> Said:
    head = {name: run[name] for name in ("run", "sample", "job", "conclusion", "waiting")}
    code = _VERDICT_CODES.get(run["conclusion"], CANNOT_TELL) if run["conclusion"] else 0
    return Said(run, [*facts(readable(head, desk.language)), *table(sorted(run["verdicts"].items()))], code)


def _candidates(desk: Desk, found: list[dict[str, Any]]) -> Said:
    said = desk.say(Text("可以", "may"))
    rows = [
        (each["id"], each["name"][desk.language], each["excluded_by"]["detail"] if each["excluded_by"] else said)
        for each in found
    ]
    return Said(found, table(rows))
