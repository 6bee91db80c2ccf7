"""Invents three years of a gym, the same for the same seed and day. Pure: days and numbers in, people out.

Who they are and what they bought is told here; ``coming`` tells when they came, ``ringing`` how they were rung.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from calls.rules.facts import Policy
from calls.rules.kinds import Kind
from calls.rules.states import Lapse, TaskState
from config.demo import words
from config.demo.offers import FRIEND
from memberships.rules import pricing, terms
from memberships.rules.promotions import Promotion, Sale
from memberships.rules.sales import SaleKind
from memberships.rules.terms import DAY, Span

YEARS = 3
# Numbers kept for films and books: Bundesnetzagentur, Mitteilung 148/2021 (1,000 in each of these cities).
FICTION_RANGES = ("+493023125", "+496990009", "+494066969", "+492214710", "+498999998")
MINOR_BELOW = dt.timedelta(days=18 * 366)
PAIRS_EVERY = 700
PAIR_AT = 41
"""Of so many people, these two share a number and both have some days left: a household among the due renewals."""


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
    do_not_call_at: dt.datetime | None = None
    phone_bad_since: dt.datetime | None = None
    referred_by: int | None = None
    unrung_from: dt.date | None = None
    terms: list[Term] = field(default_factory=list)
    visits: list[tuple[dt.datetime, str]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    meetings: list[Meeting] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    complaints: list[Complaint] = field(default_factory=list)

    @property
    def visit_days(self) -> list[dt.date]:
        """The days of the visits, which are told in the club's time."""
        return [at.date() for at, _zone in self.visits]


@dataclass
class Term:
    """A sold membership. ``renews_on``: when the next one is sold, which may lie ahead; ``None``: never."""

    plan: int
    kind: SaleKind
    sold_on: dt.date
    starts_on: dt.date
    ends_on: dt.date
    chain_starts_on: dt.date
    price: Decimal = Decimal(0)
    promotions: tuple[str, ...] = ()
    bonus_days: int = 0
    special: str = ""
    cancelled_on: dt.date | None = None
    cancel_reason: str = ""
    balance_due_on: dt.date | None = None
    freezes: list[Span] = field(default_factory=list)
    renews_on: dt.date | None = None

    @property
    def frozen_days(self) -> int:
        return sum(freeze.days for freeze in self.freezes)

    @property
    def effective_ends_on(self) -> dt.date:
        return terms.effective_end(self.ends_on, self.bonus_days, self.frozen_days)

    @property
    def last_covered_on(self) -> dt.date:
        if self.cancelled_on is not None:
            return min(self.effective_ends_on, self.cancelled_on - DAY)
        return self.effective_ends_on

    def end_known_on(self, day: dt.date) -> dt.date:
        """The effective end before the freezes that begin later were given."""
        later = sum(freeze.days for freeze in self.freezes if freeze.first > day)
        return self.effective_ends_on - later * DAY


@dataclass(eq=False)
class Meeting:
    host: int
    purpose: str
    starts_at: dt.datetime
    status: str
    booked_at: dt.datetime
    task: Task
    call: Call
    result: str = ""
    reason: str = ""
    competitor: str = ""
    note: str = ""
    ring_on: dt.date | None = None
    satisfied: bool | None = None
    bought: int | None = None
    confirmed: bool = False

    @property
    def ends_at(self) -> dt.datetime:
        return self.starts_at + dt.timedelta(minutes=30)


@dataclass(eq=False)
class Task:
    """A call that was to be made. ``about``: what its key names besides the term (a meeting, freeze, call …)."""

    kind: Kind
    term: int
    due_on: dt.date
    due_at: dt.datetime
    origin: Kind | None = None
    rung: int | None = None
    about: object = None
    risk: object = None
    promised_to: int | None = None
    state: TaskState = TaskState.READY
    next_at: dt.datetime | None = None
    waits_for: str = ""
    lapsed_because: Lapse | None = None
    closed_at: dt.datetime | None = None
    calls: list[Call] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


@dataclass(eq=False)
class Call:
    task: Task
    at: dt.datetime
    operator: int
    outcome: str
    reached: bool
    reason: str = ""
    competitor: str = ""
    note: str = ""
    attends: str = ""
    absence_reason: str = ""
    duration_s: int = 20


@dataclass
class Request:
    call: Call
    about: str
    due_on: dt.date
    answered_at: dt.datetime | None


@dataclass(eq=False)
class Complaint:
    call: Call
    text: str
    answered_at: dt.datetime | None
    answer: str = ""


