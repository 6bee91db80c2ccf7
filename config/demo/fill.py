"""Fills the demo club: plans, promotions and staff first, then its people by COPY, a handful at a time."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

import holidays
import pghistory
from django.db import transaction

from calls.models import CallAttempt, Complaint, Meeting, RefusalReason
from config.demo import story, words
from config.demo.copying import copy_rows, reserve_ids
from memberships import clubs
from memberships.models import Club, Employee, Freeze, Member, Membership, Plan, Promotion, PromotionUse, User, Visit
from memberships.rules import money

SEED = 2027
BATCH = 75
NOON = dt.time(12)


@dataclass(frozen=True)
class Login:
    username: str
    name: str
    role: str


LOGINS = (
    Login("nadia", "Nadia Berg", "operator"),
    Login("anna", "Anna Keller", "administrator"),
    Login("karin", "Karin Lang", "manager"),
    Login("viktor", "Viktor Stern", "owner"),
)
COLLEAGUES = (
    Login("olga", "Olga Maier", "operator"),
    Login("dmitri", "Dmitri Falk", "operator"),
    Login("pavel", "Pavel Roth", "administrator"),
)
TRAINERS = ("Leon Weiss", "Mia Brandt")
PASSWORD = "ringback-demo"


def make_club(*, slug: str, name: str, now: dt.datetime) -> Club:
    """The club itself with its plans and promotions, nobody in it yet."""
    club = clubs.add_club(
        slug=slug, name=name, timezone="Europe/Berlin", country="DE", region="BE", currency="EUR", now=now
    )
    today = now.astimezone(club.zone).date()
    plans = Plan.objects.bulk_create(
        Plan(
            club=club, code=code, name=title, term_count=count, term_unit=unit, price=Decimal(price),
            freeze_days=days, freeze_min_days=least, freeze_max_count=most, zones=zones,
        )
        for code, title, count, unit, price, days, least, most, zones in words.PLANS
    )  # fmt: skip
    long_plans = [plan for plan in plans if plan.term_count >= 6]
    for promotion, on_plans in _promotions(today, long_plans):
        promotion.save()
        promotion.clubs.add(club)
        promotion.plans.set(on_plans)
    return club


def _promotions(today: dt.date, long_plans: list[Plan]) -> Iterable[tuple[Promotion, list[Plan]]]:
    month = dt.timedelta(days=30)
    yield Promotion(
        code="LOYAL20", name="Two years with us", kind="amount", value=20, audience=["renewal"], stackable=True,
        starts_on=today - 40 * month, min_tenure_months=24,
        phone_summary="We thank members who have been with us for long.",
        details="20 € off for 24 months of unbroken membership",
    ), []  # fmt: skip
    yield Promotion(
        code="EARLY10", name="Early renewal", kind="percent", value=10, audience=["renewal"], stackable=True,
        starts_on=today - 2 * month, ends_on=today + month, early_days=7,
        phone_summary="There is something for members who renew before their last day.",
        details="10 % off 6 and 12 months, sold a week before the end",
    ), long_plans  # fmt: skip
    yield Promotion(
        code="FRIEND15", name="Bring a friend", kind="percent", value=15, audience=["new"], needs_code=True,
        starts_on=today - 40 * month, details="15 % off the first contract when a member brings somebody",
    ), []  # fmt: skip
    yield Promotion(
        code="BACK50", name="Come back", kind="percent", value=50, audience=["return"], max_uses=200,
        starts_on=today - month / 2, ends_on=today + month,
        phone_summary="There is a welcome-back offer.", details="Half price for the first contract after a break",
    ), long_plans  # fmt: skip
    yield Promotion(
        code="PLUS14", name="Two weeks on us", kind="bonus_days", value=14, audience=["new", "renewal"],
        stackable=True, starts_on=today - month / 3, ends_on=today + month / 3,
        phone_summary="Ask us about this month's gift.", details="14 extra days on 12 months",
    ), [plan for plan in long_plans if plan.term_count == 12]  # fmt: skip


def make_staff(club: Club, *, now: dt.datetime) -> None:
    """The four logins, their colleagues, and two trainers without a login."""
    for login in (*LOGINS, *COLLEAGUES):
        clubs.add_staff(username=login.username, name=login.name, role=login.role, club=club, password=PASSWORD)
    Employee.objects.bulk_create(Employee(club=club, name=name) for name in TRAINERS)


class Filler:
    """Stores what the storyteller invents. ``fill`` may be called once for a club without members."""

    def __init__(self, club: Club, *, now: dt.datetime, seed: int = SEED) -> None:
        self.club, self.now = club, now
        self.today = now.astimezone(club.zone).date()
        self.plans = list(Plan.objects.filter(club=club).order_by("id"))
        self.loyal = Promotion.objects.get(clubs=club, code="LOYAL20")
        self.hosts = list(Employee.objects.filter(club=club, is_host=True, role="administrator").order_by("id"))
        self.operators = list(User.objects.filter(employees__club=club, employees__role="operator").order_by("id"))
        self.reasons = {reason.code: reason for reason in RefusalReason.objects.filter(club=club)}
        self.member_ids: list[int] = []
        years = range(self.today.year - story.YEARS - 1, self.today.year + 2)
        self.teller = story.Storyteller(
            now=now,
            zone=club.zone,
            operators=len(self.operators),
            hosts=len(self.hosts),
            holidays=frozenset(holidays.country_holidays(club.country, subdiv=club.region or None, years=years)),
            seed=seed,
        )

    def fill(self, count: int, *, progress: Callable[[int], None] = lambda done: None) -> None:
        people = self.teller.people(count)
        while batch := list(itertools.islice(people, BATCH)):
            with transaction.atomic(), pghistory.context(source="demo"):
                self._store(batch)
            progress(len(self.member_ids))

    def _store(self, batch: list[story.Person]) -> None:
        ids = reserve_ids(Member, len(batch))
        self.member_ids += ids
        copy_rows(Member, (self._member(person, pk) for person, pk in zip(batch, ids, strict=True)))
        sold: dict[tuple[int, int], Membership] = {}
        uses: list[PromotionUse] = []
        keys = [(person, index) for person in batch for index in range(len(person.terms))]
        for (person, index), pk in zip(keys, reserve_ids(Membership, len(keys)), strict=True):
            sold[person.number, index] = self._membership(person, index, pk, sold.get((person.number, index - 1)))
            if sold[person.number, index].price < sold[person.number, index].list_price:
                uses.append(PromotionUse(membership_id=pk, promotion=self.loyal))
        copy_rows(Membership, sold.values())
        PromotionUse.objects.bulk_create(uses)
        freezes = [
            Freeze(membership=sold[key[0].number, key[1]], starts_on=first, ends_on=last, planned_ends_on=last,
                   reason="travel", made_at=self._at(first))
            for key in keys
            for first, last in key[0].terms[key[1]].freezes
        ]  # fmt: skip
        self._copy(Freeze, freezes)
        visits = [
            Visit(club=self.club, member_id=pk, at=at, zone=zone)
            for person, pk in zip(batch, ids, strict=True)
            for at, zone in person.visits
        ]
        self._copy(Visit, visits)
        self._store_calls(batch, ids, sold)

    def _copy(self, model: type, rows: list) -> None:
        for row, pk in zip(rows, reserve_ids(model, len(rows)), strict=True):
            row.pk = pk
        copy_rows(model, rows)

    def _at(self, day: dt.date) -> dt.datetime:
        return min(dt.datetime.combine(day, NOON, self.club.zone), self.now)

    def _member(self, person: story.Person, pk: int) -> Member:
        known = len(self.member_ids)
        brought_by = person.referred_by
        return Member(
            pk=pk,
            club=self.club,
            external_id=f"{20000 + person.number}",
            last_name=person.last_name,
            first_name=person.first_name,
            phone=person.phone,
            email=person.email,
            birthday=person.birthday,
            language=person.language,
            timezone=person.timezone,
            source=person.source,
            referred_by_id=self.member_ids[brought_by] if brought_by is not None and brought_by < known else None,
            consent_sms=person.consent_sms,
            consent_email=person.consent_email,
            interests=person.interests,
            goal=person.goal,
            do_not_call_since=self._at(person.do_not_call) if person.do_not_call else None,
            do_not_call_note="asked for it on the phone" if person.do_not_call else "",
            last_covered_on=max((term.last_covered_on for term in person.terms), default=None),
            created_at=self._at(person.joined),
        )

    def _membership(self, person: story.Person, index: int, pk: int, prior: Membership | None) -> Membership:
        term = person.terms[index]
        plan = self.plans[term.plan]
        tenured = term.kind == "renewal" and (term.starts_on - term.chain_starts_on).days >= 731
        price = money.round_half_up(plan.price - (20 if tenured else 0), self.club.currency)
        owed = money.round_half_up(price / 4, self.club.currency) if term.balance else Decimal(0)
        return Membership(
            pk=pk,
            club=self.club,
            member_id=self.member_ids[person.number],
            plan=plan,
            external_id=f"M{person.number:05d}-{index + 1}",
            sale_kind=term.kind,
            sold_on=term.sold_on,
            starts_on=term.starts_on,
            ends_on=term.ends_on,
            frozen_days=term.frozen_days,
            effective_ends_on=term.effective_ends_on,
            last_covered_on=term.last_covered_on,
            cancelled_on=term.cancelled_on,
            cancel_reason=term.cancel_reason,
            renewed_from=prior if term.kind == "renewal" else None,
            follows=term.kind == "renewal",
            chain_starts_on=term.chain_starts_on,
            term_count=plan.term_count,
            term_unit=plan.term_unit,
            freeze_allowance=plan.freeze_days,
            freeze_min_days=plan.freeze_min_days,
            freeze_max_count=plan.freeze_max_count,
            special_terms=term.special,
            list_price=plan.price,
            price=price,
            price_paid=price - owed,
            balance_due=owed,
            balance_due_on=self.today + dt.timedelta(days=14) if owed else None,
            created_at=self._at(term.sold_on),
        )

    def _store_calls(self, batch: list[story.Person], ids: list[int], sold: dict[tuple[int, int], Membership]) -> None:
        attempts: list[CallAttempt] = []
        meetings: list[Meeting] = []
        for person, member_id in zip(batch, ids, strict=True):
            for call in person.calls:
                attempt = CallAttempt(
                    club=self.club,
                    member_id=member_id,
                    membership=sold[person.number, call.term],
                    kind=call.kind,
                    operator=self.operators[call.operator],
                    phone=person.phone,
                    at=call.at,
                    outcome=call.outcome,
                    outcome_at=call.at + dt.timedelta(seconds=call.duration_s or 30),
                    reached=call.outcome in story.REACHED,
                    reason=self.reasons[call.reason] if call.reason else None,
                    competitor=call.competitor,
                    attends=call.attends,
                    absence_reason=self.reasons[call.absence_reason] if call.absence_reason else None,
                    note=call.note,
                    duration_s=call.duration_s,
                )
                attempts.append(attempt)
                if call.meeting is not None:
                    meetings.append(self._meeting(call.meeting, attempt, person, sold))
        self._copy(CallAttempt, attempts)
        for meeting in meetings:
            meeting.attempt_id = meeting.attempt.pk
        self._copy(Meeting, meetings)

    def _meeting(
        self,
        told: story.Meeting,
        attempt: CallAttempt,
        person: story.Person,
        sold: dict[tuple[int, int], Membership],
    ) -> Meeting:
        ends_at = told.starts_at + dt.timedelta(minutes=30)
        bought = next((sold[person.number, i] for i, term in enumerate(person.terms) if term.by_meeting is told), None)
        return Meeting(
            club=self.club,
            member_id=attempt.member_id,
            host=self.hosts[told.host],
            purpose=told.purpose,
            starts_at=told.starts_at,
            ends_at=ends_at,
            status=told.status,
            attempt=attempt,
            calendar_uid=uuid.uuid5(uuid.NAMESPACE_OID, f"{attempt.member_id}/{told.starts_at.isoformat()}"),
            result=told.result,
            reason=self.reasons[told.reason] if told.reason else None,
            competitor=told.competitor,
            membership=bought,
            booked_at=told.booked_at,
            booked_by=attempt.operator,
            attended_at=told.starts_at if told.status == "attended" else None,
            closed_at=ends_at if told.status == "attended" else None,
        )


def add_complaints(club: Club, *, now: dt.datetime) -> None:
    """Three open complaints of active members, owned by the manager."""
    manager = Employee.objects.filter(club=club, role="manager").order_by("id").first()
    members = Member.objects.filter(club=club, last_covered_on__gte=now.date()).order_by("id")[5:8]
    Complaint.objects.bulk_create(
        Complaint(club=club, member=member, text=text, owner=manager, received_at=now - dt.timedelta(hours=20 * n + 3))
        for n, (member, text) in enumerate(zip(members, words.COMPLAINTS, strict=False))
    )
