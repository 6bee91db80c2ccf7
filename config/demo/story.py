"""Invents three years of a gym, the same for the same seed and day. Pure: days and numbers in, rows out."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from config.demo import words
from memberships.rules import terms

DAY = dt.timedelta(days=1)
YEARS = 3
GRACE = 30
# Numbers kept for films and books: Bundesnetzagentur, Mitteilung 148/2021 (1,000 in each of these cities).
FICTION_RANGES = ("+493023125", "+496990009", "+494066969", "+492214710", "+498999998")


@dataclass
class Person:
    """One invented member and everything that happened to them."""

    number: int
    last_name: str
    first_name: str
    phone: str
    email: str
    birthday: dt.date
    language: str
    source: str
    goal: str
    interests: str
    consent_sms: bool | None
    consent_email: bool | None
    timezone: str = ""
    guardian: str = ""
    joined: dt.date = dt.date.min
    do_not_call: dt.date | None = None
    bad_phone: dt.date | None = None
    referred_by: int | None = None
    terms: list[Term] = field(default_factory=list)
    visits: list[tuple[dt.datetime, str]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    complaint: tuple[dt.datetime, str, bool] | None = None


@dataclass
class Term:
    """A sold membership. ``kind`` is worked out as it is sold."""

    plan: int
    kind: str
    sold_on: dt.date
    starts_on: dt.date
    ends_on: dt.date
    chain_starts_on: dt.date
    special: str = ""
    cancelled_on: dt.date | None = None
    cancel_reason: str = ""
    balance: bool = False
    freezes: list[tuple[dt.date, dt.date]] = field(default_factory=list)
    bonus_days: int = 0
    by_meeting: Meeting | None = None

    @property
    def frozen_days(self) -> int:
        return sum((last - first).days + 1 for first, last in self.freezes)

    @property
    def effective_ends_on(self) -> dt.date:
        return self.ends_on + DAY * (self.bonus_days + self.frozen_days)

    @property
    def last_covered_on(self) -> dt.date:
        if self.cancelled_on is not None:
            return min(self.effective_ends_on, self.cancelled_on - DAY)
        return self.effective_ends_on


@dataclass
class Meeting:
    host: int
    purpose: str
    starts_at: dt.datetime
    status: str
    booked_at: dt.datetime
    result: str = ""
    reason: str = ""
    competitor: str = ""


@dataclass
class Call:
    kind: str
    term: int
    at: dt.datetime
    operator: int
    outcome: str
    reason: str = ""
    competitor: str = ""
    note: str = ""
    attends: str = ""
    absence_reason: str = ""
    duration_s: int | None = None
    meeting: Meeting | None = None


REACHED = frozenset({"booked", "callback", "talked", "refused", "thinking", "do_not_call"})
REFUSALS = (
    ("price", 15), ("crowding", 9), ("cleanliness", 3), ("equipment", 4), ("schedule", 7), ("staff", 1),
    ("no_time", 14), ("moved", 7), ("health", 5), ("money", 7), ("lost_motivation", 6), ("goal_reached", 2),
    ("does_not_attend", 5), ("lower_price", 7), ("closer", 5), ("better_equipment", 3), ("trains_elsewhere", 3),
    ("declined", 5), ("other", 2),
)  # fmt: skip
RIVAL = frozenset({"lower_price", "closer", "better_equipment", "trainer_left", "trains_elsewhere"})
NEEDS_NOTE = frozenset({"other", "staff"})


class Storyteller:
    """Makes people one after the other, so that they can be stored while the next ones are invented."""

    def __init__(
        self, *, now: dt.datetime, zone: ZoneInfo, operators: int, hosts: int, holidays: frozenset[dt.date], seed: int
    ) -> None:
        self.now = now
        self.zone = zone
        self.today = now.astimezone(zone).date()
        self.operators = operators
        self.hosts = hosts
        self.holidays = holidays
        self.rng = random.Random(seed)
        self.taken: set[tuple[int, dt.datetime]] = set()
        self.last_person: Person | None = None

    def people(self, count: int) -> Iterator[Person]:
        for number in range(count):
            person = self._person(number)
            self._memberships(person)
            self._visits(person)
            self._welcome(person)
            self._renewal_calls(person)
            self.last_person = person
            yield person

    # --- who

    def _person(self, number: int) -> Person:
        rng = self.rng
        last_name = rng.choice(words.LAST_NAMES)
        phone = f"{FICTION_RANGES[number // 1000 % len(FICTION_RANGES)]}{number % 1000:03d}"
        first_name = rng.choice(words.FIRST_NAMES)
        email = f"member.{number}@example.com"
        draw = rng.random()
        if draw < 0.03 and self.last_person and self.last_person.phone:
            last_name, phone = self.last_person.last_name, self.last_person.phone
        elif draw < 0.05:
            phone = ""
        age = rng.triangular(17, 74, 33)
        return Person(
            number=number,
            last_name=last_name,
            first_name=first_name,
            phone=phone,
            email=email if rng.random() < 0.8 else "",
            birthday=self.today - DAY * int(age * 365.25 + rng.randrange(365)),
            language=rng.choices(("de", "en", "ru", ""), (50, 30, 12, 8))[0],
            source=rng.choice(words.SOURCES),
            goal=rng.choice(words.GOALS),
            interests=rng.choice(words.INTERESTS),
            consent_sms=rng.choices((True, False, None), (60, 15, 25))[0],
            consent_email=rng.choices((True, False, None), (60, 15, 25))[0],
            timezone="Europe/Lisbon" if draw > 0.99 else "",
            referred_by=rng.randrange(number) if number > 20 and rng.random() < 0.12 else None,
        )

    # --- what they bought

    def _memberships(self, person: Person) -> None:
        rng = self.rng
        start = self.today - DAY * int(YEARS * 365 * rng.random() ** 0.85 + rng.randrange(5))
        person.joined = start
        plan = rng.choices(range(len(words.PLANS)), words.PLAN_WEIGHTS)[0]
        loyalty = rng.betavariate(5, 2)
        kind, sold_on, chain = "new", start, start
        while True:
            term = Term(plan, kind, sold_on, start, self._end(plan, start), chain)
            if rng.random() < 0.1:
                term.special = rng.choice(words.SPECIAL_TERMS)
            term.balance = rng.random() < 0.05 and (self.today - sold_on).days < 60
            person.terms.append(term)
            self._freeze(term)
            if rng.random() < 0.02 and term.starts_on + 20 * DAY < self.today:
                term.cancelled_on = term.starts_on + DAY * rng.randrange(20, 60)
                term.cancel_reason = rng.choice(words.CANCEL_REASONS)
                term.cancelled_on = min(term.cancelled_on, self.today, term.ends_on)
                term.freezes = [pair for pair in term.freezes if pair[1] < term.cancelled_on]
                return
            end = term.effective_ends_on
            stays = rng.random() < loyalty
            months = words.PLANS[plan][2]
            if stays:
                early = rng.choices((0, rng.randrange(1, 15), rng.randrange(15, 44)), (25, 40, 35))[0]
                sold_on = max(end - DAY * (early if months > 1 else early // 5), term.starts_on + DAY)
                if sold_on > self.today:
                    return
                kind, start = "renewal", end + DAY
            else:
                gap = rng.randrange(GRACE + 5, 320)
                sold_on = start = end + DAY * gap
                if rng.random() > 0.25 or sold_on > self.today:
                    return
                kind, chain = "return", start
            if rng.random() < 0.15:
                plan = rng.choices(range(len(words.PLANS)), words.PLAN_WEIGHTS)[0]

    def _end(self, plan: int, start: dt.date) -> dt.date:
        return terms.ends_on(start, terms.Term(words.PLANS[plan][2], words.PLANS[plan][3]))

    def _freeze(self, term: Term) -> None:
        rng = self.rng
        allowance = words.PLANS[term.plan][5]
        length = (term.ends_on - term.starts_on).days + 1
        if allowance < 7 or rng.random() > 0.22:
            return
        days = rng.randrange(7, allowance + 1)
        first = term.starts_on + DAY * rng.randrange(20, length - 25)
        if first > self.today + 30 * DAY:
            return
        term.freezes.append((first, first + DAY * (days - 1)))

    # --- when they came

    def _visits(self, person: Person) -> None:
        rng = self.rng
        weekly = rng.triangular(0.3, 4.2, 1.6)
        habit = rng.choice((7, 9, 12, 17, 18, 18, 19))
        days = rng.sample(range(7), k=min(7, max(2, round(weekly) + 1)))
        chance = min(0.95, weekly / len(days))
        for index, term in enumerate(person.terms):
            zones = words.PLANS[term.plan][8]
            leaves = index == len(person.terms) - 1 or person.terms[index + 1].kind == "return"
            fade_from = term.effective_ends_on - 70 * DAY if leaves and rng.random() < 0.75 else None
            day = term.starts_on
            last = min(term.last_covered_on, self.today)
            while day <= last:
                p = chance * (0.3 if fade_from and day > fade_from else 1.0)
                frozen = any(first <= day <= end for first, end in term.freezes)
                if day.weekday() in days and not frozen and rng.random() < p:
                    minute = rng.randrange(60)
                    at = dt.datetime.combine(day, dt.time(habit, minute), self.zone)
                    if at < self.now:
                        person.visits.append((at, rng.choice(zones)))
                day += DAY

    # --- how they were rung

    def _instant(self, day: dt.date) -> dt.datetime | None:
        """A fitting minute to ring on or soon after a day, or None if it is not past yet."""
        while day in self.holidays:
            day += DAY
        weekend = day.weekday() >= 5
        hour = self.rng.randrange(11, 18) if weekend else self.rng.randrange(10, 20)
        at = dt.datetime.combine(day, dt.time(hour, self.rng.randrange(60), self.rng.randrange(60)), self.zone)
        return at if at < self.now - dt.timedelta(hours=4) else None

    def _slot(self, day: dt.date) -> tuple[int, dt.datetime]:
        while True:
            host = self.rng.randrange(self.hosts)
            at = dt.datetime.combine(day, dt.time(self.rng.randrange(10, 20), self.rng.choice((0, 30))), self.zone)
            if (host, at) not in self.taken:
                self.taken.add((host, at))
                return host, at

    def _missed(self, person: Person, kind: str, term: int, day: dt.date, tries: int) -> dt.date | None:
        """Attempts that reached nobody; the day of the next one."""
        for _ in range(tries):
            at = self._instant(day)
            if at is None:
                return None
            outcome = self.rng.choices(("no_answer", "busy", "voicemail", "third_party"), (60, 12, 22, 6))[0]
            person.calls.append(Call(kind, term, at, self.rng.randrange(self.operators), outcome))
            day = at.astimezone(self.zone).date() + DAY * self.rng.randrange(1, 3)
        return day

    def _welcome(self, person: Person) -> None:
        for index, term in enumerate(person.terms):
            if term.kind == "renewal" or not person.phone or self.rng.random() < 0.25:
                continue
            if term.cancelled_on is not None or any(first <= term.starts_on + 8 * DAY for first, _ in term.freezes):
                continue
            day = self._missed(person, "welcome", index, term.starts_on + 3 * DAY, self.rng.choice((0, 0, 1, 2)))
            at = self._instant(day) if day else None
            if at is None or (at.date() - term.starts_on).days > 7:
                continue
            meeting = None
            outcome = self.rng.choice(("talked", "booked"))
            if outcome == "booked":
                meeting = self._meeting(at, "session")
            person.calls.append(self._reached("welcome", index, at, outcome, meeting, attends="yes"))

    def _meeting(self, at: dt.datetime, purpose: str, days: tuple[int, int] = (1, 6)) -> Meeting:
        host, starts_at = self._slot(at.astimezone(self.zone).date() + DAY * self.rng.randrange(*days))
        ends_at = starts_at + dt.timedelta(minutes=30)
        status = "scheduled"
        if ends_at < self.now:
            status = self.rng.choices(("attended", "no_show", "cancelled"), (78, 17, 5))[0]
        return Meeting(host, purpose, starts_at, status, at)

    def _reached(
        self, kind: str, term: int, at: dt.datetime, outcome: str, meeting: Meeting | None = None, attends: str = ""
    ) -> Call:
        rng = self.rng
        call = Call(kind, term, at, rng.randrange(self.operators), outcome, meeting=meeting)
        call.attends = attends or rng.choices(("yes", "no", "unknown"), (62, 30, 8))[0]
        if call.attends == "no":
            call.absence_reason = rng.choice(("no_time", "health", "lost_motivation", "crowding", "does_not_attend"))
        call.duration_s = rng.randrange(40, 420)
        call.note = rng.choice(words.NOTES.get(outcome, ("",)))
        if outcome == "refused":
            call.reason = rng.choices([code for code, _ in REFUSALS], [weight for _, weight in REFUSALS])[0]
            if call.reason in RIVAL:
                call.competitor = rng.choice(words.COMPETITORS)
            if call.reason in NEEDS_NOTE:
                call.note = rng.choice(words.OTHER_WORDS)
        return call

    def _renewal_calls(self, person: Person) -> None:
        """One campaign before each end: tries, a conversation, often a meeting, sometimes a sale at it."""
        rng = self.rng
        if not person.phone:
            return
        for index, term in enumerate(person.terms):
            nxt = person.terms[index + 1] if index + 1 < len(person.terms) else None
            end = term.effective_ends_on
            if words.PLANS[term.plan][2] < 6 or end - 45 * DAY > self.today or term.cancelled_on is not None:
                continue
            renewed = nxt is not None and nxt.kind == "renewal"
            first = end - DAY * rng.randrange(12, 46)
            if any(start - 3 * DAY <= first <= last + 3 * DAY for start, last in term.freezes):
                continue
            if renewed:
                assert nxt is not None
                if nxt.sold_on <= first + 8 * DAY or rng.random() < 0.25:
                    continue  # came by and renewed without a call
                first = nxt.sold_on - DAY * rng.randrange(6, 9)
            if rng.random() < 0.12 or first <= term.starts_on + 3 * DAY:
                continue
            day = self._missed(person, "renewal", index, first, rng.choices((0, 1, 2, 3), (45, 30, 17, 8))[0])
            at = self._instant(day) if day else None
            if at is None:
                continue
            if renewed:
                assert nxt is not None
                self._sale_at_meeting(person, index, nxt, at)
            else:
                self._lost(person, index, at)

    def _sale_at_meeting(self, person: Person, index: int, nxt: Term, at: dt.datetime) -> None:
        if at.astimezone(self.zone).date() >= nxt.sold_on:
            person.calls.append(self._reached("renewal", index, at, "thinking"))
            if at.astimezone(self.zone).date() > nxt.sold_on:
                person.calls.pop()
            return
        host, starts_at = self._slot(nxt.sold_on)
        status = "attended" if starts_at < self.now else "scheduled"
        meeting = Meeting(host, "renewal", starts_at, status, at, "renewed" if status == "attended" else "")
        if status == "attended":
            nxt.by_meeting = meeting
        person.calls.append(self._reached("renewal", index, at, "booked", meeting))

    def _lost(self, person: Person, index: int, at: dt.datetime) -> None:
        outcome = self.rng.choices(("refused", "thinking", "callback", "booked", "do_not_call"), (58, 17, 5, 17, 3))[0]
        meeting = None
        if outcome == "callback" and self.now - at < dt.timedelta(days=61):
            outcome = "thinking"
        if outcome == "booked":
            meeting = self._meeting(at, "renewal")
            if meeting.status == "attended":
                meeting.result = "refused"
                refusal = self._reached("renewal", index, at, "refused")
                meeting.reason, meeting.competitor = refusal.reason, refusal.competitor
                if meeting.reason in NEEDS_NOTE:
                    meeting.reason = "declined"
        if outcome == "do_not_call":
            person.do_not_call = at.astimezone(self.zone).date()
        person.calls.append(self._reached("renewal", index, at, outcome, meeting))
