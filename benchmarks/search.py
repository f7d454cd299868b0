"""Searching a register of 100,000 certificates, on SQLite and on PostgreSQL; about five minutes, most of it filling.

`find` is one process and one question after the other. `page` is a reader's: the server as it is run, with two workers,
and two readers who ask over HTTP without a pause, on the same machine. Wall clock. The questions are the kinds that
people ask, each as often as the others: a number, a holder, a model, words that few or all certificates have, Chinese
and English, filters with and without text, and pages far back.

The peer is what one would write first: every certificate's text in one column, and LIKE.
"""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

from measure import Row, quantile, show

import office
from hallmark.kernel import canonical, identifier, instant
from hallmark.statement import envelope

CERTIFICATES = 100_000
AT_ONCE = 5_000
ROUNDS = 40
KINDS = (
    "a number",
    "a name, Chinese",
    "a name, English",
    "a model",
    "two characters",
    "one character, a type",
    "what all have",
    "what all have, a status",
    "a status",
    "type and status, far back",
    "what all have, far back",
    "nothing",
)
AIM_MS = 50.0
READERS = 2
SYLLABLES = "华信安联通银融汇金瑞达恒盛泰和云智慧数码支付科技终端网络凤凰长江东方"
WORDS = ("north", "river", "jade", "lotus", "swift", "union", "cloud", "orient", "silver", "harbour", "star", "delta")
TYPES = tuple(f"CFP-{number:02}" for number in range(1, 14))


class Question(NamedTuple):
    """What is asked; the fields are those of the register's page."""

    q: str = ""
    type: str = ""
    status: str = ""
    page: int = 1


def run(database: str) -> None:
    """Print the rows of one database."""
    folder = office.start(database)
    generator = random.Random(1)  # noqa: S311 - the same work in every run, not a secret
    fill(generator)
    asked = [question for _ in range(ROUNDS) for question in questions(generator)]
    found = list(timings(asked, find))
    peer = list(timings(asked[: len(KINDS)], like))
    pages = over_http(asked, str(folder))
    rows = [Row("find, median", quantile(found, 0.5), "ms", None, "LIKE", quantile(peer, 0.5))]
    rows += [Row("find, p95", quantile(found, 0.95), "ms", AIM_MS, "LIKE", quantile(peer, 0.95))]
    rows += [Row("page, two workers, median", quantile(pages, 0.5), "ms")]
    rows += [Row("page, two workers, p95", quantile(pages, 0.95), "ms", AIM_MS)]
    for at, kind in enumerate(KINDS):
        rows.append(
            Row(f"  find, median: {kind}", quantile(found[at :: len(KINDS)], 0.5), "ms", None, "LIKE", peer[at])
        )
    show(f"register search, {CERTIFICATES:,} certificates, {office.DATABASES[database]}, wall clock", rows)


def fill(generator: random.Random) -> None:
    """Write the register as its projection does, many certificates at once."""
    from django.db import transaction  # noqa: PLC0415 - Django is ready only now

    from hallmark.office.registry import bulk, projection  # noqa: PLC0415
    from hallmark.office.registry.models import Certificate, SearchTerm, StatusPeriod  # noqa: PLC0415

    kinds = tuple(
        (model, tuple(field.column for field in model._meta.concrete_fields))  # noqa: SLF001 - Django documents it
        for model in (Certificate, SearchTerm, StatusPeriod)
    )
    for start in range(0, CERTIFICATES, AT_ONCE):
        rows: tuple[list[Any], ...] = ([], [], [])
        for entry in range(start, start + AT_ONCE):
            number, record, status = certificate(generator, entry)
            days = [instant.parse_date(record[name]) for name in ("valid_from", "valid_until")]
            now = status["history"][-1]["status"]
            rows[0].append((number, entry, now, *days, canonical.encode(record)))
            terms = sorted(projection._terms_of(number, record))  # noqa: SLF001 - what the projection writes
            rows[1].extend((term, entry) for term in terms)
            rows[2].extend((name, entry, *period) for name, *period in projection.periods(status))
        with transaction.atomic():
            for (model, columns), news in zip(kinds, rows, strict=True):
                bulk.insert(model, columns, news)
    _write_peer()


def _write_peer() -> None:
    """Write the peer's table, and bring both databases' statistics up to date."""
    from django.db import connection, transaction  # noqa: PLC0415

    from hallmark.office.registry.models import Certificate  # noqa: PLC0415

    def words(row: Any) -> tuple[int, str]:
        record = canonical.decode(bytes(row.record))
        named = [record[part]["name"] for part in ("applicant", "product", "manufacturer", "body")]
        found = [row.number, record["product"]["model"], *(name[tongue] for name in named for tongue in name)]
        return row.entry, " ".join(found).casefold()

    rows = [words(row) for row in Certificate.objects.iterator()]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE peer (entry bigint primary key, words text)")
        cursor.executemany("INSERT INTO peer VALUES (%s, %s)", rows)
        cursor.execute("ANALYZE")


