"""The demo clubs: invented, and yet without a breach of any rule that the product keeps."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, F, Q

from calls import planning, policy
from calls.models import OPEN_STATUSES, CallAttempt, CallTask, Meeting, Request
from calls.rules import policy as rules
from calls.rules.kinds import Code, Kind
from config import clock
from config.demo import fill, staff, story, today
from memberships.models import Club, Employee, Freeze, Member, Membership, Promotion, PromotionUse
from memberships.rules import sales, terms
from memberships.rules.terms import Term
from onboarding.models import Checklist

NOW = dt.datetime(2026, 11, 24, 12, 10, tzinfo=dt.UTC)
MEMBERS = 120
KEPT_AT_EACH_DIAL = {
    Code.REFUSED_LATELY, Code.FROZEN, Code.SILENCE_DAYS, Code.CONTACT_CAP, Code.ATTEMPTS_TODAY, Code.MIN_GAP,
    Code.HOLIDAY, Code.OUTSIDE_HOURS, Code.NO_PHONE,
}  # fmt: skip
INSTANT = dt.timedelta(microseconds=1)


@dataclass
class Filled:
    """The large club, filled in two goes, and the rows that one go had made."""

    club: Club
    in_one_go: dict[str, list[tuple]]


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: pytest.FixtureDef) -> Iterator[Filled]:
    """The demo clubs, filled once for all tests of this file: once in one go, then broken off and taken up again."""
    clock.pretend(NOW)
    with django_db_blocker.unblock(), transaction.atomic():
        with transaction.atomic():
            call_command("demo", members=MEMBERS)
            in_one_go = _rows()
            transaction.set_rollback(True)
        club = staff.make_club(staff.RIVERSIDE, now=NOW)
        _break_off(fill.Filler(staff.RIVERSIDE, club, now=NOW))
        call_command("demo", members=MEMBERS)
        yield Filled(club, in_one_go)
        transaction.set_rollback(True)
    clock.pretend(None)


def _break_off(filler: fill.Filler) -> None:
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        filler.fill(MEMBERS, progress=interrupt)
    assert 0 < Member.objects.count() < MEMBERS
    assert not today.is_ready(filler.club)


@pytest.fixture
def demo(filled: Filled) -> Iterator[Club]:
    clock.pretend(NOW)
    yield filled.club
    clock.pretend(None)


pytestmark = pytest.mark.django_db


def test_both_clubs_are_filled_and_their_logins_work(demo: Club) -> None:
    assert Member.objects.filter(club=demo).count() == MEMBERS
    assert Member.objects.filter(club__slug="harbour").count() == 10
    roles = {one.username: one.role for one in staff.LOGINS}
    assert roles == {"nadia": "operator", "anna": "administrator", "karin": "manager", "viktor": "owner"}
    for login in staff.LOGINS:
        employee = Employee.objects.get(club=demo, user__username=login.username)
        assert (employee.role, employee.name) == (login.role, login.name)
        assert employee.user is not None and employee.user.check_password(staff.PASSWORD)


def test_some_have_different_roles_in_two_clubs(demo: Club) -> None:
    for username, there in (("karin", "administrator"), ("viktor", "owner")):
        assert Employee.objects.get(club__slug="harbour", user__username=username).role == there


def test_all_numbers_are_kept_for_fiction(demo: Club) -> None:
    for phone in Member.objects.exclude(phone="").values_list("phone", flat=True):
        assert phone.startswith(story.FICTION_RANGES)


def test_every_stored_end_is_what_the_rules_say(demo: Club) -> None:
    frozen = Counter()
    for freeze in Freeze.objects.filter(voided=False):
        frozen[freeze.membership_id] += freeze.days
        assert freeze.days >= freeze.membership.freeze_min_days
        assert freeze.starts_on >= freeze.membership.starts_on
        assert freeze.ends_on <= freeze.membership.effective_ends_on
    for row in Membership.objects.select_related("plan"):
        assert row.ends_on == terms.ends_on(row.starts_on, Term(row.term_count, row.term_unit))
        assert row.frozen_days == frozen[row.pk] <= row.freeze_allowance
        assert row.effective_ends_on == terms.effective_end(row.ends_on, row.bonus_days, row.frozen_days)
        covered = terms.covered(terms.Period(row.starts_on, row.effective_ends_on, row.cancelled_on))
        assert covered is not None and covered.last == row.last_covered_on
    for member in Member.objects.prefetch_related("memberships"):
        assert member.last_covered_on == max(row.last_covered_on for row in member.memberships.all())


def test_every_kind_of_sale_and_chain_is_what_the_rules_say(demo: Club) -> None:
    today_ = NOW.astimezone(demo.zone).date()
    for member in Member.objects.prefetch_related("memberships"):
        rows = {row.pk: row for row in member.memberships.all()}
        history = [
            sales.Sold(
                row.pk,
                row.starts_on,
                row.effective_ends_on,
                sales.SaleKind(row.sale_kind),
                row.sold_on,
                row.cancelled_on,
                renewed_from=row.renewed_from_id,
            )
            for row in rows.values()
        ]
        for pk, (kind, prior) in sales.kinds_of_history(history).items():
            assert (rows[pk].sale_kind, rows[pk].renewed_from_id) == (kind.value, prior)
        for sold in history:
            assert rows[sold.id].chain_starts_on == sales.chain_start(history, sold)
            assert rows[sold.id].sold_on <= min(today_, rows[sold.id].starts_on)


def test_promotions_were_sold_on_their_own_days_only(demo: Club) -> None:
    for use in PromotionUse.objects.select_related("promotion", "membership__plan"):
        sold, promotion = use.membership, use.promotion
        assert promotion.starts_on <= sold.sold_on <= (promotion.ends_on or sold.sold_on)
        assert sold.sale_kind in promotion.audience
        plans = {plan.pk for plan in promotion.plans.all()}
        assert not plans or sold.plan_id in plans
    for row in Membership.objects.annotate(uses=Count("promotion_uses")):
        assert row.list_price / 2 <= row.price <= row.list_price
        assert row.price + row.balance_due >= row.price_paid
        assert row.price_paid + row.balance_due == row.price
        if row.price < row.list_price or row.bonus_days:
            assert row.uses


def test_uses_are_counted(demo: Club) -> None:
    held = Count("sold_uses", filter=Q(sold_uses__given_back=False))
    assert not Promotion.objects.annotate(held=held).exclude(held=F("uses")).exists()
    assert Promotion.objects.filter(clubs=demo, uses__gt=0).count() >= 3


def test_no_call_of_the_past_broke_the_contact_policy(demo: Club) -> None:
    """Asked again about every attempt, a moment before it was made."""
    known = policy.of_clubs(Club.objects.values_list("pk", flat=True))
    breaches = []
    for attempt in CallAttempt.objects.select_related("task"):
        at = attempt.at - INSTANT
        facts = policy.facts([attempt.member_id], at=at, policies=known)[attempt.member_id]
        found = rules.blocks(
            facts,
            known[attempt.club_id],
            Kind(attempt.kind),
            at=at,
            membership=attempt.task.membership_id,
            promised_at=attempt.task.due_at if attempt.kind == Kind.CALLBACK else None,
        )
        breaches += [
            (attempt.pk, attempt.kind, attempt.at, block.code) for block in found if block.code in KEPT_AT_EACH_DIAL
        ]
    assert CallAttempt.objects.count() > 10 * MEMBERS
    assert breaches == []


def test_attempts_and_tasks_tell_the_same_story(demo: Club) -> None:
    tried = Counter(CallAttempt.objects.values_list("task", flat=True))
    for task in CallTask.objects.all():
        assert task.attempts == tried[task.pk]
        assert (task.closed_at is None) == (task.status in OPEN_STATUSES)
        assert (task.status == "lapsed") == bool(task.lapsed_because)
    refused = CallAttempt.objects.filter(outcome="refused")
    assert refused.exists()
    assert not refused.filter(reason=None).exists()
    assert not CallAttempt.objects.exclude(outcome="refused").exclude(reason=None).exists()
    assert not CallAttempt.objects.filter(at__gt=NOW).exists()


def test_meetings_end_as_they_can(demo: Club) -> None:
    for meeting in Meeting.objects.select_related("membership", "task"):
        over = meeting.ends_at <= NOW
        assert over or meeting.status in ("scheduled", "cancelled")
        assert (meeting.closed_at is not None) == (meeting.status == "attended")
        assert (meeting.result == "refused") == (meeting.reason_id is not None)
        assert (meeting.result == "renewed") == (meeting.membership_id is not None)
        if meeting.membership is not None:
            assert meeting.membership.sold_on == meeting.starts_at.astimezone(demo.zone).date()
    assert Meeting.objects.filter(status="no_show").exists()
    assert Meeting.objects.filter(status="scheduled", starts_at__gt=NOW).exists()


def test_the_first_morning_is_a_morning_of_work_not_a_flood(demo: Club) -> None:
    waiting = Counter(CallTask.objects.filter(club=demo, status__in=OPEN_STATUSES).values_list("kind", flat=True))
    assert waiting["renewal"] >= 2
    assert 8 <= sum(waiting.values()) <= MEMBERS / 3
    for kind, most in (("care", 15), ("winback", 15), ("at_risk", 12), ("no_show", 4)):
        assert waiting[kind] <= most
    assert not CallTask.objects.filter(club=demo, status="leased").exists()


def test_a_household_is_among_the_due_renewals(demo: Club) -> None:
    due: dict[str, set[int]] = defaultdict(set)
    for task in CallTask.objects.filter(club=demo, kind="renewal", status="ready").exclude(phone=""):
        due[task.phone].add(task.member_id)
    assert any(len(members) > 1 for members in due.values())


def test_planning_again_makes_nothing_new(demo: Club) -> None:
    again = planning.plan(club=demo, on=NOW.astimezone(demo.zone).date(), now=NOW)
    assert (again.created, again.raised, again.reopened) == ({}, 0, 0)


def test_something_waits_for_an_answer_and_checklists_are_on_the_way(demo: Club) -> None:
    assert Request.objects.filter(club=demo, status="open").count() >= 4
    assert demo.complaints.filter(status="open", answered_at=None).count() >= 3
    assert Checklist.objects.filter(club=demo, closed_at=None).exists()


def test_a_second_time_does_nothing(demo: Club) -> None:
    before = _rows()
    call_command("demo", members=MEMBERS)
    assert _rows() == before


def test_a_filling_that_broke_off_goes_on_to_the_same_rows(filled: Filled) -> None:
    assert _rows() == filled.in_one_go


def _rows() -> dict[str, list[tuple]]:
    """All that a filling stores, without ids."""
    member, held = "member__external_id", "membership__external_id"
    return {
        "members": _of(Member, "club__slug", "external_id", "last_name", "phone", "segment", "last_covered_on"),
        "memberships": _of(Membership, "external_id", "sale_kind", "sold_on", "effective_ends_on", "price"),
        "uses": _of(PromotionUse, held, "promotion__code"),
        "freezes": _of(Freeze, held, "starts_on", "ends_on"),
        "attempts": _of(CallAttempt, member, "at", "kind", "outcome", "operator__username", "note", "reason__code"),
        "tasks": _of(CallTask, member, "kind", "due_at", "status", "ready_at", "waits_for", "sort_key", "attempts"),
        "meetings": _of(Meeting, member, "starts_at", "host__name", "status", "result", "calendar_uid"),
        "steps": _of(Checklist, member, "started_at", "steps__title", "steps__status", "steps__done_at"),
        "requests": _of(Request, "club__slug", "text", "status", "due_on"),
    }


def _of(model: type, *fields: str) -> list[tuple]:
    return sorted(model.objects.values_list(*fields), key=repr)
