"""Freezes imported memberships on the days on which their club is shut, as a sale at the desk would."""

from __future__ import annotations

from dataclasses import replace

from memberships import histories, holding
from memberships.imports.job import Job
from memberships.models import Member
from memberships.rules import chains
from memberships.rules.errors import Conflict

REACHED = """
    SELECT n.member_id, array_agg(n.id ORDER BY n.starts_on) FROM import_new n JOIN memberships_closure c
        ON c.club_id = %(club)s AND c.starts_on <= n.last_covered_on
        AND least(c.ends_on, c.taken_back_on - 1) >= n.starts_on
    WHERE NOT n.ends_given AND n.last_covered_on >= n.starts_on GROUP BY 1 ORDER BY 1
"""


def freeze(job: Job) -> None:
    """Freeze what is new or differs and covers days of a closure; a last day that was given holds them already.

    One that would move a membership which has started stays as it is.
    """
    closures = histories.standing_closures(job.club.pk)
    if not closures:
        return
    job.create_as("import_closed", REACHED)
    for rows in job.stream("SELECT * FROM import_closed", chunk=1_000):
        for member, memberships in rows:
            _freeze(job, Member.objects.get(pk=member), set(memberships), closures)


def _freeze(job: Job, member: Member, memberships: set[int], closures: tuple[chains.Closure, ...]) -> None:
    history = histories.of(member)
    before = chains.in_order(history.held)
    state = before
    for pk in [held.id for held in before if held.id in memberships]:
        held = next(each for each in state if each.id == pk)
        try:
            shut = replace(held, closures=closures)
            state = chains.settle(state, chains.moved(shut, chains.place(shut)), job.today)
        except Conflict:
            continue
    histories.store(history, chains.moves(before, state), holding.moment_in(job.club, job.now, job.by))
