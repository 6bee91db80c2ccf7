"""Which visits somebody should look at: those without membership, and those on a frozen day."""

from __future__ import annotations

import datetime as dt
import itertools

from memberships.imports.job import Job
from memberships.rules import local_time
from memberships.rules.terms import DAY

MARK = """
    CASE WHEN EXISTS (
            SELECT FROM memberships_freeze z JOIN memberships_membership s ON s.id = z.membership_id
            WHERE s.member_id = {member} AND NOT z.voided AND z.starts_on <= {day} AND z.ends_on >= {day}
        ) THEN 'frozen'
        WHEN EXISTS (
            SELECT FROM memberships_membership s
            WHERE s.member_id = {member} AND s.starts_on <= {day} AND s.last_covered_on >= {day}
        ) THEN ''
        ELSE 'no_membership' END
"""
"""What a visit of a member on a day is to be mended for; empty for nothing."""


def mark(member: str, day: str) -> str:
    """The SQL that says what a visit is to be mended for."""
    return MARK.format(member=member, day=day)


def offsets(zone: dt.tzinfo, first: dt.datetime, last: dt.datetime) -> str:
    """The zone's offsets between two instants as rows ``(since, until, ahead)`` for a FROM clause.

    Worked out here, because the database has its own and older idea of time zones.
    """
    edges = [first]
    day = first
    while day <= last:
        if day.astimezone(zone).utcoffset() != (day + DAY).astimezone(zone).utcoffset():
            edges.append(_change(zone, day, day + DAY))
        day += DAY
    edges.append(last + DAY)
    rows = []
    for since, until in itertools.pairwise(edges):
        ahead = since.astimezone(zone).utcoffset() or dt.timedelta(0)
        rows.append(
            f"('{since.isoformat()}'::timestamptz, '{until.isoformat()}'::timestamptz,"
            f" '{ahead.total_seconds():.0f} s'::interval)"
        )
    return f"(VALUES {', '.join(rows)}) AS clock(since, until, ahead)"


def _change(zone: dt.tzinfo, before: dt.datetime, after: dt.datetime) -> dt.datetime:
    """The second at which the offset changes between two instants."""
    old = before.astimezone(zone).utcoffset()
    while after - before > local_time.SECOND:
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


LOCAL_DAY = "(v.at AT TIME ZONE 'UTC' + clock.ahead)::date"
"""The club's day of a visit ``v`` within the offset ``clock``."""


def mark_again(job: Job, members: str) -> None:
    """Look again at the visits of members (a query of ids) whose memberships or freezes changed."""
    mine = f"FROM memberships_visit v WHERE v.member_id IN ({members})"
    first, last = job.ask(f"SELECT min(v.at), max(v.at) {mine}")[0]
    if first is None:
        return
    zones = offsets(job.club.zone, first.astimezone(dt.UTC), last.astimezone(dt.UTC))
    job.run(f"""
        UPDATE memberships_visit v SET to_mend = w.to_mend FROM (
            SELECT v.id, {mark("v.member_id", LOCAL_DAY)} AS to_mend
            FROM memberships_visit v JOIN {zones} ON v.at >= clock.since AND v.at < clock.until
            WHERE v.member_id IN ({members})
        ) w WHERE v.id = w.id AND v.to_mend <> w.to_mend
    """)
