"""Records are found by what is asked, and how many others there are costs nothing."""

from __future__ import annotations

import json
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hallmark.office.registry import services
from hallmark.office.registry.state import DatabaseState, store_all
from hallmark.rules.state import MemoryState

pytestmark = pytest.mark.django_db

KEYS = ["x", "x/", "x/A", "x/a", "x/ab", "X/a", "x/_", "x/%", "x/*b", "x/[a]", "x/?", "x/a/b", "xy/a", "x/证", "x/\\a"]
TABLE = "registry_staterecord"


@pytest.mark.parametrize("prefix", ["", "x/", "x/a", "X/", "x/_", "x/%", "x/*", "x/[a]", "x/[", "x/?", "x/\\", "y/"])
def test_a_scan_gives_what_begins_so_and_nothing_else_in_bytewise_order(prefix):
    records = {key: {"is": key} for key in KEYS}
    store_all({key: (record, 0) for key, record in records.items()})
    expected = MemoryState({})
    expected.apply(records)
    assert list(DatabaseState().scan(prefix)) == list(expected.scan(prefix))


def test_what_erasing_evidence_reads_does_not_grow_with_the_evidence_there_is(office):
    def reading(address: bytes) -> list[int]:
        """Erase evidence, and return what each query for records read."""
        claims = {"address": address, "ground": "retention", "reason": "its time is over"}
        with CaptureQueriesContext(connection) as captured:
            services.append([services.issue("evidence.erased", office.jade, office.jade, claims)])
        asked = [each["sql"] for each in captured if each["sql"].startswith("SELECT") and TABLE in each["sql"]]
        assert any(f"evidence/{address.hex()}/" in sql for sql in asked)
        return [_work_of(sql) for sql in asked]

    few = reading(bytes(32))
    store_all({f"evidence/{number:064x}/CASE-{number}": ({}, 0) for number in range(100, 3100)})
    many = reading(b"\xff" * 32)
    assert len(many) == len(few)
    assert sum(many) <= sum(few)


def _work_of(sql: str) -> int:
    """Return the rows that PostgreSQL read for a query, or the steps that SQLite took."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ANALYZE {TABLE}")
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            (said,) = cursor.fetchone()
            return _rows(said[0] if isinstance(said, list) else json.loads(said)[0])
        steps = count()
        connection.connection.set_progress_handler(lambda: next(steps) < 0, 1)
        try:
            connection.connection.execute(sql).fetchall()
        finally:
            connection.connection.set_progress_handler(None, 1)
        return next(steps)


def _rows(plan: dict) -> int:
    node = plan.get("Plan", plan)
    read = node["Actual Rows"] + sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
    return int(read * node["Actual Loops"]) + sum(map(_rows, node.get("Plans", ())))
