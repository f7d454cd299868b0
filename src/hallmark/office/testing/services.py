"""Starting runs, judging by hand, drawing up the report; `carry_out` is what the worker does."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from secrets import token_bytes
from typing import Any

from django.db import connections, transaction

from hallmark.kernel import identifier
from hallmark.kernel.errors import HallmarkError
from hallmark.lab import kits, runner, sample
from hallmark.lab.kit import Verdict
from hallmark.lab.record import HandJudgement, Record
from hallmark.office.accounts.policies import Actor
from hallmark.office.evidence import queries as evidence_queries
from hallmark.office.evidence import services as evidence
from hallmark.office.jobs import services as jobs
from hallmark.office.jobs.clock import now as wall_clock
from hallmark.office.jobs.worker import Run
from hallmark.office.registry import queries as registry
from hallmark.office.registry import services as statements
from hallmark.office.registry.models import Draft
from hallmark.office.registry.state import DatabaseState
from hallmark.office.testing import policies, queries, report
from hallmark.office.testing.errors import ItemsOpen, NotTheSample
from hallmark.office.testing.models import TestRun
from hallmark.rules.edition import Edition
from hallmark.scheme.model import Module
from hallmark.statement.kind import Visibility

JOB = "testing.run"
_SEED = 32


def start(
    actor: Actor,
    case: str,
    sample_id: str,
    files: Sequence[Mapping[str, str]],
    declaration: Mapping[str, Any] | None = None,
    *,
    at: int | None = None,
) -> TestRun:
    """Have the worker run the kit of the case's product type; `files` are {role, address} of uploaded evidence.

    Each must be one of the builds declared. Raises `NoKit`, `NotTheSample`, `NoSuchCase`, `NoSuchEvidence`.
    """
    record = registry.case(case)
    policies.may_test(actor, record.get("laboratory") or "")
    kits.find(record["product_type"])
    declared = {build["sha256"].hex() for build in record["product"]["builds"]}
    chosen = []
    for file in files:
        found = evidence_queries.find(file["address"], actor.organisations)
        if found.digest not in declared:
            raise NotTheSample(role=file["role"])
        chosen.append({"role": file["role"], "address": found.address, "name": found.name})
    asked = wall_clock() if at is None else at
    with transaction.atomic():
        run = TestRun.objects.create(
            id=identifier.from_seed("RUN", token_bytes(16)),
            case=case,
            sample=sample_id,
            laboratory=record["laboratory"],
            product_type=record["product_type"],
            files=chosen,
            declaration={"claims": record["declares"], **(declaration or {})},
            seed=token_bytes(_SEED),
            asked_by=actor.person or "",
            asked_ms=asked,
        )
        run.job = jobs.enqueue(JOB, {"run": run.id}, at=wall_clock(), owner=record["laboratory"]).pk
        run.save()
    return run


def carry_out(job: Run, watch: runner.Listener | None = None) -> None:
    """Run the kit in its sandbox; what was measured before the worker was lost is not measured again.

    `watch` is told every event of the runner.
    """
    run = TestRun.objects.get(pk=job.payload["run"])
    edition = Edition.of_case(DatabaseState(), registry.case(run.case))
    kit = kits.find(run.product_type)
    folder = Path(tempfile.gettempdir()) / "hallmark-runs" / run.id
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stop = threading.Event()
    mine = threading.current_thread()
    done: list[str] = []

    def listen(event: Mapping[str, Any]) -> None:
        if watch:
            watch(event)
        if event.get("event") == "observation":
            done.append(str(event.get("measurement", "")))
        try:
            job.progress(len(done), len(kit.measurements), str(event.get("note") or event.get("item") or ""))
        except HallmarkError:
            stop.set()
            raise
        finally:
            if threading.current_thread() is not mine:  # the runner's threads end without closing what they opened
                connections.close_all()

    with tempfile.TemporaryDirectory(prefix="hallmark-sample-") as place:
        files = _lay_out(run, Path(place))
        record = _measured(run, edition, kit, files, folder, listen, stop)
    with job.conclude({"run": run.id, "conclusion": record.conclusion}):
        TestRun.objects.filter(pk=run.id).update(record=record.encode(), ended_ms=wall_clock())


def _measured(
    run: TestRun,
    edition: Edition,
    kit: Any,
    files: Mapping[str, Sequence[Path]],
    folder: Path,
    listen: runner.Listener,
    stop: threading.Event,
) -> Record:
    items = {item.id: item for item in edition.items(registry.case(run.case), Module.TYPE_TEST)}
    manifest = sample.take(files, kit.roles, product=run.product_type, declaration=run.declaration)
    return runner.run(
        kit,
        manifest,
        seed=bytes(run.seed),
        at=run.asked_ms,
        catalogue=items,
        limits={name: edition.settings.limits(item) for name, item in items.items()},
        folder=folder,
        listen=listen,
        cancel=stop,
    )


def _lay_out(run: TestRun, place: Path) -> dict[str, list[Path]]:
    files: dict[str, list[Path]] = {}
    for number, file in enumerate(run.files):
        folder = place / str(number)
        folder.mkdir()
        path = folder / (Path(file["name"]).name or "file")
        with path.open("wb") as target:
            for chunk in evidence_queries.read(file["address"], [run.laboratory]):
                target.write(chunk)
        files.setdefault(file["role"], []).append(path)
    return files


def judge(
    actor: Actor, name: str, item: str, verdict: str, reason: str, evidence_digests: Sequence[str] = ()
) -> Record:
    """Add a person's judgement on an item that the machine left to people; raises `NotForPeople`, `NoSuchRun`."""
    with transaction.atomic():
        run = policies.may_see(actor, name)
        policies.may_test(actor, run.laboratory)
        judgement = HandJudgement(
            item, actor.person or "", Verdict(verdict), reason, wall_clock(), tuple(evidence_digests)
        )
        record = queries.record(run).judged(judgement)
        TestRun.objects.filter(pk=run.id).update(record=record.encode())
    return record


