"""What a supervisor sees of a club's desk at an instant: who holds what, what waits, which promises are at risk."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Max, Min, Q

from calls import presence
from calls.models import ON_LEASE, CallAttempt, CallTask, Kind, OperatorState, Outcome, TaskRelease, TaskStatus
from calls.rules import figures
from memberships.models import Club, Employee
from memberships.rules import local_time

CAPS = ("contact_cap", "attempts_today", "min_gap", "retry", "busy")
NOT_YET = ("promised", "due", "outside_hours", "holiday")
HOUR = dt.timedelta(hours=1)
FEED = 12
RUNS_OUT = dt.timedelta(minutes=3)
MANY_SKIPS = 5


@dataclass(frozen=True)
class Row:
    """One operator's day, and the call in their hands."""

    employee: int
    name: str
    task: CallTask | None
    talking_since: dt.datetime | None
    lease_until: dt.datetime | None
    calls: int
    reached: int
    booked: int
    skipped: int
    paused: OperatorState | None = None
    away_since: dt.datetime | None = None
    free_since: dt.datetime | None = None
    runs_out: bool = False

    @property
    def skips_a_lot(self) -> bool:
        return self.skipped >= MANY_SKIPS

    @property
    def needs_help(self) -> bool:
        """A card that nobody keeps up, or one call after another given back."""
        return self.runs_out or self.skips_a_lot

    @property
    def booking_rate(self) -> object:
        return figures.booking_rate(reached=self.reached, booked=self.booked)


@dataclass(frozen=True)
class Waiting:
    """The open tasks of a kind, by what they wait for."""

    kind: str
    ready: int
    not_yet: int
    caps: int
    others: int
    leased: int
    oldest: dt.datetime | None

    @property
    def all(self) -> int:
        return self.ready + self.not_yet + self.caps + self.others + self.leased


def state(*, club: Club, now: dt.datetime) -> dict[str, object]:
    """The context of the live page; everything in a handful of queries."""
    since = local_time.first_instant(local_time.local_day(now, club.zone), club.zone)
    people = operators(club=club, since=since, now=now)
    waiting = waits(club=club)
    rung = CallAttempt.objects.filter(club=club, at__gte=since, at__lte=now, same_dial_as=None)
    totals = rung.aggregate(
        calls=Count("pk"), reached=Count("pk", Q(reached=True)), booked=Count("pk", Q(outcome=Outcome.BOOKED))
    )
    promised = CallTask.objects.filter(
        club=club, kind=Kind.CALLBACK, status__in=[TaskStatus.WAITING, TaskStatus.READY], due_at__lt=now + HOUR
    ).select_related("member", "promised_to")
    due = list(promised.order_by("due_at", "pk")[:20])
    return {
        "now": now,
        "people": people,
        "helped": [row for row in people if row.needs_help],
        "late": [task for task in due if task.due_at < now],
        "free": [row for row in people if row.paused is None and row.away_since is None],
        "talking": sum(1 for row in people if row.talking_since),
        "holding": sum(1 for row in people if row.task and not row.talking_since),
        "pausing": sum(1 for row in people if row.paused and not row.talking_since),
        "totals": totals,
        "contact_rate": figures.contact_rate(attempts=totals["calls"], reached=totals["reached"]),
        "booking_rate": figures.booking_rate(reached=totals["reached"], booked=totals["booked"]),
        "waiting": waiting,
        "waiting_total": sum(row.all for row in waiting),
        "ready_total": sum(row.ready for row in waiting),
        "promised": [task for task in due if task.due_at >= now],
        "to_supervisor": list(
            CallTask.objects.filter(club=club, to_supervisor=True, status=TaskStatus.WAITING)
            .select_related("member")
            .order_by("due_at", "pk")[:20]
        ),
        "feed": list(
            CallAttempt.objects.filter(club=club, outcome_at__gte=since, outcome_at__lte=now)
            .exclude(outcome="")
            .select_related("member", "operator", "reason")
            .order_by("-outcome_at", "-pk")[:FEED]
        ),
    }


def operators(*, club: Club, since: dt.datetime, now: dt.datetime) -> list[Row]:
    """Everybody who holds a call, has rung or was at the desk today: who needs help first, then those who hold a
    call, the absent last.
    """
    held = {
        task.holder_id: task
        for task in CallTask.objects.filter(ON_LEASE, club=club, undoing=False).select_related("member").order_by("pk")
    }
    day = CallAttempt.objects.filter(club=club, at__gte=since, at__lte=now, same_dial_as=None).order_by()
    done = {
        row["operator"]: row
        for row in day.values("operator").annotate(
            calls=Count("pk"),
            reached=Count("pk", Q(reached=True)),
            booked=Count("pk", Q(outcome=Outcome.BOOKED)),
        )
    }
    talks = dict(
        CallAttempt.objects.filter(task__in=[task for task in held.values() if task.call_live], outcome="")
        .order_by()
        .values("task")
        .annotate(since=Max("at"))
        .values_list("task", "since")
    )
    skips = dict(
        TaskRelease.objects.filter(task__club=club, at__gte=since, at__lte=now)
        .order_by()
        .values("operator")
        .annotate(n=Count("pk"))
        .values_list("operator", "n")
    )
    states = {row.user_id: row for row in OperatorState.objects.filter(club=club, seen_at__gte=since).order_by("pk")}
    here = {user for user, row in states.items() if row.state == presence.PAUSED or not presence.is_away(row, now)}
    people = Employee.objects.filter(club=club, user__in={*held, *done, *skips, *here} - {None})
    rows = []
    for user, employee, name in people.values_list("user", "pk", "name"):
        task, row, state = held.get(user), done.get(user, {}), states.get(user)
        away = state is not None and presence.is_away(state, now)
        rows.append(
            Row(
                employee=employee,
                name=name,
                task=task,
                talking_since=talks.get(task.pk) if task else None,
                lease_until=task.lease_until if task else None,
                calls=row.get("calls", 0),
                reached=row.get("reached", 0),
                booked=row.get("booked", 0),
                skipped=skips.get(user, 0),
                paused=state if state and state.state == presence.PAUSED else None,
                away_since=state.seen_at if state and away else None,
                free_since=state.since if state and not away else None,
                runs_out=task is not None and task.lease_until is not None and task.lease_until - now < RUNS_OUT,
            )
        )
    return sorted(rows, key=lambda one: (not one.needs_help, one.task is None, one.away_since is not None, one.name))


def waits(*, club: Club) -> list[Waiting]:
    """Open tasks by kind, in the queue's order; kinds without any are left out."""
    grouped = (
        CallTask.objects.filter(club=club, status__in=["waiting", "ready", "leased"])
        .order_by()
        .values("kind")
        .annotate(
            ready=Count("pk", Q(status="ready")),
            leased=Count("pk", Q(status="leased")),
            not_yet=Count("pk", Q(status="waiting", waits_for__in=NOT_YET)),
            caps=Count("pk", Q(status="waiting", waits_for__in=CAPS)),
            waiting=Count("pk", Q(status="waiting")),
            oldest=Min("due_at"),
        )
    )
    found = {row["kind"]: row for row in grouped}
    return [
        Waiting(
            kind=str(kind.label),
            ready=row["ready"],
            not_yet=row["not_yet"],
            caps=row["caps"],
            others=row["waiting"] - row["not_yet"] - row["caps"],
            leased=row["leased"],
            oldest=row["oldest"],
        )
        for kind in Kind
        if (row := found.get(kind.value))
    ]
