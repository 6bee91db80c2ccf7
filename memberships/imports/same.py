"""Finds the rows of a file that read exactly as they are stored, before any of them is read in Python.

A file that is loaded again is mostly what it was. PostgreSQL reads it as raw text and compares it with what is stored,
written the plain way; such a row needs neither reading nor checking, for it was checked when it was stored. Every
other row (another spelling, a change, something new) goes the usual way. Where the two readers of CSV might not agree,
nothing is found and all rows go the usual way.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from memberships.imports.files import Plain
from memberships.imports.job import Job
from memberships.imports.kinds import Comparison
from memberships.rules import money

BLOCK = 1 << 20


@dataclass(frozen=True)
class Rest:
    """What is left to read: ``rows`` in the file, ``different[n]`` true where the n-th of them must be read."""

    rows: int
    different: bytearray

    @property
    def count(self) -> int:
        """How many rows must be read."""
        return self.different.count(1)


def find(job: Job, comparison: Comparison | None) -> Rest | None:
    """Compare the file with what is stored; None where that cannot be done or saves little."""
    plain = job.table.plain
    if comparison is None or plain is None or not _anything_stored(job, comparison):
        return None
    job.create("import_raw", {"number": "int GENERATED ALWAYS AS IDENTITY", **dict.fromkeys(_columns(job), "text")})
    try:
        with transaction.atomic():
            _copy(job, plain)
            # a row that is the same fulfils a dozen conditions, which the planner takes for a wonder: left alone it
            # would look up one by one, or begin with another table
            job.run("SET LOCAL enable_nestloop = off; SET LOCAL join_collapse_limit = 1")
            rest = _compare(job, comparison)
            job.run("SET LOCAL enable_nestloop = on; SET LOCAL join_collapse_limit = 8")
    except (DatabaseError, psycopg.DatabaseError):  # PostgreSQL reads it otherwise, or not at all
        rest = None
    job.run("TRUNCATE import_raw")
    return rest


def _anything_stored(job: Job, comparison: Comparison) -> bool:
    query = f"SELECT 1 FROM {comparison.stored} WHERE club_id = %(club)s AND external_id IS NOT NULL LIMIT 1"
    return bool(job.ask(query))


def _columns(job: Job) -> list[str]:
    """The raw columns: fields by their names, others by their places."""
    names = {place: name for name, place in job.present.items()}
    return [names.get(place, f"column {place}") for place in range(len(job.table.header))]


def _copy(job: Job, plain: Plain) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, _columns(job)))
    statement = sql.SQL(
        "COPY import_raw ({columns}) FROM STDIN WITH (FORMAT csv, HEADER true, DELIMITER {delimiter},"
        " ENCODING {encoding}, FORCE_NOT_NULL ({columns}))"
    ).format(columns=columns, delimiter=sql.Literal(plain.delimiter), encoding=sql.Literal(plain.encoding))
    with connection.cursor() as cursor, cursor.copy(statement) as copy, job.path.open("rb") as file:
        file.seek(plain.begins)
        while block := file.read(BLOCK):
            copy.write(block)


def _compare(job: Job, comparison: Comparison) -> Rest | None:
    conditions = [f"({comparison.conditions[name].format(cell=f'x.{name}')}) IS TRUE" for name in job.present]
    rows = job.ask("SELECT count(*) FROM import_raw")[0][0]
    same = job.create_as(
        "import_same",
        f"SELECT x.number, m.id FROM import_raw x {comparison.tables} WHERE {' AND '.join(conditions)}",
        digits=money.minor_digits(job.club.currency),
    )
    if same * 2 < rows or job.ask("SELECT 1 FROM import_same GROUP BY id HAVING count(*) > 1 LIMIT 1"):
        return None
    different = bytearray(rows)
    if same == rows:
        return Rest(rows, different)
    job.create_as(
        "import_different",
        "SELECT x.number, btrim(x.external_id) AS key FROM import_raw x"
        " WHERE NOT EXISTS (SELECT FROM import_same s WHERE s.number = x.number)",
    )
    key_of_another = """
        SELECT 1 FROM import_different d JOIN import_raw x ON btrim(x.external_id) = d.key AND x.number <> d.number
        LIMIT 1
    """
    if job.ask(key_of_another):
        return None
    for numbers in job.stream("SELECT number FROM import_different", chunk=50_000):
        for (number,) in numbers:
            different[number - 1] = 1
    return Rest(rows, different)
