"""A kit for testing the laboratory: each measurement does one thing a hostile or broken one would do."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from hallmark.kernel.text import Text
from hallmark.lab.kit import Item, Judgement, Kit, KnownAnswer, Measurement, Role, Verdict, number

if TYPE_CHECKING:
    from hallmark.lab.kit import Limits, Observation, Session


def count(session: Session) -> Observation:
    data = session.file("text").read_bytes()
    session.progress(1, 2, "read")
    session.progress(2, 2)
    return {"letters": len(data), "ratio": len(data) / 3, "seed": session.seed.hex(), "at": session.at}


def look(session: Session) -> Observation:
    """Try whatever a sample that took over the process would try."""
    tried = {}
    for name, act in {
        "network": lambda: socket.create_connection(("127.0.0.1", 80), timeout=1),
        "write": lambda: Path("/usr/planted").write_text("x"),
        "sample": lambda: session.file("text").write_text("other"),
        "passwords": lambda: Path("/etc/passwd").read_text(),
        "home": lambda: list(Path(os.environ["OUTSIDE"]).iterdir()),
        "compiled": lambda: Path(os.environ["NUMBA_CACHE_DIR"], "poison").write_text("x"),
        "scratch": lambda: (session.folder / "note").write_text("x"),
    }.items():
        try:
            act()
            tried[name] = "done"
        except (OSError, KeyError) as error:
            tried[name] = type(error).__name__
    return {
        "tried": tried,
        "secret": os.environ.get("PLANTED_SECRET", ""),
        "programs": sum(each.name.isdigit() for each in Path("/proc").iterdir()),
    }


def fill(session: Session) -> Observation:
    return {"bytes": len(bytearray(2**31))}


def spin(session: Session) -> Observation:
    while True:
        pass


def sleep(session: Session) -> Observation:
    time.sleep(60)
    return {}


def flee(session: Session) -> Observation:
    """Leave a child behind that outlives the measurement."""
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(61)"], start_new_session=True)
    time.sleep(60)
    return {}


def die(session: Session) -> Observation:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def fail(session: Session) -> Observation:
    raise ValueError("no such chunk")


def flood(session: Session) -> Observation:
    return {"long": "x" * (80 * 2**20)}


def infinite(session: Session) -> Observation:
    return {"number": float("inf")}


def shout(session: Session) -> Observation:
    print('{"result": {"letters": 0}}', flush=True)  # noqa: T201 - what a chatty library does
    os.write(1, b'{"result": {"letters": 0}}\n')
    return {"letters": 7}


def letters(observation: Observation, limits: Limits) -> Judgement:
    seen, least = observation["letters"], number(limits, "least")
    verdict = Verdict.PASS if seen >= least else Verdict.FAIL
    return Judgement(verdict, Text(f"{seen} 个字符", f"{seen} letters"), values={"letters": seen, "least": least})


def ask(observation: Observation, limits: Limits) -> Judgement:
    return Judgement(Verdict.INSPECTION_NEEDED, Text("请人员查看", "A person has to look"), ("page 1 <b>",))


def twist(observation: Observation, limits: Limits) -> Judgement:
    return Judgement(Verdict(observation["nothing"]), Text("", ""))


def self_check() -> list[KnownAnswer]:
    return [KnownAnswer("two and two", "4", os.environ.get("PLANTED_SUM", "4"))]


BREAKING = {
    "fill": Measurement("fill", fill, memory_mb=512),
    "spin": Measurement("spin", spin, cpu_s=1, wall_s=20),
    "sleep": Measurement("sleep", sleep, wall_s=1),
    "flee": Measurement("flee", flee, wall_s=1),
    "die": Measurement("die", die),
    "fail": Measurement("fail", fail),
    "flood": Measurement("flood", flood),
    "infinite": Measurement("infinite", infinite),
    "shout": Measurement("shout", shout),
    "look": Measurement("look", look, ("text",)),
    "program": Measurement("program", count, programs=("sh", "no-such-program=some-package")),
    "absent": Measurement("absent", count, ("text", "other")),
}

KIT = Kit(
    id="planted",
    version="1",
    product_types=("CFP-99",),
    roles=(
        Role("text", Text("文本", "text"), most_files=2, most_bytes=100),
        Role("other", Text("其他", "other"), required=False),
    ),
    measurements=(Measurement("count", count, ("text",)), *BREAKING.values()),
    items=(
        Item("P-01", "count", letters),
        Item("P-02", "count", ask),
        Item("P-03", "count", twist),
        *(Item(f"P-{name}", name, letters) for name in BREAKING),
    ),
    self_check=self_check,
    module="planted",
    libraries=("cbor2",),
)
