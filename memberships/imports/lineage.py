"""Works out, member by member, which kind of sale each membership was, and refuses rows that share a day.

Reads ``import_new`` and the stored memberships of the members that it touches, in order of start, as a stream; what
it finds goes to ``import_lineage`` (per membership) and ``import_members`` (per member). The rules decide.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from memberships.imports import resolved
from memberships.imports.cells import NULL
from memberships.imports.job import Job, Problem
from memberships.imports.words import spoken
from memberships.rules import sales
from memberships.rules.sales import SaleKind, Sold
from memberships.rules.terms import Span, span_or_none

STRETCH = 20_000
LINEAGE = {
    "id": "bigint",
    "sale_kind": "text",
    "renewed_from_id": "bigint",
    "follows": "bool",
    "chain_starts_on": "date",
}
MEMBERS = {"member_id": "bigint", "last_covered_on": "date"}

AFFECTED = """
    SELECT member_id FROM import_new
    UNION SELECT m.member_id FROM import_new n JOIN memberships_membership m ON m.id = n.id WHERE NOT n.is_new
"""
STORED = """
    m.member_id, m.id, NULL::int AS line, FALSE AS is_new, m.starts_on, m.effective_ends_on, m.last_covered_on,
    m.sold_on, m.cancelled_on, m.sale_kind, m.renewed_from_id, m.follows, m.chain_starts_on,
    m.external_id IS NOT NULL AS imported, NULL::bigint AS changed_from_id
"""
ROWS = f"""
    SELECT {STORED} FROM memberships_membership m JOIN import_affected a USING (member_id)
    WHERE NOT EXISTS (SELECT FROM import_new n WHERE n.id = m.id)
    UNION ALL
    SELECT n.member_id, n.id, n.line, n.is_new, n.starts_on, n.effective_ends_on, n.last_covered_on,
        n.sold_on, n.cancelled_on, m.sale_kind, m.renewed_from_id, m.follows, m.chain_starts_on, TRUE,
        n.changed_from_id
    FROM import_new n LEFT JOIN memberships_membership m ON m.id = n.id
    ORDER BY 1, 5, 2
