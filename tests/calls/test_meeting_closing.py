"""How an attended meeting is closed, and what follows in the same transaction."""

from __future__ import annotations

from decimal import Decimal

import pytest

from calls import events, meetings
from calls.models import CallTask, Meeting
from memberships import quotes, sales
from memberships.models import Membership
from memberships.rules.errors import Refused
from tests import days, factories
from tests.calls.factories import make_task

pytestmark = pytest.mark.django_db

AT = days.at("2026-11-13T14:30")


@pytest.fixture
def club():
    return factories.make_club()


@pytest.fixture
def anna(club):
    return factories.make_employee(club, "administrator", "anna", name="Anna Keller").user


@pytest.fixture
def member(club):
    return factories.make_member(club)


@pytest.fixture
def membership(member):
    return factories.make_membership(member, starts_on=days.day("2025-12-01"))


@pytest.fixture
def meeting(club, member, membership, anna):
    task = make_task(member, "renewal", membership=membership, status="done")
    return attended(club, member, anna, task=task)


def attended(club, member, by, **more):
    host = by.employees.get()
    made = meetings.book(club=club, member=member, host=host, starts_at=AT, by=by, now=days.NOW, **more)
    return meetings.attended(meeting=made, by=by, now=AT)


def test_renewed_makes_the_sale_from_the_day_after_the_old_end(member, membership, meeting, anna):
    quote = quotes.make(member=member, plan=membership.plan, now=AT, by=anna)
    closed = meetings.close_renewed(meeting=meeting, quote=quote, satisfied=True, by=anna, now=AT)
    sold = closed.membership
    assert (closed.result, closed.satisfied, closed.closed_at) == ("renewed", True, AT)
    assert (sold.renewed_from, sold.starts_on, sold.price) == (membership, days.day("2026-12-01"), Decimal("360.00"))


def test_an_open_renewal_task_lapses_as_renewed(member, membership, meeting, anna):
    task = make_task(member, "renewal", membership=membership, status="waiting")
    quote = quotes.make(member=member, plan=membership.plan, now=AT, by=anna)
    meetings.close_renewed(meeting=meeting, quote=quote, by=anna, now=AT)
    task.refresh_from_db()
    assert (task.status, task.lapsed_because) == ("lapsed", "renewed")


def test_a_sale_that_is_refused_leaves_the_meeting_open(member, membership, meeting, anna):
    quote = quotes.make(member=member, plan=membership.plan, now=days.NOW, by=anna)
    late = days.at("2027-01-13T14:30")
    with pytest.raises(sales.QuoteExpired):
        meetings.close_renewed(meeting=meeting, quote=quote, by=anna, now=late)
    meeting.refresh_from_db()
    assert (meeting.result, meeting.closed_at) == ("", None)
    assert Membership.objects.count() == 1


def test_the_offer_of_somebody_else_is_refused(club, meeting, anna):
    other = factories.make_member(club, last_name="Adams")
    quote = quotes.make(member=other, plan=factories.make_plan(club), now=AT, by=anna)
    with pytest.raises(meetings.NotTheirOffer):
        meetings.close_renewed(meeting=meeting, quote=quote, by=anna, now=AT)


def test_a_meeting_is_closed_once(member, membership, meeting, anna):
    meetings.close_refused(meeting=meeting, reason="price", by=anna, now=AT)
    quote = quotes.make(member=member, plan=membership.plan, now=AT, by=anna)
    with pytest.raises(meetings.AlreadyRecorded, match="closed already"):
        meetings.close_renewed(meeting=meeting, quote=quote, by=anna, now=AT)
    assert Membership.objects.count() == 1


def test_who_has_not_come_cannot_be_closed(club, member, anna):
    host = anna.employees.get()
    made = meetings.book(club=club, member=member, host=host, starts_at=AT, by=anna, now=days.NOW)
    with pytest.raises(meetings.AlreadyRecorded, match="lies ahead") as refused:
        meetings.close_refused(meeting=made, reason="price", by=anna, now=AT)
    assert refused.value.status == 409


def test_changed_plan_changes_the_running_membership(club, membership, meeting, anna):
    plan = factories.make_plan(club, "DAY12", price=480)
    closed = meetings.close_changed_plan(meeting=meeting, plan=plan, by=anna, now=AT)
    membership.refresh_from_db()
    assert (closed.result, closed.membership.plan, closed.membership.sale_kind) == ("changed_plan", plan, "change")
    assert membership.closed_on == days.TODAY


