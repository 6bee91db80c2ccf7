"""Stores many rows of one table by COPY, from unsaved model instances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import Model
from psycopg import sql
from psycopg.types.json import Jsonb


def reserve_ids(model: type[Model], count: int) -> list[int]:
    """Takes ``count`` ids from the table's sequence, so that rows can name each other before they are stored."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def copy_values(model: type[Model], columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Stores rows given as plain values; the ids are the table's own. Several times as fast as instances."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def copy_rows(model: type[Model], rows: Iterable[Model]) -> int:
    """Stores the instances (with their ids set) and answers how many they were. Raises what the database raises."""
    fields = [field for field in model._meta.concrete_fields if not getattr(field, "generated", False)]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(sql.Identifier(field.column) for field in fields)
    )
    names: Sequence[tuple[str, bool]] = [(field.attname, field.get_internal_type() == "JSONField") for field in fields]
    count = 0
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([Jsonb(getattr(row, name)) if is_json else getattr(row, name) for name, is_json in names])
            count += 1
    return count
