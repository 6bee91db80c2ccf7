"""The nightly plan beside its own SELECTs; the report of refusals beside a bare GROUP BY."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from unittest import mock

import psycopg
from django.db import connection, transaction

from calls import figures, planning, prepared
from calls.planning import storing
from memberships import segments
from memberships.models import Club
from tests.bench import rows
from tests.bench.measure import ROUNDS, Line, Size, clock_time, line, milliseconds, number, ratios, seconds

RAW_REFUSALS = """
SELECT r.code, count(*) FROM calls_callattempt a JOIN calls_refusalreason r ON r.id = a.reason_id
WHERE a.club_id = %s AND a.outcome = 'refused' AND a.at >= %s AND a.at < %s GROUP BY 1 ORDER BY 2 DESC
"""


def lines(size: Size, made: list[Club]) -> Iterator[Line]:
    """Plans of days in a row, the first of which (everything is new) does not count."""
    rows.empty_tasks()
    ours, raw = [], []
    for day in range(ROUNDS + 1):
        now = rows.NOW + dt.timedelta(days=day)
        reads: list[tuple[str, dict]] = []
        took = seconds(lambda now=now, reads=reads: _plan(made, now, reads))
        if day:
            raw.append(seconds(lambda reads=reads: _read(reads)))
            ours.append(took)
        rows.analyze("calls_calltask")
    yield line(
        f"plan of {number(size.memberships)} memberships, the next day",
        "its own SELECTs",
        ratios(ours, raw),
        1.6,
        at_most=True,
        ours=clock_time(ours),
        raw=clock_time(raw),
    )


def _plan(made: list[Club], now: dt.datetime, reads: list[tuple[str, dict]]) -> None:
    """Plans each club; the reads of a whole club are noted."""
    stream, rows_of = prepared.stream, prepared.rows

    def ranking(execute: Callable, statement: str, params: dict, many: bool, context: dict) -> object:
        if statement == segments.CHANGED:
            reads.append((statement, params))
        return execute(statement, params, many, context)

    def noting(statement: str, params: dict) -> Iterator[list[tuple]]:
        reads.append((statement, params))
        return stream(statement, params)

    def noting_rows(statement: str, params: dict) -> list[tuple]:
        if statement in (storing.UNSETTLED, storing.OPEN):
            reads.append((statement, params))
        return rows_of(statement, params)

    with (
        mock.patch.object(prepared, "stream", noting),
        mock.patch.object(prepared, "rows", noting_rows),
        connection.execute_wrapper(ranking),
    ):
        for club in made:
            planning.plan(club=club, on=now.astimezone(club.zone).date(), now=now)


def _read(reads: list[tuple[str, dict]]) -> None:
    """The same statements in the same room, every row fetched and nothing made of it."""
    connection.ensure_connection()
    with transaction.atomic():
        planning.with_room()
        for statement, params in reads:
            with psycopg.ServerCursor(connection.connection, "bench_reads") as cursor:
                cursor.execute(statement, params)
                while cursor.fetchmany(prepared.FETCH_AT_ONCE):
                    pass


def refusals(club: Club) -> Iterator[Line]:
    """The report of a year's refusals."""
    last = rows.TODAY
    first = last - dt.timedelta(days=364)
    since, until = figures.edges(club, first, last)

    def raw() -> None:
        with connection.cursor() as cursor:
            cursor.execute(RAW_REFUSALS, [club.pk, since, until])
            cursor.fetchall()

    mine, bare = [], []
    raw()
    for _ in range(ROUNDS):
        bare.append(seconds(raw))
        mine.append(seconds(lambda: figures.report(club=club, first=first, last=last)))
    yield line(
        "refusals of 12 months by reason, one club",
        "GROUP BY over the attempts",
        ratios(mine, bare),
        0.2,
        at_most=True,
        ours=milliseconds(mine),
        raw=milliseconds(bare),
    )