def certificate(generator: random.Random, entry: int) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return number, record and status of a certificate like no other."""
    record, status = _model()
    kind = generator.choice(TYPES)
    body = f"NORTH{generator.randrange(10)}"
    number = identifier.complete(f"CFP-{body}-2026-{kind[4:]}-{entry:06}")
    record = {
        **record,
        "applicant": {**record["applicant"], "name": _name(generator.randrange(4_000))},
        "manufacturer": {**record["manufacturer"], "name": _name(generator.randrange(4_000))},
        "product": {**record["product"], "model": f"M-{entry % 7_919}", "name": _name(entry)},
        "product_type": {**record["product_type"], "id": kind},
    }
    ended = [{**status["history"][0], "effective_on": "2026-09-01", "status": "withdrawn", "reason_code": "x"}]
    return number, record, {**status, "history": status["history"] + (ended if entry % 20 == 0 else [])}


@cache
def _model() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return record and status of a certificate that the tests' market issued."""
    market = office.Market(office.SCHEME, "CFP-01").open()
    _, number = market.certified()
    drafts = (envelope.parse(encoded).draft for encoded, _ in market.ledger)
    record = next(dict(draft.public) for draft in drafts if draft.subject == number)
    return record, market.state.get(f"certificate/{number}")


@cache
def _name(number: int) -> dict[str, str]:
    chosen = random.Random(number)  # noqa: S311 - the same name for the same number
    zh = "".join(chosen.sample(SYLLABLES, 4))
    return {"zh": f"{zh}有限公司", "en": f"{' '.join(chosen.sample(WORDS, 2)).title()} {number} Limited"}


def questions(generator: random.Random) -> tuple[Question, ...]:
    """Return one question of each of the kinds."""
    entry, name = generator.randrange(CERTIFICATES), _name(generator.randrange(4_000))
    kind = generator.choice(TYPES)
    return (
        Question(identifier.complete(f"CFP-NORTH3-2026-05-{entry:06}")),
        Question(name["zh"]),
        Question(name["en"]),
        Question(f"M-{entry % 7_919}"),
        Question(name["zh"][:2]),
        Question(name["zh"][:1], kind),
        Question("有限公司"),
        Question("limited", status="withdrawn"),
        Question(status=generator.choice(("in-force", "withdrawn"))),
        Question("", kind, "in-force", generator.randrange(1, 200)),
        Question("公司", page=generator.randrange(1, 2_000)),
        Question(),
    )


def timings(asked: list[Question], answer: Callable[[Question], object]) -> Iterator[float]:
    """Yield the ms of wall clock that each answer took, after one that does not count."""
    answer(asked[0])
    for each in asked:
        begin = time.perf_counter()
        answer(each)
        yield (time.perf_counter() - begin) * 1e3


def find(asked: Question) -> object:
    """Answer as the register does."""
    from hallmark.office.registry import search  # noqa: PLC0415

    today = date(2026, 10, 1)
    kind, status = asked.type, asked.status
    return search.find(asked.q, today=today, product_type=kind, status=status, page=asked.page - 1)


def like(asked: Question) -> object:
    """Answer by looking at every certificate's text; the filters are left out, which is in the peer's favour."""
    from django.db import connection  # noqa: PLC0415

    words = [f"%{word}%" for word in asked.q.casefold().split()]
    condition = " AND ".join(["words LIKE %s"] * len(words)) or "1 = 1"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM peer WHERE {condition}", words)  # noqa: S608 - no value in it
        cursor.execute(
            f"SELECT entry FROM peer WHERE {condition} ORDER BY entry DESC LIMIT 25 OFFSET %s",  # noqa: S608
            [*words, 25 * (asked.page - 1)],
        )
        return cursor.fetchall()


def over_http(asked: list[Question], folder: str) -> list[float]:
    """Return the ms of every page, asked for by `READERS` at once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", f"from hallmark.server.serve import serve; serve(port={port})"]
    server = subprocess.Popen(command, cwd=folder, start_new_session=True)
    try:
        _wait_for(port)
        times: list[float] = []
        readers = [threading.Thread(target=_read, args=(port, asked[at::READERS], times)) for at in range(READERS)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert len(times) == len(asked), "a page could not be had"
        return times
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
    raise TimeoutError


def _read(port: int, asked: list[Question], times: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def page(question: Question) -> None:
        fields = {name: value for name, value in question._asdict().items() if value}
        connection.request("GET", f"/register/?{urlencode(fields)}", headers={"Host": "localhost"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == http.HTTPStatus.OK, answer.status

    times.extend(timings(asked, page))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--on"]:
        run(sys.argv[2])
    else:
        for each in sys.argv[1:] or office.DATABASES:  # each in a process of its own
            subprocess.run([sys.executable, __file__, "--on", each], check=True)
