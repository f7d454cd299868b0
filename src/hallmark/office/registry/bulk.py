"""Many rows at once, the quickest way each database has: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Model

Value = str | bytes | int | date
Rows = Sequence[tuple[Value, ...]]


def insert(model: type[Model], columns: Sequence[str], rows: Rows) -> None:
    """Insert `rows` of `columns`; raises what the database raises."""
    _write(model, columns, rows, "")


def upsert(model: type[Model], columns: Sequence[str], rows: Rows) -> None:
    """Insert `rows` of `columns`, each in place of the one with the same first column, the key."""
    key, *others = map(connection.ops.quote_name, columns)
    news = ", ".join(f"{name} = excluded.{name}" for name in others)
    _write(model, columns, rows, f"ON CONFLICT ({key}) DO UPDATE SET {news}")


def _write(model: type[Model], columns: Sequence[str], rows: Rows, conflict: str) -> None:
    """Names in the SQL come from models, values never."""
    quote, name = connection.ops.quote_name, model._meta.db_table  # noqa: SLF001 - Django documents it
    names, table, fresh = ", ".join(map(quote, columns)), quote(name), quote(f"fresh_{name}")
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            places = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places}) {conflict}", rows)  # noqa: S608
        elif not conflict:
            _copy(cursor, f"{table} ({names})", _types(model, columns), rows)
        else:
            cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {fresh} (LIKE {table}) ON COMMIT DELETE ROWS")
            _copy(cursor, f"{fresh} ({names})", _types(model, columns), rows)
            cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {fresh} {conflict}")  # noqa: S608
            cursor.execute(f"DELETE FROM {fresh}")  # noqa: S608


def _types(model: type[Model], columns: Sequence[str]) -> list[str]:
    """Return the types of `columns` by name, without their lengths."""
    fields = {field.column: field for field in model._meta.concrete_fields}  # noqa: SLF001 - as above
    return [str(fields[column].db_type(connection)).partition("(")[0] for column in columns]


def _copy(cursor: Any, target: str, types: Sequence[str], rows: Rows) -> None:
    """In binary: as text, bytes would be twice as long and be read digit by digit."""
    with connection.wrap_database_errors, cursor.copy(f"COPY {target} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
