"""Fills a demo club with the people of the story by COPY, a handful at a time, so that pages answer meanwhile."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable
from decimal import Decimal

import pghistory
from django.db import transaction
from django.db.models import Model

from calls import policy
from calls.models import Script
from config.demo import coming, offers, ringing, staff, story, words
from config.demo.called import Called
from config.demo.copying import copy_rows, copy_values, reserve_ids
from memberships import holding
from memberships.models import Club, Freeze, Member, Membership, Plan, Promotion, PromotionUse, Visit
from memberships.rules import money

BATCH = 75
NOON = dt.time(12)


def begun_at(club: Club) -> dt.datetime:
    """When the club was made: a filling that was broken off goes on as of then."""
    return Script.objects.filter(club=club).order_by("made_at").values_list("made_at", flat=True)[0]


class Filler:
    """Stores what the storyteller invents. The same seed, day and club make the same rows."""

    def __init__(self, demo: staff.DemoClub, club: Club, *, now: dt.datetime) -> None:
        self.demo, self.club, self.now = demo, club, now
        self.today = now.astimezone(club.zone).date()
        self.plans = {plan.code: plan for plan in Plan.objects.filter(club=club)}
        self.promotions = {one.code: one for one in Promotion.objects.filter(clubs=club)}
        self.team = staff.Team(club)
        known = policy.of_club(club)
        self.teller = story.Storyteller(
            now=now,
            policy=known,
            currency=club.currency,
            promotions=[offer.rule for offer in offers.offers(self.today)],
            phones=demo.phones,
            seed=demo.seed,
        )
        self.desk = ringing.Desk(
            now=now,
            policy=known,
            absent_days=holding.policy_of(club).absent_days,
            operators=len(self.team.operators),
            hosts=len(self.team.hosts),
            rng=self.teller.rng,
        )
        self.member_ids: list[int] = []

    def fill(self, count: int, *, progress: Callable[[int], None] = lambda done: None) -> int:
        """Stores so many people, those apart that are there already; answers how many were new."""
        there = Member.objects.filter(club=self.club, external_id__in=map(self._number, range(count)))
        self.member_ids = list(there.order_by("external_id").values_list("pk", flat=True))
        begun = len(self.member_ids)
        people = itertools.islice(self._people(count), begun, None)
        while batch := list(itertools.islice(people, BATCH)):
            with transaction.atomic(), pghistory.context(source="demo"):
                self._store(batch)
            progress(len(self.member_ids))
        return len(self.member_ids) - begun

    def _people(self, count: int) -> Iterable[story.Person]:
        for person in self.teller.people(count):
            coming.come(person, now=self.now, zone=self.club.zone, rng=self.teller.rng)
            self.desk.ring(person)
            yield person

    def _number(self, number: int) -> str:
        return str(self.demo.first_number + number)

    def _store(self, batch: list[story.Person]) -> None:
        ids = reserve_ids(Member, len(batch))
        self.member_ids += ids
        copy_rows(Member, (self._member(person, pk) for person, pk in zip(batch, ids, strict=True)))
        sold = self._store_terms(batch)
        freezes = self._store_freezes(batch, sold)
        visits = (
            (self.club.pk, pk, at, zone, "")
            for person, pk in zip(batch, ids, strict=True)
            for at, zone in person.visits
        )
        copy_values(Visit, ("club_id", "member_id", "at", "zone", "to_mend"), visits)
        called = Called(self.club, self.team, self.desk)
        for person, pk in zip(batch, ids, strict=True):
            rows = [sold[person.number, index] for index in range(len(person.terms))]
            called.add(person, member=pk, sold=rows, freezes=freezes)
        called.store(_copy)

    def _store_terms(self, batch: list[story.Person]) -> dict[tuple[int, int], Membership]:
        sold: dict[tuple[int, int], Membership] = {}
        uses = []
        keys = [(person, index) for person in batch for index in range(len(person.terms))]
        for (person, index), pk in zip(keys, reserve_ids(Membership, len(keys)), strict=True):
            sold[person.number, index] = self._membership(person, index, pk, sold.get((person.number, index - 1)))
            codes = person.terms[index].promotions
            uses += [PromotionUse(membership_id=pk, promotion=self.promotions[code]) for code in codes]
        copy_rows(Membership, sold.values())
        PromotionUse.objects.bulk_create(uses)
        return sold

    def _store_freezes(
        self, batch: list[story.Person], sold: dict[tuple[int, int], Membership]
    ) -> dict[tuple[int, dt.date], Freeze]:
        rows = {
            (sold[person.number, index].pk, span.first): Freeze(
                membership=sold[person.number, index],
                starts_on=span.first,
                ends_on=span.last,
                planned_ends_on=span.last,
                reason="travel",
                made_at=self._at(span.first),
            )
            for person in batch
            for index, term in enumerate(person.terms)
            for span in term.freezes
        }
        _copy(Freeze, list(rows.values()))
        return rows

    def _at(self, day: dt.date) -> dt.datetime:
        return min(dt.datetime.combine(day, NOON, self.club.zone), self.now)

    def _member(self, person: story.Person, pk: int) -> Member:
        brought_by = person.referred_by
        known = len(self.member_ids)
        return Member(
            pk=pk,
            club=self.club,
            external_id=self._number(person.number),
            last_name=person.last_name,
            first_name=person.first_name,
            phone="" if person.guardian else person.phone,
            guardian=person.guardian,
            guardian_phone=person.phone if person.guardian else "",
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
            do_not_call_since=person.do_not_call_at,
            do_not_call_note="asked for it on the phone" if person.do_not_call_at else "",
            phone_bad_since=person.phone_bad_since,
            last_covered_on=max(term.last_covered_on for term in person.terms),
            created_at=self._at(person.terms[0].sold_on),
        )

    def _membership(self, person: story.Person, index: int, pk: int, prior: Membership | None) -> Membership:
        term = person.terms[index]
        plan = self.plans[words.PLANS[term.plan][0]]
        owed = money.round_half_up(term.price / 4, self.club.currency) if term.balance_due_on else Decimal(0)
        return Membership(
            pk=pk,
            club=self.club,
            member_id=self.member_ids[person.number],
            plan=plan,
            external_id=f"M{self._number(person.number)}-{index + 1}",
            sale_kind=term.kind.value,
            sold_on=term.sold_on,
            starts_on=term.starts_on,
            ends_on=term.ends_on,
            bonus_days=term.bonus_days,
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
            price=term.price,
            price_paid=term.price - owed,
            balance_due=owed,
            balance_due_on=term.balance_due_on,
            sold_by=self.team.clerk(person.number + index),
            created_at=self._at(term.sold_on),
        )


def _copy(model: type[Model], rows: list[Model]) -> None:
    """Stores rows, those without an id under new ones."""
    lacking = [row for row in rows if row.pk is None]
    for row, pk in zip(lacking, reserve_ids(model, len(lacking)), strict=True):
        row.pk = pk
    copy_rows(model, rows)