class Storyteller:
    """Makes people one after the other, so that they can be stored while the next ones are invented."""

    def __init__(
        self,
        *,
        now: dt.datetime,
        policy: Policy,
        currency: str,
        promotions: Sequence[Promotion],
        phones: Sequence[str],
        seed: int,
    ) -> None:
        self.now, self.policy, self.currency = now, policy, currency
        self.today = now.astimezone(policy.zone).date()
        self.promotions, self.phones = promotions, phones
        self.rng = random.Random(seed)
        self.last_person: Person | None = None

    def people(self, count: int) -> Iterator[Person]:
        """So many people with what they bought; nobody has come or been rung yet."""
        for number in range(count):
            person = self._person(number)
            if self._in_pair(number):
                self._due_soon(person)
            else:
                self._memberships(person)
            self.last_person = person
            yield person

    def _in_pair(self, number: int) -> bool:
        return number % PAIRS_EVERY in (PAIR_AT - 1, PAIR_AT)

    # --- who

    def _person(self, number: int) -> Person:
        rng = self.rng
        last_name, first_name = rng.choice(words.LAST_NAMES), rng.choice(words.FIRST_NAMES)
        phone = f"{self.phones[number // 1000 % len(self.phones)]}{number % 1000:03d}"
        draw = rng.random()
        shares = number % PAIRS_EVERY == PAIR_AT or draw < 0.03
        if self._in_pair(number) and number % PAIRS_EVERY != PAIR_AT:
            draw = 0.5
        elif shares and self.last_person and self.last_person.phone:
            last_name, phone = self.last_person.last_name, self.last_person.phone
        elif draw < 0.05:
            phone = ""
        age = rng.triangular(22, 74, 33) if rng.random() > 0.02 or shares else rng.uniform(14, 16.9)
        birthday = self.today - dt.timedelta(days=int(age * 365.25))
        return Person(
            number=number,
            last_name=last_name,
            first_name=first_name,
            phone=phone,
            email=f"member.{number}@example.com" if rng.random() < 0.8 else "",
            birthday=birthday,
            language=rng.choices(("de", "en", "ru", ""), (50, 30, 12, 8))[0],
            source=rng.choice(words.SOURCES),
            goal=rng.choice(words.GOALS),
            interests=rng.choice(words.INTERESTS),
            consent_sms=rng.choices((True, False, None), (60, 15, 25))[0],
            consent_email=rng.choices((True, False, None), (60, 15, 25))[0],
            timezone="Europe/Lisbon" if draw > 0.99 else "",
            guardian=f"{rng.choice(words.FIRST_NAMES)} {last_name}" if self.today - birthday < MINOR_BELOW else "",
            referred_by=rng.randrange(number) if number > 20 and rng.random() < 0.12 else None,
        )

    # --- what they bought

    def _memberships(self, person: Person) -> None:
        rng = self.rng
        start = self.today - DAY * int(YEARS * 365 * rng.random() ** 0.85 + rng.randrange(5))
        plan = self._plan()
        loyalty = rng.betavariate(5, 2)
        kind, sold_on = SaleKind.NEW, start
        while True:
            term = self._sold(person, plan, kind, sold_on, start)
            self._freeze(term)
            if self._cancelled(term):
                return
            end = term.effective_ends_on
            if rng.random() < loyalty:
                early = rng.choices((0, rng.randrange(1, 15), rng.randrange(15, 44)), (25, 40, 35))[0]
                if words.PLANS[plan][2] == 1:
                    early //= 5
                sold_on = term.renews_on = max(end - DAY * early, term.starts_on + DAY)
                kind, start = SaleKind.RENEWAL, end + DAY
            else:
                sold_on = start = end + DAY * rng.randrange(self.policy.grace_days + 5, 320)
                kind = SaleKind.RETURN
                if rng.random() > 0.25:
                    return
            if sold_on > self.today:
                return
            if rng.random() < 0.15:
                plan = self._plan()

    def _due_soon(self, person: Person) -> None:
        """A year that ends in some days, of somebody whom nobody has rung about it."""
        plan = next(place for place, row in enumerate(words.PLANS) if row[2] == 12)
        start = terms.add_months(self.today + DAY * (9 + 3 * (person.number % 2)), -12)
        self._sold(person, plan, SaleKind.NEW, start, start)
        person.unrung_from = self.today - 2 * max(self.policy.renewal_rungs, default=0) * DAY

    def _plan(self) -> int:
        return self.rng.choices(range(len(words.PLANS)), words.PLAN_WEIGHTS)[0]

    def _sold(self, person: Person, plan: int, kind: SaleKind, sold_on: dt.date, start: dt.date) -> Term:
        rng = self.rng
        prior = person.terms[-1] if person.terms else None
        chain = prior.chain_starts_on if prior and kind is SaleKind.RENEWAL else start
        code, _name, count, unit, price, *_rest = words.PLANS[plan]
        sale = Sale(
            kind=kind,
            sold_on=sold_on,
            made_on=sold_on,
            club="",
            plan=code,
            list_price=Decimal(price),
            currency=self.currency,
            tenure_months=terms.months_between(chain, start) if kind is SaleKind.RENEWAL else 0,
            early_by=(prior.end_known_on(sold_on) - sold_on).days if prior else None,
        )
        brought = kind is SaleKind.NEW and person.referred_by is not None and rng.random() < 0.7
        quote = pricing.quote(sale, self.promotions, (FRIEND,) if brought else ())
        recent = (self.today - sold_on).days < 60
        term = Term(
            plan=plan,
            kind=kind,
            sold_on=sold_on,
            starts_on=start,
            ends_on=terms.ends_on(start, terms.Term(count, unit)),
            chain_starts_on=chain,
            price=quote.final_price,
            promotions=quote.promotions,
            bonus_days=quote.bonus_days,
            special=rng.choice(words.SPECIAL_TERMS) if rng.random() < 0.1 else "",
            balance_due_on=self.today + DAY * rng.randrange(-3, 21) if rng.random() < 0.06 and recent else None,
        )
        person.terms.append(term)
        return term

    def _freeze(self, term: Term) -> None:
        rng = self.rng
        allowance = words.PLANS[term.plan][5]
        length = (term.ends_on - term.starts_on).days + 1
        if allowance < 7 or rng.random() > 0.3:
            return
        days = rng.randrange(7, allowance + 1)
        first = term.starts_on + DAY * rng.randrange(20, length - 25)
        if first <= self.today + 30 * DAY:
            term.freezes.append(Span(first, first + DAY * (days - 1)))

    def _cancelled(self, term: Term) -> bool:
        rng = self.rng
        if rng.random() > 0.02 or term.starts_on + 20 * DAY >= self.today:
            return False
        on = min(term.starts_on + DAY * rng.randrange(20, 60), self.today, term.ends_on)
        term.freezes = [freeze for freeze in term.freezes if freeze.last < on]
        term.cancelled_on, term.cancel_reason = on, rng.choice(words.CANCEL_REASONS)
        return True
