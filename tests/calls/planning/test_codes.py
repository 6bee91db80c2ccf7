"""Every code of the contact policy in the plan: who is left out, and what becomes of a call that is open already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from calls import planning, queue
from calls.models import CallTask, Complaint, ContactPolicy, RefusalReason
from calls.rules.kinds import DELAYS_ONLY, Code
from memberships.models import Club, Member, Membership
from tests import days
from tests.calls.factories import make_attempt
from tests.calls.planning.made import a_meeting, member_since
from tests.factories import make_club, make_freeze, make_membership, make_user, phone

pytestmark = pytest.mark.django_db

TODAY, DAY, NOW = days.TODAY, days.DAY, days.NOW
Happens = Callable[[Member, Membership], object]


@dataclass(frozen=True)
class Row:
    """What happens to a member with a renewal call, and what becomes of it: its status, cause or code, until."""

    code: str
    happens: Happens
    status: str
    why: str
    until: dt.datetime | None = None


def change(**fields: object) -> Happens:
    return lambda member, _membership: Member.objects.filter(pk=member.pk).update(**fields)


def renew(member: Member, membership: Membership) -> object:
    return make_membership(member, starts_on=membership.effective_ends_on + DAY, sold_on=TODAY)


def cancel(member: Member, membership: Membership) -> object:
    return Membership.objects.filter(pk=membership.pk).update(cancelled_on=days.day("2026-11-25"))


def freeze(member: Member, membership: Membership) -> object:
    return make_freeze(membership, TODAY, TODAY + 9 * DAY)


def begin(member: Member, membership: Membership) -> object:
    """Six days that began the day before yesterday: three are left, which is half of them."""
    last = TODAY + 3 * DAY
    Member.objects.filter(pk=member.pk).update(last_covered_on=last)
    days_of = {"starts_on": TODAY - 2 * DAY, "ends_on": last, "effective_ends_on": last, "last_covered_on": last}
    return Membership.objects.filter(pk=membership.pk).update(**days_of)


def complain(member: Member, membership: Membership) -> object:
    return Complaint.objects.create(club=member.club, member=member, text="Cold.", received_at=NOW)


def refuse(member: Member, membership: Membership) -> object:
    price = RefusalReason.objects.get(club=member.club, code="price")
    return make_attempt(member, "2026-11-01T12:00", "refused", "callback", origin="renewal", reason=price)


def talk(*instants: str, outcome: str = "talked") -> Happens:
    return lambda member, _membership: [make_attempt(member, at, outcome, "care") for at in instants]


TABLE = [
    Row("deceased", change(deceased_on=TODAY), "lapsed", "deceased"),
    Row("do_not_call", change(do_not_call_since=NOW), "lapsed", "dnc"),
    Row("no_phone", change(phone=""), "lapsed", "bad_phone"),
    Row("bad_phone", change(phone_bad_since=NOW), "lapsed", "bad_phone"),
    Row("bad_phone", change(phone="+19005550100"), "lapsed", "bad_phone"),
    Row("no_consent", change(consent_calls=False), "lapsed", "policy"),
    Row("already_renewed", renew, "lapsed", "renewed"),
    Row("cancelled", cancel, "lapsed", "cancelled"),
    Row("frozen", freeze, "lapsed", "frozen"),
    Row("open_complaint", complain, "waiting", "open_complaint"),
    Row("refused_lately", refuse, "waiting", "refused_lately", days.at("2026-12-01T12:00")),
    Row(
        "meeting_booked",
        lambda member, _membership: a_meeting(member, "2026-11-14T18:00"),
        "waiting",
        "meeting_booked",
        days.at("2026-11-14T18:30"),
    ),
    Row("silence_days", begin, "waiting", "silence_days", days.at("2026-11-13T00:00")),
    Row(
        "contact_cap", talk("2026-11-07T12:00", "2026-11-10T12:00"), "waiting", "contact_cap",
        days.at("2026-11-14T12:00"),
    ),
    Row(
        "attempts_today", talk("2026-11-12T08:05", "2026-11-12T08:10", outcome="busy"), "waiting", "attempts_today",
        days.at("2026-11-13T00:00"),
    ),
    Row("min_gap", talk("2026-11-12T09:30", outcome="no_answer"), "waiting", "min_gap", days.at("2026-11-12T12:30")),
]  # fmt: skip
IDS = [f"{row.code}-{number}" for number, row in enumerate(TABLE)]


@pytest.fixture
def club() -> Club:
    return make_club()


def plan(club: Club) -> planning.Plan:
    return planning.plan(club=club, on=TODAY, now=NOW)


def test_every_code_but_those_of_the_hour_is_in_the_table() -> None:
    assert {row.code for row in TABLE} == set(Code) - {Code.HOLIDAY, Code.OUTSIDE_HOURS}


@pytest.mark.parametrize("row", TABLE, ids=IDS)
def test_a_member_who_is_blocked_gets_no_call_and_is_left_out_under_the_code(club: Club, row: Row) -> None:
    member, membership = member_since(club, "2025-12-01")
    row.happens(member, membership)
    done = plan(club)
    if row.code in DELAYS_ONLY:
        task = CallTask.objects.get()
        assert (done.created, done.left_out) == ({"renewal": 1}, {})
        assert (task.status, task.waits_for, task.ready_at) == (row.status, row.why, row.until)
    else:
        assert not CallTask.objects.filter(kind="renewal").exists()
        # a renewal that is sold is not wanted at all: nobody is left out of it
        assert done.left_out == ({} if row.code == "already_renewed" else {row.code: 1})
    assert plan(club).left_out == done.left_out


@pytest.mark.parametrize("row", TABLE, ids=IDS)
def test_an_open_call_lapses_or_waits_as_the_code_says(club: Club, row: Row) -> None:
    member, membership = member_since(club, "2025-12-01")
    assert plan(club).created == {"renewal": 1}
    row.happens(member, membership)
    done = plan(club)
    assert queue.next_task(operator=make_user(club), clubs=[club.pk], now=NOW) is None
    task = CallTask.objects.get(kind="renewal")
    if row.status == "lapsed":
        assert (task.status, task.lapsed_because) == ("lapsed", row.why)
        assert done.lapsed == {row.why: 1}
    else:
        assert (task.status, task.waits_for, task.ready_at) == (row.status, row.why, row.until)


def test_a_number_that_an_import_changed_is_the_one_that_is_rung(club: Club) -> None:
    member, _membership = member_since(club, "2025-12-01")
    plan(club)
    Member.objects.filter(pk=member.pk).update(phone=phone(55), timezone="America/Denver")
    plan(club)
    assert CallTask.objects.values_list("phone", "tz").get() == (phone(55), "America/Denver")


def test_a_call_after_an_answered_complaint_comes_as_late_as_the_policy_says(club: Club) -> None:
    member, _membership = member_since(club, "2026-10-01")
    Complaint.objects.create(
        club=club, member=member, text="Cold.", status="answered", received_at=days.at("2026-11-05T10:00"),
        answered_at=days.at("2026-11-11T10:00"),
    )  # fmt: skip
    assert plan(club).created == {}
    ContactPolicy.objects.filter(club=club).update(complaint_followup_days=1)
    assert plan(club).created == {"complaint_followup": 1}
