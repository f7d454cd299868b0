"""A server as it was at one moment, rows and folders, put back as often as tests ask for it; once Django is set up."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from django.db import connection, transaction

FOLDERS = ("log", "keys")
Result = TypeVar("Result")


class Snapshot:
    """What the database holds now, and those of `FOLDERS` that are in `folder`, copied to `place`."""

    def __init__(self, folder: Path, place: Path) -> None:
        self._place = place
        for each in filter(Path.exists, map(folder.joinpath, FOLDERS)):
            shutil.copytree(each, place / each.name)
        self._rows: dict[str, tuple[list[str], list[Any]]] = {}
        with connection.cursor() as cursor:
            for table in connection.introspection.django_table_names(only_existing=True, include_views=False):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - names are models'
                columns = [each[0] for each in cursor.description]
                if rows := cursor.fetchall():
                    self._rows[table] = columns, rows

    def put_back(self, folder: Path) -> None:
        """Give tables the rows they had then, those without any excepted, and `folder` what it had."""
        quote = connection.ops.quote_name
        with transaction.atomic(), connection.cursor() as cursor:  # rows may refer to each other until it ends
            for table, (columns, rows) in self._rows.items():
                into, names, places = quote(table), ", ".join(map(quote, columns)), ", ".join(["%s"] * len(columns))
                cursor.execute(f"DELETE FROM {into}")  # noqa: S608
                cursor.executemany(f"INSERT INTO {into} ({names}) VALUES ({places})", rows)  # noqa: S608
        for each in self._place.iterdir():
            shutil.rmtree(folder / each.name, ignore_errors=True)
            shutil.copytree(each, folder / each.name)


_KEPT: dict[str, tuple[Snapshot, Any]] = {}


def once(name: str, folder: Path, make: Callable[[], Result]) -> Result:
    """Return what `make` returns, the server being as that leaves it: made once in a process, and put back after."""
    if name not in _KEPT:
        made = make()
        _KEPT[name] = Snapshot(folder, folder.parent / f"snapshot-{name}"), made
        return made
    snapshot, made = _KEPT[name]
    snapshot.put_back(folder)
    return made