def test_without_a_running_membership_there_is_no_plan_to_change(club, anna):
    stranger = factories.make_member(club, last_name="New")
    meeting = attended(club, stranger, anna)
    with pytest.raises(meetings.NothingToChange):
        meetings.close_changed_plan(meeting=meeting, plan=factories.make_plan(club), by=anna, now=AT)
    meeting.refresh_from_db()
    assert meeting.closed_at is None


@pytest.mark.parametrize(
    ("reason", "note", "code", "field"),
    [
        ("", "", "reason_required", "reason"),
        ("weather", "", "reason_unknown", "reason"),
        ("staff", " ", "note_required", "note"),
    ],
)
def test_a_refusal_needs_a_reason_and_some_reasons_a_note(meeting, anna, reason, note, code, field):
    with pytest.raises(Refused) as refused:
        meetings.close_refused(meeting=meeting, reason=reason, note=note, by=anna, now=AT)
    assert (refused.value.code, refused.value.status, list(refused.value.fields)) == (code, 422, [field])
    meeting.refresh_from_db()
    assert meeting.closed_at is None


def test_a_retired_reason_is_no_longer_taken(club, meeting, anna):
    club.refusal_reasons.filter(code="price").update(retired=True)
    with pytest.raises(meetings.ReasonRefused):
        meetings.close_refused(meeting=meeting, reason="price", by=anna, now=AT)


def test_a_refusal_keeps_reason_note_and_competitor(meeting, anna):
    closed = meetings.close_refused(
        meeting=meeting, reason="closer", note=" in my street ", competitor=" GymBox ", by=anna, now=AT
    )
    assert (closed.result, closed.reason.code, closed.note) == ("refused", "closer", "in my street")
    assert closed.competitor == "GymBox"


def test_only_reasons_of_the_group_competitor_take_a_name(meeting, anna):
    closed = meetings.close_refused(meeting=meeting, reason="price", competitor="GymBox", by=anna, now=AT)
    assert closed.competitor == ""


def test_who_refused_is_not_rung_for_it_for_a_while(member, membership, meeting, anna):
    task = make_task(member, "at_risk")
    other = make_task(member, "renewal", membership=membership)
    meetings.close_refused(meeting=meeting, reason="price", by=anna, now=AT)
    other.refresh_from_db()
    task.refresh_from_db()
    assert (other.status, other.waits_for, other.ready_at) == ("waiting", "refused_lately", AT + 30 * days.DAY)
    assert task.status == "ready"


def test_deceased_marks_the_member(member, meeting, anna):
    meetings.close_refused(meeting=meeting, reason="deceased", by=anna, now=AT)
    member.refresh_from_db()
    assert member.deceased_on == days.day("2026-11-13")


def test_a_meeting_that_asked_for_no_sale_is_simply_closed(meeting, anna):
    closed = meetings.close_satisfied(meeting=meeting, satisfied=False, note="wants a mat", by=anna, now=AT)
    assert (closed.result, closed.satisfied, closed.note, closed.closed_at) == ("", False, "wants a mat", AT)


def test_thinking_promises_a_call_on_that_day(member, meeting, anna):
    day = days.day("2026-11-19")
    closed = meetings.close_thinking(meeting=meeting, ring_on=day, note="asks at home", by=anna, now=AT)
    assert (closed.result, closed.ring_on) == ("thinking", day)
    task = CallTask.objects.get(kind="callback")
    assert (task.member, task.origin, task.due_at) == (member, "renewal", days.at("2026-11-19T10:00"))
    assert (task.status, task.promised_to) == ("waiting", None)


@pytest.mark.parametrize("day", ["2026-11-13", "2026-11-12", "2027-01-13"])
def test_the_day_to_ring_lies_ahead_but_not_too_far(meeting, anna, day):
    with pytest.raises(Refused) as refused:
        meetings.close_thinking(meeting=meeting, ring_on=days.day(day), by=anna, now=AT)
    assert (refused.value.status, list(refused.value.fields)) == (422, ["ring_on"])
    assert not CallTask.objects.filter(kind="callback").exists()


def test_listeners_hear_of_the_close(meeting, anna, monkeypatch):
    heard: list[Meeting] = []
    monkeypatch.setattr(events, "meeting_closed", [lambda *, meeting, moment: heard.append(meeting)])
    meetings.close_satisfied(meeting=meeting, satisfied=True, by=anna, now=AT)
    assert [one.closed_at for one in heard] == [AT]
