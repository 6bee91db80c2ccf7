"""The report of refusals: from calls and from meetings closed refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from calls import figures, meetings
from calls.models import CallAttempt, RefusalReason
from memberships.models import SegmentChange
from memberships.rules.errors import Refused
from tests import days, factories
from tests.calls.factories import make_task

pytestmark = pytest.mark.django_db

FIRST, LAST = days.day("2026-11-01"), days.day("2026-11-30")


@pytest.fixture
def club():
    return factories.make_club()


@pytest.fixture
def olga(club):
    return factories.make_employee(club, "operator", "olga", name="Olga Maier")


@pytest.fixture
def member(club):
    member = factories.make_member(club)
    factories.make_membership(member, starts_on=days.day("2024-12-01"))
    return member


def refuse(member, at, reason="price", **more):
    values = {"membership": member.memberships.order_by("starts_on").first(), **more}
    code = RefusalReason.objects.get(club=member.club, code=reason) if reason else None
    return CallAttempt.objects.create(
        club=member.club, member=member, kind="renewal", at=days.at(at), outcome="refused", reached=True,
        outcome_at=days.at(at), reason=code, **values,
    )  # fmt: skip


def lines(report):
    return [(line.key, line.label, line.group, line.count, line.share) for line in report.rows]


def test_refusals_are_counted_by_reason_with_label_group_and_share(club, member, olga):
    refuse(member, "2026-11-02T10:00", operator=olga.user)
    refuse(member, "2026-11-03T10:00", "moved", operator=olga.user)
    refuse(member, "2026-11-04T10:00", operator=olga.user)
    report = figures.report(club=club, first=FIRST, last=LAST)
    assert lines(report) == [
        ("price", "Price", "club", 2, Decimal("0.6667")),
        ("moved", "Moved", "member", 1, Decimal("0.3333")),
    ]
    assert report.total == 3
    assert "÷" in report.formula


def test_the_edges_are_the_clubs_days(club, member):
    for at in ("2026-10-31T23:59", "2026-11-01T00:00", "2026-11-30T23:59", "2026-12-01T00:00"):
        refuse(member, at)
    assert figures.report(club=club, first=FIRST, last=LAST).total == 2


def test_other_clubs_and_other_outcomes_do_not_count(club, member):
    stranger = factories.make_member(factories.make_club("hill"))
    refuse(stranger, "2026-11-02T10:00")
    refuse(member, "2026-11-02T11:00")
    CallAttempt.objects.filter(member=member).update(outcome="thinking")
    assert figures.report(club=club, first=FIRST, last=LAST).total == 0


def test_a_meeting_closed_refused_counts_for_the_call_that_booked_it(club, member):
    anna = factories.make_employee(club, "administrator", "anna", name="Anna Keller")
    membership = member.memberships.get()
    task = make_task(member, "winback", membership=membership, status="done")
    at = days.at("2026-11-13T14:30")
    meeting = meetings.book(club=club, member=member, host=anna, starts_at=at, task=task, by=None, now=days.NOW)
    meetings.attended(meeting=meeting, by=anna.user, now=at)
    meetings.close_refused(
        meeting=meeting, reason="closer", competitor="GymBox", note="in my street", by=anna.user, now=at
    )
    (one,) = figures.refusals(club=club, first=FIRST, last=LAST)
    assert (one.reason, one.kind, one.operator, one.competitor) == ("closer", "winback", "anna", "GymBox")
    assert (one.plan, one.since, one.meeting, one.note) == ("M12", membership.starts_on, meeting.pk, "in my street")


@pytest.mark.parametrize(
    ("by", "key", "label"),
    [
        ("group", "club", "The club"),
        ("month", "2026-11", "2026-11"),
        ("plan", "M12", "12 months"),
        ("segment", "gold", "Gold"),
        ("tenure", "1-2y", "1–2 years"),
        ("operator", "olga", "Olga Maier"),
        ("kind", "renewal", "Renewal"),
    ],
)
def test_every_grouping_has_keys_and_names(club, member, olga, by, key, label):
    SegmentChange.objects.create(member=member, on=days.day("2026-06-01"), segment="gold")
    SegmentChange.objects.create(member=member, on=days.day("2026-11-20"), segment="copper")
    refuse(member, "2026-11-10T10:00", operator=olga.user)
    assert [(line.key, line.label) for line in figures.report(club=club, first=FIRST, last=LAST, by=by).rows] == [
        (key, label)
    ]


def test_competitors_are_counted_among_those_who_went_to_one(club, member):
    refuse(member, "2026-11-02T10:00", "closer", competitor="GymBox")
    refuse(member, "2026-11-03T10:00", "closer", competitor="gymbox")
    refuse(member, "2026-11-04T10:00", "lower_price")
    refuse(member, "2026-11-05T10:00", "price")
    report = figures.report(club=club, first=FIRST, last=LAST, by="competitor")
    assert [(line.label, line.count) for line in report.rows] == [("GymBox", 2), ("—", 1)]
    assert report.total == 3


def test_without_a_membership_noted_the_one_of_that_day_counts(club, member):
    factories.make_membership(member, factories.make_plan(club, "M6", term="6m"), starts_on=days.day("2025-12-01"))
    refuse(member, "2026-11-02T10:00", membership=None)
    refuse(factories.make_member(club, last_name="New"), "2026-11-03T10:00", membership=None)
    known, unknown = figures.refusals(club=club, first=FIRST, last=LAST)
    assert (known.plan, known.since) == ("M6", days.day("2024-12-01"))
    assert (unknown.plan, unknown.tenure) == ("", "")


def test_a_refusal_without_a_reason_is_unsaid(club, member):
    refuse(member, "2026-11-02T10:00", reason="")
    (line,) = figures.report(club=club, first=FIRST, last=LAST).rows
    assert (line.label, line.group) == ("Not recorded", "unsaid")


def test_filters_narrow_what_is_counted(club, member, olga):
    refuse(member, "2026-11-02T10:00", operator=olga.user)
    refuse(member, "2026-11-03T10:00", "moved")
    assert figures.report(club=club, first=FIRST, last=LAST, filters={"operator": ["olga"]}).total == 1


def test_an_unknown_grouping_and_a_turned_period_are_refused(club):
    with pytest.raises(Refused, match="reason, group, month") as refused:
        figures.report(club=club, first=FIRST, last=LAST, by="weather")
    assert list(refused.value.fields) == ["by"]
    with pytest.raises(Refused) as refused:
        figures.report(club=club, first=LAST, last=FIRST)
    assert list(refused.value.fields) == ["to"]


def test_the_number_of_queries_does_not_grow(club, member, olga, django_assert_max_num_queries):
    for minute in range(30):
        refuse(member, f"2026-11-02T10:{minute:02}", operator=olga.user, membership=None)
    with django_assert_max_num_queries(9):
        figures.report(club=club, first=FIRST, last=LAST)


def test_conversations_are_attempts_reached_and_meetings_attended(club, member):
    refuse(member, "2026-11-02T10:00")
    CallAttempt.objects.create(
        club=club, member=member, kind="renewal", at=days.at("2026-11-01T10:00"), outcome="no_answer"
    )
    assert figures.conversations(club=club, first=FIRST, last=LAST) == 1