"""


class Row(NamedTuple):
    """A membership of a member whose history the file touches; one of the file has its line."""

    member_id: int
    id: int
    line: int | None
    is_new: bool
    starts_on: dt.date
    effective_ends_on: dt.date
    last_covered_on: dt.date
    sold_on: dt.date
    cancelled_on: dt.date | None
    sale_kind: str | None
    renewed_from_id: int | None
    follows: bool | None
    chain_starts_on: dt.date | None
    imported: bool
    changed_from_id: int | None = None

    @property
    def covered(self) -> Span | None:
        """The days it covers."""
        return span_or_none(self.starts_on, self.last_covered_on)


class Found(NamedTuple):
    """What a membership was found to be."""

    id: int
    sale_kind: str
    renewed_from_id: int | None
    follows: bool
    chain_starts_on: dt.date


def work_out(job: Job) -> None:
    """Fill ``import_lineage`` and ``import_members`` for every member that the file touches."""
    job.create("import_lineage", LINEAGE)
    job.create("import_members", MEMBERS)
    if not job.create_as("import_affected", AFFECTED):
        return
    left = _left(job)
    found: list[Found] = []
    last: list[tuple[int, dt.date | None]] = []
    problems: list[Problem] = []
    rows = (Row._make(row) for stretch in job.stream(ROWS, chunk=STRETCH) for row in stretch)
    for member, group in groupby(rows, key=itemgetter(0)):
        history = list(group)
        if _share_days(history):
            history = _without_overlaps(job, history, problems)
        judged_from = left.get(member, dt.date.max)
        grace_days = job.policy.grace_days
        found += _changed(history, lineage_of(history, grace_days=grace_days, as_of=job.as_of, judged_from=judged_from))
        last.append((member, max((row.last_covered_on for row in history if row.covered), default=None)))
        if len(last) >= STRETCH:
            _write(job, found, last)
            found, last = [], []
    _write(job, found, last)
    job.report(problems)
    job.analyze("import_lineage")
    resolved.drop_refused(job)


def _left(job: Job) -> dict[int, dt.date]:
    """The earliest day from which rows of the file take a stored membership away, by member."""
    return dict(
        job.ask("""
            SELECT m.member_id, min(m.starts_on) FROM import_new n JOIN memberships_membership m ON m.id = n.id
            WHERE NOT n.is_new AND (m.member_id, m.starts_on) <> (n.member_id, n.starts_on) GROUP BY 1
        """)
    )


def lineage_of(
    history: Sequence[Row], *, grace_days: int, as_of: dt.date, judged_from: dt.date = dt.date.max
) -> list[Found]:
    """What each membership of a member is, in order of start.

    A kind is fixed at the sale: only rows of the file, and imported ones that start on or after the first of them
    (or ``judged_from``), are judged anew.
    """
    judged_from = min([judged_from, *(row.starts_on for row in history if row.line is not None)])
    before: Sold | None = None
    latest: Sold | None = None
    day = None
    chains: dict[int, dt.date] = {}
    found = []
    for row in history:
        if row.starts_on != day:
            before, day = latest, row.starts_on
        kind, renewed_from, follows = row.sale_kind, row.renewed_from_id, bool(row.follows)
        if row.changed_from_id in chains:
            kind, renewed_from, follows = SaleKind.CHANGE.value, row.changed_from_id, False
        if row.imported and row.starts_on >= judged_from and kind != SaleKind.CHANGE:
            judged, prior = sales.sale_kind((before,) if before else (), row.starts_on, grace_days)
            kind, renewed_from = judged.value, prior.id if prior and judged is SaleKind.RENEWAL else None
            if row.line is not None:
                follows = prior is not None and sales.imported_follows(_sold(row), judged, prior, as_of)
            follows = follows and judged is SaleKind.RENEWAL
        linked = renewed_from is not None and kind in (SaleKind.RENEWAL, SaleKind.CHANGE)
        begun = chains.get(renewed_from, row.starts_on) if linked and renewed_from else row.starts_on
        chains[row.id] = begun
        if row.last_covered_on >= row.starts_on:
            latest = _sold(row)  # no two share a day: the one that starts later ends later
        found.append(Found(row.id, str(kind), renewed_from, follows, begun))
    return found


def _sold(row: Row) -> Sold:
    return Sold(row.id, row.starts_on, row.effective_ends_on, sold_on=row.sold_on, cancelled_on=row.cancelled_on)


def _changed(history: Sequence[Row], found: Sequence[Found]) -> Iterator[Found]:
    for row, result in zip(history, found, strict=True):
        stored = (row.sale_kind, row.renewed_from_id, row.follows, row.chain_starts_on)
        if row.line is not None or stored != result[1:]:
            yield result


# ---- rows that share a day -------------------------------------------------------------------------------


def _share_days(history: Sequence[Row]) -> bool:
    last = None
    for row in history:
        if row.last_covered_on >= row.starts_on:
            if last is not None and row.starts_on <= last:
                return True
            last = row.last_covered_on
    return False


def _without_overlaps(job: Job, history: Sequence[Row], problems: list[Problem]) -> list[Row]:
    """Refuse the rows of the file that cover a day which a stored membership or an earlier row covers.

    A refused row leaves what is stored of it as it was, which may in turn refuse another.
    """
    stored = [row for row in history if row.line is None]
    wanted = sorted((row for row in history if row.line is not None), key=lambda row: row.line or 0)
    while True:
        taken = list(stored)
        for row in wanted:
            days = row.covered
            try:
                if days is not None:
                    sales.check_no_overlap(map(_sold, taken), days)
            except sales.Overlap as refusal:
                problems.append(_problem(job, row, spoken(refusal.message)))
                wanted.remove(row)
                if not row.is_new:
                    stored += _as_stored(job, row.id)
                break
            taken.append(row)
        else:
            return sorted(taken, key=lambda row: (row.starts_on, row.id))


def _problem(job: Job, row: Row, message: str) -> Problem:
    return row.line or 0, job.table.name_of("starts_on"), row.starts_on.isoformat(), message, False


def _as_stored(job: Job, pk: int) -> Iterator[Row]:
    for row in job.ask(f"SELECT {STORED} FROM memberships_membership m WHERE m.id = %(id)s", id=pk):
        yield Row._make(row)


# ---- what was found --------------------------------------------------------------------------------------


def _write(job: Job, found: Sequence[Found], last: Iterable[tuple[int, dt.date | None]]) -> None:
    rows = [
        (
            str(each.id),
            each.sale_kind,
            NULL if each.renewed_from_id is None else str(each.renewed_from_id),
            "t" if each.follows else "f",
            each.chain_starts_on.isoformat(),
        )
        for each in found
    ]
    job.copy("import_lineage", tuple(LINEAGE), list(zip(*rows, strict=True)))
    members = [(str(member), NULL if day is None else day.isoformat()) for member, day in last]
    job.copy("import_members", tuple(MEMBERS), list(zip(*members, strict=True)))
