"""Statements of the hot paths (claim, policy, planner): bound by the server and prepared once per connection.

Django binds in the client and never prepares, so that PostgreSQL plans the claim anew each time, which costs more
than the claim itself. These run on Django's own connection, in its transaction if there is one, and keep one plan each
(asked for the cheaper, PostgreSQL would plan statements with arrays anew every time).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

PREPARE_AFTER = 2
QUICK = psycopg.adapters.get_loader(psycopg.adapters.types["timestamptz"].oid, psycopg.pq.Format.TEXT)
assert QUICK is not None
FETCH_AT_ONCE = 5000
MOST_STATEMENTS = 500


def rows(statement: str, params: Mapping[str, object]) -> list[tuple]:
    """All rows that a statement answers; ``params`` by name (``%(name)s``). JSON arrives as text."""
    with _asked(statement, params) as cursor:
        answer = cursor.pgresult  # asking for a description would describe every column
        return cursor.fetchall() if answer is not None and answer.nfields else []


def count(statement: str, params: Mapping[str, object]) -> int:
    """Runs a statement that answers nothing; how many rows it touched."""
    with _asked(statement, params) as cursor:
        return cursor.rowcount


def stream(statement: str, params: Mapping[str, object]) -> Iterator[list[tuple]]:
    """The rows of a large answer in chunks, through a cursor of the server. Needs a transaction."""
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        psycopg.ServerCursor(connection.connection, "ringback_stream") as cursor,
    ):
        cursor.adapters.register_loader("timestamptz", QUICK)
        cursor.execute(statement, params)  # type: ignore[arg-type]
        while chunk := cursor.fetchmany(FETCH_AT_ONCE):
            yield chunk


def guarded() -> AbstractContextManager[object]:
    """Around a statement that a constraint may refuse: alone it is its own transaction, inside one a savepoint."""
    return transaction.atomic() if connection.in_atomic_block else nullcontext()


@lru_cache(maxsize=MOST_STATEMENTS)
def numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """A statement with its values by number, as the server takes them, and their names in that order.

    psycopg does so too, but anew at every call where a statement is longer than 4,096 characters, as the claim is.
    """
    names: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return "%" if found[0] == "%%" else f"${names.setdefault(found[1], len(names) + 1)}"

    return re.sub(r"%%|%\((\w+)\)s", number, statement), tuple(names)


@contextmanager
def _asked(statement: str, params: Mapping[str, object]) -> Iterator[psycopg.RawCursor]:
    """The one cursor of Django's connection that binds in the server, with its answer, read before it is used again.

    It reads instants by psycopg's own loader, which is many times as quick as Django's; the session's zone is UTC.
    """
    own = connections[DEFAULT_DB_ALIAS]  # found once: ``connection`` looks for it at each word
    own.ensure_connection()
    raw = own.connection
    cursor = getattr(raw, "ringback_cursor", None)
    if cursor is None:
        raw.prepare_threshold = PREPARE_AFTER
        raw.execute("SET plan_cache_mode = force_generic_plan")
        cursor = raw.ringback_cursor = psycopg.RawCursor(raw)
        cursor.adapters.register_loader("timestamptz", QUICK)
    text, names = numbered(statement)
    with own.wrap_database_errors:
        cursor.execute(text, [params[name] for name in names])  # type: ignore[arg-type]
        yield cursor
