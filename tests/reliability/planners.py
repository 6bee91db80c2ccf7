"""Two planners and two sweeps at once whose clocks are an hour apart, and nights that nobody planned."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import time
from collections.abc import Callable, Iterator

from django.db import connection

from calls import planning, tasks
from calls.models import CallTask, PlanRun
from calls.planning import storing
from config import clock
from memberships.models import Club
from memberships.rules import local_time
from tests import days, factories
from tests.reliability import clubs, invariants, killing
from tests.reliability.checks import Found

MEMBERS = 40
HOUR = dt.timedelta(hours=1)
LONGEST_S = 120
ONCE = "call_task_once_per_cause"


def run(missed: int) -> Found:
    """Around a midnight, every hour of a day, and after ``missed`` days without a planner."""
    found = Found()
    alone, together = _club("alone"), _club("together")
    midnight = local_time.first_instant(days.TODAY + days.DAY, alone.zone)
    for now in (days.NOW, midnight - dt.timedelta(minutes=30), midnight + dt.timedelta(minutes=30)):
        before = _tasks(together)
        _one_by_one(alone, now)
        _at_once([_beat(now + apart) for apart in (-HOUR, dt.timedelta(0), HOUR)])
        _same(found, alone, together)
        found.times += 3
        if _tasks(together) < before:
            found.breach("planned calls went away")
    caught_up = days.NOW + missed * days.DAY
    made_before = _tasks(together)
    _one_by_one(alone, caught_up)
    _at_once([_beat(caught_up + apart) for apart in (-HOUR, HOUR)])
    found.times += 2
    _same(found, alone, together)
    planned = _tasks(together) - made_before
    if planned > MEMBERS:
        found.breach(f"{planned} new calls for {MEMBERS} members after {missed} missed days: a flood")
    again = _tasks(together)
    _at_once([_beat(caught_up)] * 2)
    if _tasks(together) != again:
        found.breach("planning the same day again made more calls")
    found.breaches += invariants.broken()
    found.said = f"{again} calls of {MEMBERS} members, {planned} after {missed} missed days"
    return found


def control() -> Found:
    """Two planners at once without the lock and without the law that a cause has one call."""
    found = Found(times=2)
    _club("loose")
    with _lawless():
        _at_once([_loose(days.NOW)] * 2)
        found.breaches += [one for one in invariants.broken() if "a cause has two calls" in one]
    return found


def days_planned(club: Club) -> list[dt.date]:
    return list(PlanRun.objects.filter(club=club).order_by("on").values_list("on", flat=True))


def _club(slug: str) -> Club:
    """Memberships that end all over the next weeks, some new, some frozen, some long over."""
    clubs.set_clock()
    club = factories.make_club(f"{slug}-{time.monotonic_ns()}", name="Planned")
    plan = factories.make_plan(club)
    for number in range(MEMBERS):
        member = factories.make_member(club, last_name=f"Member {number}", phone=factories.phone(number))
        starts_on = days.TODAY - dt.timedelta(days=(number * 11) % 400)
        term = factories.make_membership(member, plan, starts_on=starts_on)
        if number % 9 == 4 and starts_on <= days.TODAY <= term.ends_on:
            factories.make_freeze(term, days.TODAY - 12 * days.DAY, days.TODAY + 2 * days.DAY)
    return club


def _tasks(club: Club) -> int:
    return CallTask.objects.filter(club=club).count()


def _one_by_one(club: Club, now: dt.datetime) -> None:
    """The same minutes for a twin, one after the other."""
    for apart in (-HOUR, dt.timedelta(0), HOUR):
        planning.plan_if_due(club=club, now=now + apart)


def _same(found: Found, alone: Club, together: Club) -> None:
    """The club that several planned at once has the calls of its twin."""
    table = CallTask._meta.db_table
    if killing.rows_of(alone).get(table) != killing.rows_of(together).get(table):
        found.breach("the twin club has other calls")
    if days_planned(alone)[-1] != days_planned(together)[-1]:
        found.breach("the twin club was planned to another day")


def _beat(now: dt.datetime) -> Callable[[], None]:
    """A scheduler's minute in a process whose clock says ``now``."""

    def minute() -> None:
        clock.pretend(now)
        for _ in range(2):
            tasks.plan_due_clubs()
            tasks.sweep_queue()

    return minute


def _loose(now: dt.datetime) -> Callable[[], None]:
    def plan() -> None:
        planning.one_at_a_time = lambda _club: None
        planning.segments.rank = lambda **_club: None  # it writes on members, and the second planner would wait there
        storing.MAKE = storing.MAKE.partition("ON CONFLICT")[0] + "/* {conflict} */"
        original = storing._make

        def slowly(*args: object) -> None:
            time.sleep(0.5)  # both have read what there is
            original(*args)  # type: ignore[arg-type]

        storing._make = slowly
        for club in Club.objects.order_by("pk"):
            planning.plan(club=club, on=days.TODAY, now=now)

    return plan


def _at_once(works: list[Callable[[], None]]) -> None:
    """Each in a process of its own, started together. Raises RuntimeError where one failed."""
    began = time.monotonic() + 0.1
    children = []
    for work in works:
        child = os.fork()
        if child == 0:
            try:
                killing.own_connection()
                time.sleep(max(0.0, began - time.monotonic()))
                work()
                os._exit(0)
            except BaseException as error:
                os.write(2, f"{error!r}\n".encode())
                os._exit(1)
        children.append(child)
    failed = [child for child in children if _waited(child) != 0]
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(works)} planners failed")


def _waited(child: int) -> int:
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


@contextlib.contextmanager
def _lawless() -> Iterator[None]:
    """Without the constraints that a cause, and a membership's renewal, has one call."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE calls_calltask DROP CONSTRAINT {ONCE}")
        cursor.execute("SELECT pg_get_indexdef('call_task_one_open_renewal'::regclass)")
        definition = cursor.fetchone()[0]
        cursor.execute("DROP INDEX call_task_one_open_renewal")
        try:
            yield
        finally:
            CallTask.objects.all().delete()
            cursor.execute(definition)
            cursor.execute(f"ALTER TABLE calls_calltask ADD CONSTRAINT {ONCE} UNIQUE (club_id, kind, key)")
