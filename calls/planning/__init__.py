"""The planner: whom to ring on a day, and why (§5).

First the policy is asked again about open tasks that it may see otherwise today. Then, for each kind, one statement
reads the candidates, the rules say which calls are wanted and under which key, what is not there yet is asked about
and made. A key is made once (a unique constraint), so that running twice, or two planners at once, makes nothing
twice; *due* is always ≤, so that a missed day is caught up. Last, open tasks that nothing wants any more lapse.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from functools import cache, partial

from django.db import connection, transaction

from calls import places
from calls.models import PlanRun
from calls.planning import events, risks, storing, terms
from calls.planning.scope import Kept, Scope, Want
from calls.rules.kinds import Kind
from memberships import segments
from memberships.models import Club
from memberships.rules import local_time
from memberships.rules.terms import DAY

ONE_AT_A_TIME = 731_004
"""The class of the advisory locks that keep two planners of a club apart."""


@dataclass(frozen=True)
class Plan:
    """What a plan did. ``created`` by kind, ``lapsed`` by cause, ``left_out``: members without a task by code.

    ``for_manager``: lost members whom the manager rings. ``no_visits``: nobody was asked for absence, because
    the club's visits seem to be missing.
    """

    on: dt.date
    created: dict[str, int] = field(default_factory=dict)
    raised: int = 0
    reopened: int = 0
    lapsed: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    for_manager: int = 0
    no_visits: bool = False

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "on": self.on.isoformat()}


def may_plan(on: dt.date, *, today: dt.date) -> bool:
    """Whether a plan may be asked for on demand: for a day of the last month or of the year ahead."""
    return today - 31 * DAY <= on <= today + 366 * DAY


def plan(*, club: Club, on: dt.date, now: dt.datetime, dry_run: bool = False) -> Plan:
    """Segments, then the tasks of a club for one of its days. ``dry_run``: says what it would do and does nothing."""
    with transaction.atomic():
        one_at_a_time(club)
        with_room()
        if on <= now.astimezone(club.zone).date():
            segments.rank(club=club, on=on)
        done = run(Scope(club, on, now), storing.Stored())
        if dry_run:
            transaction.set_rollback(True)
        else:
            result = {"ran_at": now, "result": done.as_json()}
            PlanRun.objects.update_or_create(club=club, on=on, defaults=result)
    return done


def plan_if_due(*, club: Club, now: dt.datetime) -> Plan | None:
    """The plan of the club's present day. ``None``: this day or a later one has its plan, made meanwhile perhaps by
    another scheduler whose clock is ahead; a plan for the day before would take back what is due on that later one.
    """
    with transaction.atomic():
        one_at_a_time(club)
        on = now.astimezone(club.zone).date()
        if _has_its_plan(club, PlanRun.objects.filter(club=club, on__gte=on).values_list("on", "ran_at")):
            return None
        return plan(club=club, on=on, now=now)


def replan(*, club: Club, members: Collection[int], now: dt.datetime) -> Plan:
    """The same for these members, today, right after something happened to them."""
    with transaction.atomic():
        return run(Scope(club, now.astimezone(club.zone).date(), now, list(members)), storing.Stored())


def due(*, now: dt.datetime) -> list[Club]:
    """Clubs whose day has begun without a plan of it since."""
    runs: dict[int, list[tuple[dt.date, dt.datetime]]] = defaultdict(list)
    for club, on, ran_at in PlanRun.objects.filter(on__gte=(now - DAY).date()).values_list("club", "on", "ran_at"):
        runs[club].append((on, ran_at))
    waiting = []
    for club in Club.objects.order_by("pk"):
        today = now.astimezone(club.zone).date()
        if not _has_its_plan(club, [(on, ran_at) for on, ran_at in runs[club.pk] if on >= today]):
            waiting.append(club)
    return waiting


def _has_its_plan(club: Club, runs: Iterable[tuple[dt.date, dt.datetime]]) -> bool:
    """Whether one of these plans was made on its own day: one made ahead, on demand, stands for no night to come."""
    return any(ran_at >= local_time.first_instant(on, club.zone) for on, ran_at in runs)


def run(scope: Scope, stored: storing.Stored) -> Plan:
    """Plans within the transaction that is open; ``stored`` keeps what was done to whom."""
    storing.settle(scope, stored)
    at_risk = cache(partial(risks.risks, scope))
    planned: dict[Kind, Iterable[Want | Kept]] = {
        Kind.NO_SHOW: events.no_shows(scope),
        Kind.MEETING_REMINDER: events.meeting_reminders(scope),
        Kind.WELCOME: terms.welcomes(scope),
        Kind.RENEWAL: terms.renewals(scope),
        Kind.FREEZE_ENDING: terms.freeze_endings(scope),
        Kind.COMPLAINT_FOLLOWUP: events.complaint_followups(scope),
        Kind.AT_RISK: terms.at_risk(scope, at_risk),
        Kind.CARE: terms.care(scope, at_risk),
        Kind.BIRTHDAY: events.birthdays(scope),
        Kind.WINBACK: terms.winbacks(scope),
    }
    for source in places.task_sources:
        planned[source.kind] = events.of_other_rooms(source, scope)
    for kind, wants in planned.items():
        storing.store(scope, kind, wants, stored)
    sure = [kind for kind in planned if kind is not Kind.AT_RISK or scope.counts_visits]
    storing.drop(scope, sure, terms.still_open(scope, Kind.RENEWAL), stored)
    return Plan(
        on=scope.on,
        created=_in_order(stored.created),
        raised=stored.raised,
        reopened=stored.reopened,
        lapsed=dict(stored.lapsed),
        left_out=dict(stored.left_out().most_common()),
        for_manager=len(stored.for_manager),
        no_visits=not scope.counts_visits,
    )


def _in_order(created: Counter[str]) -> dict[str, int]:
    return {kind.value: created[kind.value] for kind in Kind if created[kind.value]}


def one_at_a_time(club: Club) -> None:
    """Waits until no other planner of the club is at work, and keeps them out until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ONE_AT_A_TIME, club.pk])


def with_room() -> None:
    """A plan of a whole club reads all of it, and all that it asks for."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'; SET LOCAL cursor_tuple_fraction = 1")