def draw_up(actor: Actor, name: str, *, at: int | None = None) -> Draft:
    """Return the draft of `test.reported` for a run, its record and the page for people kept as evidence.

    It then takes the approvals of tester and authorised signatory, which cover both: the page is the report as it will
    be issued, but for what signing adds. Raises `ItemsOpen`, `SampleUnknown`.
    """
    run = policies.may_see(actor, name)
    policies.may_test(actor, run.laboratory)
    record = queries.record(run)
    judged = {each.item for each in record.by_hand}
    failed = record.conclusion is Verdict.FAIL  # one decisive item settles it, nobody needs to judge the others
    if not failed and (waiting := [item for item in record.for_people if item not in judged]):
        raise ItemsOpen(items=", ".join(waiting))
    case = registry.case(run.case)
    made = wall_clock() if at is None else at
    edition = Edition.of_case(DatabaseState(), case)
    data = record.encode()
    claims: dict[str, Any] = {
        "report": identifier.from_seed("REPORT", token_bytes(16)),
        "sample": run.sample,
        "builds": case["product"]["builds"],
        "kit": {
            "id": record.kit["id"],
            "version": record.kit["version"],
            "isolation": str(record.session["isolation"]),
        },
        "verdicts": {line.id: str(record.verdict(line.id)) for line in record.requirements},
        "record": _keep(actor, run, data, "result record", "application/cbor"),
        "started_on": edition.date_at(run.asked_ms).isoformat(),
        "finished_on": edition.date_at(made).isoformat(),
    }
    if case["tests"]:
        claims["amends"] = case["tests"][-1]["report"]
    page = report.draw_draft(run.case, run.laboratory, claims, data, made)
    claims["paper"] = _keep(actor, run, page, "test report", "application/pdf")
    return statements.prepare(actor, "test.reported", run.laboratory, run.case, claims, at=at)


def _keep(actor: Actor, run: TestRun, content: bytes, title: str, media_type: str) -> dict[str, Any]:
    kept = evidence.store(
        BytesIO(content),
        name=f"{title} {run.id}",
        media_type=media_type,
        owner=run.laboratory,
        visibility=Visibility.MEMBERS,
        at=wall_clock(),
        case=run.case,
        by=actor.person or "",
    )
    for party in ("body", "applicant"):
        evidence.share(kept.address, registry.case(run.case)[party], organisations=[run.laboratory])
    return {
        "title": title,
        "sha256": bytes.fromhex(kept.digest),
        "size": kept.size,
        "address": bytes.fromhex(kept.address),
    }
