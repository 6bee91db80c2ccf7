"""What stands below falls: the broker stopped, frozen, emptied, full; PostgreSQL restarted again and again.

Only for servers of one's own (``make soak``): they are killed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import itertools
import os
import random
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psutil
import redis
from django.conf import settings
from django.db import OperationalError, connection
from django.db.models import Count

from calls.models import CallTask, Request, TaskStatus
from config import celery, embedded
from memberships.models import Membership
from onboarding.models import Checklist
from tests import days, factories
from tests.reliability import clubs, invariants, system
from tests.reliability.checks import Found
from tests.web import browser

SLOWEST_S = 1.0
CAUGHT_UP_S = 60.0
LONGEST_S = 60.0
DROPPED = 0.3
LEAST_ASKED = 40
SEED = 11


# --- whoever keeps asking


@dataclass
class Crowd:
    """Works that go on in threads until told to stop, and how long each answer took in which phase."""

    found: Found = field(default_factory=Found)
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    phase: str = "before"
    stop: threading.Event = field(default_factory=threading.Event)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def breach(self, sentence: str) -> None:
        with self.turn:
            self.found.breach(f"{self.phase}: {sentence}")

    def timed(self, ask: Callable[[], system.Answer]) -> system.Answer:
        began, phase = time.monotonic(), self.phase
        answer = ask()
        with self.turn:
            self.times[phase].append(time.monotonic() - began)
            self.found.times += 1
        return answer

    def p95(self, phase: str) -> float:
        ordered = sorted(self.times[phase])
        return ordered[int(len(ordered) * 0.95)] if ordered else 0.0

    @contextlib.contextmanager
    def at_work(self, works: list[Callable[[], None]]) -> Iterator[None]:
        threads = [threading.Thread(target=self._run, args=(work,)) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join(LONGEST_S)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            while not self.stop.is_set():
                work()
        except Exception as error:
            self.breach(f"a client broke: {error!r}")


def servers() -> embedded.Servers:
    """The embedded servers as they are now: started again, they are others."""
    return embedded.ensure(settings.VAR_DIR)


def process_of(name: str) -> psutil.Process:
    """The embedded server of this name."""
    for child in psutil.Process(servers().keeper_pid).children():
        if child.name().startswith(name):
            return child
    raise RuntimeError(f"there is no {name} of the keeper's")


# --- the broker


def broker(seconds: float) -> Found:
    """Pages and desk while the broker is stopped, frozen, emptied, full; then how long until it all works again."""
    club = factories.make_club(f"broker-{time.monotonic_ns()}")
    clubs.set_clock()
    clubs.fill(club, 2000)
    people = clubs.make_people(club, 3)
    crowd = Crowd()
    caught: list[float] = []
    with system.running(worker=True) as running:
        system.until(lambda: running.line().ask("GET", "/readyz").good)
        works = [_desk_work(crowd, running, person) for person in people[:2]]
        works.append(_page_work(crowd, running, people[2]))
        with crowd.at_work(works):
            time.sleep(seconds)
            for name, outage in OUTAGES.items():
                crowd.phase = name
                with outage():
                    time.sleep(seconds)
                crowd.phase = f"after {name}"
                caught.append(_caught_up(crowd, running))
        crowd.phase = "at the end"
        if seconds >= 10:
            caught.append(_swept(crowd))
    limit = max(SLOWEST_S, 3 * crowd.p95("before"))  # a machine that is busy with other things is slow before too
    for name in OUTAGES:
        if crowd.p95(name) > limit:
            crowd.found.breach(f"{name}: the slowest twentieth of the answers took {crowd.p95(name):.1f} s")
    crowd.found.breaches += invariants.broken()
    figures = ", ".join(f"{name} {crowd.p95(name):.2f}" for name in ("before", *OUTAGES))
    crowd.found.said = f"p95 s: {figures}; all again after {max(caught):.0f} s at most"
    return crowd.found


def _desk_work(crowd: Crowd, running: system.System, person: clubs.Person) -> Callable[[], None]:
    line = running.line(person.token)

    def work() -> None:
        given = crowd.timed(lambda: line.ask("POST", "/api/v1/calls/next", {}))
        if given.status != 200 or not isinstance(given.body, dict):
            if given.status != 204 and given.why != "RemoteDisconnected":  # a kept connection that had gone stale
                crowd.breach(f"next answered {given.status} {given.why}")
            time.sleep(0.1)
            return
        path = f"/api/v1/calls/tasks/{given.body['task']['id']}/outcome"
        said = crowd.timed(lambda: line.ask("POST", path, {"outcome": "talked", "attends": "yes"}))
        if not said.good:
            crowd.breach(f"an outcome was answered {said.status} {said.code} {said.why}")
        time.sleep(0.05)

    return work


def _page_work(crowd: Crowd, running: system.System, person: clubs.Person) -> Callable[[], None]:
    session = browser(person.user).cookies["sessionid"].value
    line = running.line(Cookie=f"sessionid={session}")
    paths = itertools.cycle(("/calls/", "/members/", "/calls/"))

    def work() -> None:
        path = next(paths)
        answer = crowd.timed(lambda: line.ask("GET", path))
        if answer.status != 200:
            crowd.breach(f"{path} answered {answer.status} {answer.why}")
        time.sleep(0.05)

    return work


def _caught_up(crowd: Crowd, running: system.System) -> float:
    """How long until database, broker and worker answer."""
    try:
        return system.until(lambda: running.line().ask("GET", "/readyz").good, CAUGHT_UP_S)
    except TimeoutError:
        crowd.breach(f"not ready again after {CAUGHT_UP_S:.0f} s")
        return CAUGHT_UP_S


def _swept(crowd: Crowd) -> float:
    """How long until the worker takes back a lease that lapsed while nobody was at a desk."""
    task = CallTask.objects.filter(status=TaskStatus.READY).order_by("pk")[0]
    holder = task.club.employees.exclude(user=None).order_by("pk")[0].user
    CallTask.objects.filter(status=TaskStatus.LEASED).update(status=TaskStatus.DONE, holder=None, lease_until=None)
    CallTask.objects.filter(pk=task.pk).update(
        status=TaskStatus.LEASED, holder=holder, lease_until=days.NOW - dt.timedelta(minutes=1)
    )
    try:
        return system.until(lambda: not CallTask.objects.filter(pk=task.pk, holder=holder).exists(), CAUGHT_UP_S)
    except TimeoutError:
        crowd.breach(f"a lapsed lease was not taken back in {CAUGHT_UP_S:.0f} s")
        return CAUGHT_UP_S


@contextlib.contextmanager
def stopped() -> Iterator[None]:
    """Killed, and nobody starts it again."""
    keeper = servers().keeper_pid
    os.kill(keeper, signal.SIGSTOP)
    try:
        process_of("valkey").kill()
        yield
    finally:
        os.kill(keeper, signal.SIGCONT)


@contextlib.contextmanager
def frozen() -> Iterator[None]:
    process = process_of("valkey")
    process.suspend()
    try:
        yield
    finally:
        process.resume()


@contextlib.contextmanager
def emptied() -> Iterator[None]:
    with celery.broker(5.0) as connected:
        connected.flushall()
    yield


@contextlib.contextmanager
def full() -> Iterator[None]:
    with celery.broker(5.0) as connected:
        connected.config_set("maxmemory", "1")
    try:
        yield
    finally:
        with contextlib.suppress(redis.RedisError), celery.broker(5.0) as connected:
            connected.config_set("maxmemory", "0")


OUTAGES = {"stopped": stopped, "frozen": frozen, "emptied": emptied, "full": full}


# --- the database

WAYS = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
"""Fast, immediate, and no shutdown at all."""


def database(times: int, *, keyed: bool = True) -> Found:
    """Restarts PostgreSQL so often under load. ``keyed``: whoever asks again does so under the same key."""
    club = factories.make_club(f"database-{time.monotonic_ns()}")
    clubs.set_clock()
    plan = factories.make_plan(club)
    members = [factories.make_member(club, last_name=f"Member {number}", phone="") for number in range(400)]
    people = clubs.make_people(club, 4, "administrator")
    crowd = Crowd()
    asked: dict[str, bool] = {}
    connection.close()
    slowest = 0.0
    with system.running() as running:
        buyers = iter(members)
        works = [
            _request_work(crowd, running, person, club.slug, asked, random.Random(SEED + place), keyed)
            for place, person in enumerate(people[:3])
        ]
        works.append(_sale_work(crowd, running, people[3], plan.code, buyers, keyed))
        with crowd.at_work(works):
            for number in range(times):
                crowd.phase = f"restart {number + 1}"
                time.sleep(1)
                slowest = max(slowest, restart_database(WAYS[number % len(WAYS)]))
                system.until(lambda: running.line().ask("GET", "/readyz").body is not None)
            system.until(lambda: len(asked) >= LEAST_ASKED)
    crowd.phase = "afterwards"
    _compare(crowd, asked)
    crowd.found.breaches += invariants.broken()
    crowd.found.said = f"{len(asked)} requests, {Membership.objects.count()} sales, back after {slowest:.1f} s at most"
    return crowd.found


def restart_database(how: signal.Signals) -> float:
    """Ends PostgreSQL; its keeper starts it again. How long until it answers."""
    connection.close()
    process_of("postgres").send_signal(how)
    time.sleep(0.2)

    def answers() -> bool:
        servers()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except OperationalError:
            connection.close()
            return False
        return True

    return system.until(answers)


def _until_done(
    crowd: Crowd, line: system.Line, path: str, body: dict[str, object], key: str, dropped: str = ""
) -> system.Answer:
    """Asks until it is answered; what is said meanwhile may only be: come back in a moment."""
    began = time.monotonic()
    while True:
        answer = crowd.timed(functools.partial(line.ask, "POST", path, body, key=key, dropped=dropped))
        line.hang_up()  # each with a connection of its own: none that went stale
        waits = answer.status == 503 or answer.code == "in_progress"
        if answer.good:
            return answer
        if waits and "Retry-After" not in answer.headers:
            crowd.breach(f"{path} answered {answer.status} without Retry-After")
        elif not waits and not dropped:
            crowd.breach(f"{path} answered {answer.status} {answer.code} {answer.why}")
            if answer.status:
                return answer
        if time.monotonic() - began > LONGEST_S:
            crowd.breach(f"{path} was not done in {LONGEST_S:.0f} s")
            return answer
        dropped = ""
        time.sleep(0.1)


def _request_work(
    crowd: Crowd,
    running: system.System,
    person: clubs.Person,
    club: str,
    asked: dict[str, bool],
    dice: random.Random,
    keyed: bool,
) -> Callable[[], None]:
    line, numbers = running.line(person.token), itertools.count(1)

    def work() -> None:
        text = f"{person.user.pk} asks for the {next(numbers)}th time"
        dropped = "sent" if dice.random() < DROPPED else ""
        body = {"club": club, "text": text}
        asked[text] = _until_done(crowd, line, "/api/v1/requests", body, text if keyed else "", dropped).good

    return work


def _sale_work(
    crowd: Crowd, running: system.System, person: clubs.Person, plan: str, buyers: Iterator[object], keyed: bool
) -> Callable[[], None]:
    line = running.line(person.token)

    def work() -> None:
        buyer = next(buyers, None)
        if buyer is None:
            crowd.stop.wait(1)
            return
        body = {"member": buyer.pk, "plan": plan}  # type: ignore[attr-defined]
        _until_done(crowd, line, "/api/v1/memberships", body, f"sale {buyer.pk}" if keyed else "")  # type: ignore[attr-defined]

    return work


def _compare(crowd: Crowd, asked: dict[str, bool]) -> None:
    counted = dict(Request.objects.values_list("text").annotate(rows=Count("pk")))
    for text, good in asked.items():
        rows = counted.get(text, 0)
        if rows > 1 or (good and rows != 1):
            crowd.breach(f"“{text}” was {'' if good else 'not '}answered and made {rows} rows")
    for member, rows in Membership.objects.values_list("member").annotate(rows=Count("pk")).filter(rows__gt=1):
        crowd.breach(f"member {member} was sold {rows} memberships")
    bare = Membership.objects.exclude(pk__in=Checklist.objects.values("membership"))
    for row in bare:
        crowd.breach(f"membership {row.pk} was sold without its checklist")
