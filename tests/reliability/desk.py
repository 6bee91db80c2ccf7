"""Many operators at once, over HTTP, who hang up on one request in ten: nobody is rung twice, nobody is forgotten."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Count

from calls.models import CallAttempt, CallTask, TaskStatus
from memberships.models import Club, User
from tests import days, factories
from tests.reliability import clubs, system
from tests.reliability.checks import Found
from tests.reliability.clubs import Person

DROPPED = 0.1
LONGEST_S = 900
SEED = 7

LEASES_BESIDE = """
SELECT 'operator', holder_id::text FROM calls_calltask WHERE status = 'leased' AND NOT undoing
GROUP BY holder_id HAVING count(*) > 1
UNION ALL
SELECT 'number', phone FROM calls_calltask WHERE status = 'leased' AND NOT undoing AND phone <> ''
GROUP BY club_id, phone HAVING count(*) > 1
"""
CONSTRAINT = "call_task_one_lease_per_number"


@dataclass
class Ledger:
    """What the operators saw: who was given which call, who was told that its outcome is stored."""

    found: Found = field(default_factory=Found)
    given: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    stored: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    dropped: int = 0
    turn: threading.Lock = field(default_factory=threading.Lock)


def run(operators: int, each: int) -> Found:
    """``operators`` work a queue of ``operators × each`` calls empty, beside one who is talking for hours."""
    return _load(operators, each, app=system.WEB, talking=True)


def control(operators: int, each: int) -> Found:
    """The same without the lock, without the constraint of a number, and nobody marked as talking."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [CONSTRAINT])
        [definition] = cursor.fetchone()
        cursor.execute(f"DROP INDEX {CONSTRAINT}")
        try:
            return _load(operators, each, app="tests.reliability.unlocked:application", talking=False)
        finally:
            CallTask.objects.filter(status=TaskStatus.LEASED).delete()
            cursor.execute(definition)


def _load(operators: int, each: int, *, app: str, talking: bool) -> Found:
    club = factories.make_club(f"desk-{time.monotonic_ns()}")
    clubs.set_clock()
    clubs.fill(club, operators * each)
    people = clubs.make_people(club, operators + 1)
    live = _talk(club, people.pop().user, talking)
    ledger = Ledger()
    done = threading.Event()
    began = time.monotonic()
    with system.running(app=app) as running:
        works = [
            threading.Thread(target=_work, args=(running, person, club, ledger, random.Random(SEED + place), began))
            for place, person in enumerate(people)
        ]
        watch = threading.Thread(target=_watch, args=(ledger, done))
        for thread in [*works, watch]:
            thread.start()
        for thread in works:
            thread.join()
        done.set()
        watch.join()
    _compare(club, live, ledger)
    seconds = time.monotonic() - began
    ledger.found.said = f"{seconds:.0f} s, {ledger.dropped} hung up"
    return ledger.found


def _talk(club: Club, operator: User, talking: bool) -> CallTask:
    """The call of somebody who talks: its lease ran out long ago."""
    task = CallTask.objects.filter(club=club).order_by("sort_key", "due_at", "pk")[0]
    CallTask.objects.filter(pk=task.pk).update(
        status=TaskStatus.LEASED, holder=operator, claimed_by=operator, claimed_at=days.NOW - dt.timedelta(hours=2),
        lease_until=days.NOW - dt.timedelta(hours=1), call_live=talking,
    )  # fmt: skip
    task.refresh_from_db()
    return task


def _work(
    running: system.System, person: Person, club: Club, ledger: Ledger, dice: random.Random, began: float
) -> None:
    """Next, the outcome, next, until nothing is left."""
    line = running.line(person.token)

    def ask(path: str, body: object) -> system.Answer:
        while True:
            how = ("sent", "middle")[dice.random() < 0.3] if dice.random() < DROPPED else ""
            answer = line.ask("POST", path, body, dropped=how)
            if answer.status:
                return answer
            with ledger.turn:
                ledger.dropped += bool(how)
            if time.monotonic() - began > LONGEST_S:
                return answer

    while time.monotonic() - began < LONGEST_S:
        answer = ask("/api/v1/calls/next", {"club": club.slug})
        if answer.status == 204:
            state = line.ask("GET", f"/api/v1/calls/queue?club={club.slug}").body
            if isinstance(state, dict) and not state["ready"] and state["leased"] <= 1:
                return
            time.sleep(0.05)
            continue
        if answer.status != 200 or not isinstance(answer.body, dict):
            with ledger.turn:
                ledger.found.breach(f"next answered {answer.status} {answer.code}")
            continue
        task = answer.body["task"]["id"]
        mates = [
            {"member": mate["member"], "task": mate["task"], "outcome": "talked", "attends": "yes"}
            for mate in answer.body["card"]["household"]
            if mate["task"]
        ]
        with ledger.turn:
            ledger.given[task].add(person.user.pk)
        said = ask(f"/api/v1/calls/tasks/{task}/outcome", {"outcome": "talked", "attends": "yes", "also": mates})
        with ledger.turn:
            if said.good:
                for one in (task, *(mate["task"] for mate in mates)):
                    ledger.stored[one].add(person.user.pk)
            else:
                ledger.found.breach(f"the outcome of call {task} was answered {said.status} {said.code}")


def _watch(ledger: Ledger, done: threading.Event) -> None:
    """While they work: one call in an operator's hands, one call to a number."""
    seen: set[tuple[str, str]] = set()
    try:
        while not done.wait(0.1):
            with connection.cursor() as cursor:
                cursor.execute(LEASES_BESIDE)
                for what, which in cursor.fetchall():
                    if (what, which) not in seen:
                        seen.add((what, which))
                        with ledger.turn:
                            ledger.found.breach(f"two calls at once of one {what}")
    finally:
        connection.close()


def _compare(club: Club, live: CallTask, ledger: Ledger) -> None:
    """The ledger against the rows."""
    found, tasks = ledger.found, CallTask.objects.filter(club=club).exclude(pk=live.pk)
    found.times = tasks.count()
    for task, operators in ledger.given.items():
        if len(operators) > 1:
            found.breach(f"call {task} was given to {len(operators)} operators")
    for task, status in tasks.exclude(status=TaskStatus.DONE).values_list("pk", "status"):
        found.breach(f"call {task} was lost: {status}")
    attempts = CallAttempt.objects.filter(club=club)
    for task, times in attempts.values_list("task").annotate(times=Count("pk")).filter(times__gt=1):
        found.breach(f"the member of call {task} was rung {times} times")
    wrote = dict(attempts.values_list("task", "operator"))
    for task, operators in ledger.stored.items():
        if operators != {wrote.get(task)}:
            found.breach(f"call {task}: its outcome was answered to {operators}, stored by {wrote.get(task)}")
    live.refresh_from_db()
    if live.status != TaskStatus.LEASED or live.holder_id != live.claimed_by_id or live.attempts:
        found.breach("a call was taken back while its operator talked")
