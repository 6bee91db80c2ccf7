"""A club's whole day, fast: desk, sales, freezes, meetings, planner, while processes and servers are killed at random.

Only for servers of one's own (``make soak``).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psutil
from django.db import connection

from calls.models import CallAttempt
from config import clock
from memberships.models import Club, Membership, Plan
from tests import days, factories
from tests.reliability import clubs, invariants, outages, system
from tests.reliability.checks import Found
from tests.reliability.outages import Crowd

MEMBERS = 900
OPERATORS, STAFF = 6, 2
FAULT_EVERY_S = 12.0
MOST_MEMORY = 1.05
MEASURED_FROM_MINUTES = 10.0
"""A shorter run ends before the processes have their size."""
WARM = 0.3
JUMP = dt.timedelta(minutes=20)
SEED = 2026
REFUSED = (400, 404, 409, 422)
"""What the state or the rules say no to is an answer."""

OUTCOMES = (
    ["no_answer"] * 6 + ["thinking"] * 4 + ["booked"] * 4 + ["refused"] * 3 + ["callback"] * 3 + ["voicemail", "busy"]
    + ["do_not_call", "wrong_number", "freeze_wanted", "complaint", "talked", "third_party"]
)  # fmt: skip


@dataclass
class Day:
    """What the crowd was told: which attempts and memberships are stored."""

    crowd: Crowd = field(default_factory=Crowd)
    said: dict[int, str] = field(default_factory=dict)
    undone: set[int] = field(default_factory=set)
    sold: set[int] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    keys: Iterator[int] = field(default_factory=itertools.count)


def run(minutes: float) -> Found:
    return _load(minutes, app=system.WEB, measured=minutes >= MEASURED_FROM_MINUTES, faults=True)


def control() -> Found:
    """Half a minute of a web server that leaks, without faults."""
    return _load(0.5, app="tests.reliability.leaking:application", measured=True, faults=False)


def _load(minutes: float, *, app: str, measured: bool, faults: bool) -> Found:
    club, plan = _club()
    operators = clubs.make_people(club, OPERATORS)
    staff = clubs.make_people(club, STAFF, "administrator")
    (manager,) = clubs.make_people(club, 1, "manager")
    day, dice = Day(), random.Random(SEED)
    connection.close()
    with system.running(app=app, worker=True) as running:
        plan_line = running.line(manager.token)
        _ask(day, plan_line, "calls/plan", {"club": club.slug})
        oldest = running.web_processes()[0]
        works = [_operator(day, running, person, club, random.Random(place)) for place, person in enumerate(operators)]
        works += [_clerk(day, running, person, club, plan, random.Random(-place)) for place, person in enumerate(staff)]
        began, now = time.monotonic(), days.NOW
        sizes: list[int] = []
        with day.crowd.at_work(works):
            while time.monotonic() - began < minutes * 60:
                time.sleep(min(FAULT_EVERY_S * (0.5 + dice.random()), minutes * 20))
                with contextlib.suppress(psutil.Error):
                    sizes.append(oldest.memory_full_info().uss)
                if faults:
                    _fault(day, running, oldest, dice)
                now = _move_clock(now)
                _ask(day, plan_line, "calls/plan", {"club": club.slug})
        _ask(day, plan_line, "calls/plan", {"club": club.slug})  # what was planned at once with an outcome is settled
    _compare(day)
    _weigh(day, sizes, measured)
    found = day.crowd.found
    told = ", ".join(f"{count} {name}" for name, count in day.answers.most_common(4))
    found.said += f"; {told}; faults: {', '.join(f'{count} {name}' for name, count in day.faults.items()) or 'none'}"
    return found


def _club() -> tuple[Club, Plan]:
    """Memberships that end over the next weeks, every fifth number that of two."""
    clubs.set_clock()
    club = factories.make_club(f"mixed-{time.monotonic_ns()}")
    plan = factories.make_plan(club, "M12")
    factories.make_plan(club, "M6", term="6m", price=210)
    for number in range(MEMBERS):
        member = factories.make_member(
            club, last_name=f"Member {number}", phone=clubs.phone(number - (number % clubs.HOUSEHOLD_EVERY == 4))
        )
        starts_on = days.TODAY - dt.timedelta(days=365 - number % 60)
        factories.make_membership(member, plan, starts_on=starts_on)
    return club, plan


# --- who works


def _ask(day: Day, line: system.Line, path: str, body: dict[str, object]) -> system.Answer:
    """Under one key until it is answered. A connection that a kill cut off is no breach; a defect is."""
    key = f"mixed-{next(day.keys)}"
    began = time.monotonic()
    while True:
        answer = day.crowd.timed(lambda: line.ask("POST", f"/api/v1/{path}", body, key=key))
        waits = answer.status in (0, 503) or answer.code == "in_progress"
        if answer.status == 503 and "Retry-After" not in answer.headers:
            day.crowd.breach(f"{path} answered 503 without Retry-After")
        if not waits:
            with day.crowd.turn:
                day.answers[f"{path.partition('/')[0]} {answer.status}"] += 1
            if not answer.good and answer.status not in REFUSED:
                day.crowd.breach(f"{path} answered {answer.status} {answer.code}")
            return answer
        if time.monotonic() - began > outages.LONGEST_S:
            day.crowd.breach(f"{path} was not answered in {outages.LONGEST_S:.0f} s: {answer.status} {answer.why}")
            return answer
        time.sleep(0.2)


def _operator(
    day: Day, running: system.System, person: clubs.Person, club: Club, dice: random.Random
) -> Callable[[], None]:
    line = running.line(person.token)

    def work() -> None:
        given = _ask(day, line, "calls/next", {"club": club.slug})
        if given.status != 200 or not isinstance(given.body, dict):
            time.sleep(0.5)
            return
        task, card = given.body["task"], given.body["card"]
        path = f"calls/tasks/{task['id']}"
        if dice.random() < 0.05:
            _ask(day, line, f"{path}/release", {"why": "lunch"})
            return
        if dice.random() < 0.5 and not _ask(day, line, f"{path}/dial", {}).good:
            return
        stored = _ask(day, line, f"{path}/outcome", _said(dice, card))
        if stored.status == 422:
            stored = _ask(day, line, f"{path}/outcome", {"outcome": "no_answer"})
        if stored.good and isinstance(stored.body, dict):
            attempt = stored.body["attempt"]
            with day.crowd.turn:
                day.said[attempt["id"]] = attempt["outcome"]
            if dice.random() < 0.05 and _ask(day, line, f"{path}/undo", {}).good:
                with day.crowd.turn:
                    day.undone.add(attempt["id"])
                again = _ask(day, line, f"{path}/outcome", {"outcome": "voicemail"})
                if again.good:
                    day.said[attempt["id"]] = "voicemail"

    return work


def _said(dice: random.Random, card: dict[str, object]) -> dict[str, object]:
    outcome = dice.choice(OUTCOMES)
    body: dict[str, object] = {"outcome": outcome, "note": "as said"}
    if outcome in ("thinking", "booked", "refused", "callback", "talked"):
        body |= {"attends": "no", "absence_reason": "no_time"}
    if outcome == "refused":
        body["reason"] = dice.choice(["price", "no_time", "moved", "lower_price"])
        body["competitor"] = "Iron" if body["reason"] == "lower_price" else ""
    slots = card["slots"]
    if outcome == "booked":
        if not isinstance(slots, list) or not slots:
            return body | {"outcome": "thinking"}
        slot = dice.choice(slots)
        body["meeting"] = {"host": slot["host"], "starts_at": slot["starts_at"]}
    if outcome == "callback":
        body["callback_at"] = (clock.now() + dt.timedelta(hours=dice.randrange(20, 30))).isoformat()
    if outcome == "complaint":
        body["complaint"] = "Too loud"
    return body


def _clerk(
    day: Day, running: system.System, person: clubs.Person, club: Club, plan: Plan, dice: random.Random
) -> Callable[[], None]:
    """Sells, freezes, ends freezes, cancels, changes plans, and notes visits and requests."""
    line = running.line(person.token)
    members = list(club.members.order_by("pk").values_list("pk", flat=True))

    def work() -> None:
        member, today = dice.choice(members), clock.now().date()
        answer = line.ask("GET", f"/api/v1/memberships?club={club.slug}&member={member}")
        terms = answer.body["results"] if answer.status == 200 and isinstance(answer.body, dict) else []
        latest = terms[-1]["id"] if terms else 0
        what = dice.random()
        if what < 0.35 or not latest:
            sold = _ask(day, line, "memberships", {"member": member, "plan": dice.choice(["M12", "M6"])})
            if sold.good and isinstance(sold.body, dict):
                with day.crowd.turn:
                    day.sold.add(sold.body["id"])
        elif what < 0.6:
            begin = today + dt.timedelta(days=dice.randrange(40))
            until = begin + dt.timedelta(days=dice.randrange(6, 20))
            body = {"starts_on": begin.isoformat(), "ends_on": until.isoformat(), "reason": "travel"}
            made = _ask(day, line, f"memberships/{latest}/freezes", body)
            if made.good and isinstance(made.body, dict) and dice.random() < 0.5:
                back = begin + dt.timedelta(days=dice.randrange(8))
                _ask(day, line, f"freezes/{made.body['id']}/end", {"returned_on": back.isoformat()})
        elif what < 0.65:
            _ask(day, line, f"memberships/{latest}/cancel", {"on": today.isoformat(), "reason": "moved"})
        elif what < 0.7:
            _ask(day, line, f"memberships/{latest}/change-plan", {"plan": "M6"})
        elif what < 0.85:
            at = clock.now() - dt.timedelta(minutes=dice.randrange(600))
            _ask(day, line, "visits", {"club": club.slug, "visits": [{"member": member, "at": at.isoformat()}]})
        else:
            _ask(day, line, "requests", {"club": club.slug, "member": member, "text": "A locker"})
        time.sleep(0.05)

    return work


# --- what befalls them


def _fault(day: Day, running: system.System, oldest: psutil.Process, dice: random.Random) -> None:
    """One at random. The oldest web process is left alive: its memory is watched."""
    name = dice.choice(["web", "web", "worker", "database", "broker frozen", "broker killed", "broker emptied"])
    day.faults[name] += 1
    day.crowd.phase = f"after fault {sum(day.faults.values())} ({name})"
    with contextlib.suppress(psutil.Error):
        if name == "web":
            others = [one for one in running.web_processes() if one.pid != oldest.pid]
            dice.choice(others or [oldest]).kill()
        elif name == "worker":
            dice.choice(psutil.Process(running.children["worker"].pid).children()).kill()
        elif name == "database":
            outages.restart_database(dice.choice(outages.WAYS))
        elif name == "broker frozen":
            with outages.frozen():
                time.sleep(2)
        elif name == "broker killed":
            outages.process_of("valkey").send_signal(signal.SIGKILL)
        else:
            with outages.emptied():
                pass


def _move_clock(now: dt.datetime) -> dt.datetime:
    """Twenty minutes on; from the evening to the next morning."""
    now += JUMP
    if now.hour >= 19:
        now = (now + days.DAY).replace(hour=10, minute=0)
    for _ in range(50):
        try:
            clubs.set_clock(now)
            break
        except Exception:  # the database is on its way back
            connection.close()
            time.sleep(0.2)
    return now


# --- what is left


def _compare(day: Day) -> None:
    day.crowd.phase = "at the end"
    system.until(lambda: _answers())
    stored = dict(CallAttempt.objects.values_list("pk", "outcome"))
    for attempt, outcome in day.said.items():
        if attempt not in stored:
            day.crowd.breach(f"attempt {attempt} was answered and is not stored")
        elif stored[attempt] != outcome and attempt not in day.undone:
            day.crowd.breach(f"attempt {attempt} was answered {outcome} and is stored as {stored[attempt]}")
    gone = day.sold - set(Membership.objects.values_list("pk", flat=True))
    day.crowd.found.breaches += [f"membership {pk} was answered and is not stored" for pk in gone]
    day.crowd.found.breaches += invariants.broken()


def _answers() -> bool:
    try:
        connection.ensure_connection()
        return CallAttempt.objects.exists() or True
    except Exception:
        connection.close()
        return False


def _weigh(day: Day, sizes: list[int], measured: bool) -> None:
    """The oldest web process when warm and at the end, each over a few samples."""
    if len(sizes) < 3:
        return
    warm = sizes[int(len(sizes) * WARM) :]
    few = max(1, len(warm) // 5)
    before, after = sorted(warm[:few])[few // 2], sorted(warm[-few:])[few // 2]
    grown = after / before
    day.crowd.found.said = f"memory {before / 2**20:.0f} → {after / 2**20:.0f} MiB"
    if measured and grown > MOST_MEMORY:
        day.crowd.found.breach(f"a web process grew by {grown - 1:.0%}")
