"""The worked examples of the specification that belong to calls: 4 (may we ring?) and 5 (next and outcome)."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import cards, outcomes, policy, queue
from calls.models import Meeting, Script
from calls.outcomes import Booking, Said
from calls.rules.kinds import Kind
from memberships.models import Employee
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.factories import (
    make_club,
    make_employee,
    make_member,
    make_membership,
    make_plan,
    make_promotion,
    make_user,
    make_visits,
)

pytestmark = pytest.mark.django_db


def test_example_4_may_we_ring() -> None:
    club = make_club("mf", name="Model Fitness")
    member = make_member(club)
    make_membership(member, starts_on=days.day("2025-12-01"))
    for at, kind in (
        ("2026-11-05T18:30", "renewal"),
        ("2026-11-08T11:30", "renewal"),
        ("2026-11-10T12:00", "callback"),
    ):
        make_attempt(member, at, "talked", kind)
    found = policy.why(member=member, kind=Kind.CARE, at=days.at("2026-11-14T19:40"))
    assert [(block.code, str(block.sentence), block.until.astimezone(days.CHICAGO)) for block in found] == [
        (
            "contact_cap",
            "Two conversations in the last 7 days; no third before Sunday 11:30.",
            days.at("2026-11-15T11:30"),
        ),
        ("outside_hours", "19:40 for the member; calls on Sunday from 11:00.", days.at("2026-11-15T11:00")),
    ]
    assert policy.why(member=member, kind=Kind.CARE, at=days.at("2026-11-15T11:30")) == []


def test_example_5_next_and_outcome() -> None:
    club = make_club("mf", name="Model Fitness")
    plan = make_plan(club, "M12", term="12m", price=360)
    olga = make_user(club, "operator", "olga")
    host: Employee = make_employee(club, "administrator", "anna")
    friend = make_promotion(club, "FRIEND15", name="Bring a friend", value=15, audience=("new",), needs_code=True)
    make_promotion(
        club, "EARLY10", name="Early renewal", audience=("renewal",), ends_on=days.day("2026-12-15"),
        phone_summary="There is an offer for members who renew early; it ends on 15 December",
    )  # fmt: skip
    make_promotion(
        club, "PLUS14", name="Two weeks on us", kind="bonus_days", value=14, audience=("renewal",),
        ends_on=days.day("2026-11-24"), phone_summary="Ask us about the November gift",
    )  # fmt: skip
    make_promotion(
        club, "LOYAL20", name="Two years with us", kind="amount", value=20, audience=("renewal",),
        min_tenure_months=24, phone_summary="We thank members who have been with us for long",
    )  # fmt: skip
    member = make_member(club, language="en", segment="gold")
    membership = make_membership(
        member, plan, starts_on=days.day("2025-11-26"), promotions=(friend,), special_terms="corporate terms"
    )
    weeks = [2, 3, 2, 3, 2, 3, 2, 2, 2, 3, 2, 2, 1, 1, 0, 1]
    make_visits(member, days.TODAY, weeks)
    make_attempt(member, "2026-10-12T17:20", "no_answer", operator=olga)
    text = "Membership ends on 25 November; 3 visits in four weeks, usually 9."
    task = make_task(
        member, "renewal", membership=membership, due_at=days.at("2026-11-11T00:00"), reason=text, attempts=1
    )
    Script.objects.filter(club=club, kind="renewal").update(version=3)

    now = days.at("2026-11-12T11:05")
    held = queue.next_task(operator=olga, clubs=[club.pk], now=now)
    assert held == task
    answer = cards.next_call(task=held, operator=olga, now=now)
    assert answer["lease_until"] == days.at("2026-11-12T11:20")
    told = dict(answer["task"])
    assert str(told.pop("reason")) == text
    assert told == {
        "id": task.pk, "member": member.pk, "membership": membership.pk, "kind": "renewal", "origin": None,
        "status": "leased", "due_at": days.at("2026-11-11T00:00"), "ready_at": None, "attempts": 1, "holder": "olga",
        "promised_to": None, "lapsed_because": None,
    }  # fmt: skip
    assert told["due_at"].isoformat() == "2026-11-11T00:00:00-06:00"
    card = answer["card"]
    who = card["member"]
    assert (who["id"], who["name"], who["phone"]) == (member.pk, "Pamela Scott", "+13195550107")
    assert (who["local_time"].isoformat(), who["language"], who["segment"]) == (
        "2026-11-12T11:05:00-06:00", "en", "gold",
    )  # fmt: skip
    about = card["membership"]
    assert (about["id"], about["plan"], about["status"], about["days_left"]) == (
        membership.pk, "12 months", "active", 13,
    )  # fmt: skip
    assert about["effective_ends_on"] == days.day("2026-11-25")
    assert card["special_terms"] == ["Bring a friend", "corporate terms"]
    assert (card["warnings"], card["household"], card["other_tasks"]) == ([], [], [])
    assert card["visits"]["weeks"] == weeks[4:]
    assert card["visits"]["usual_per_week"] == round(sum(weeks[:12]) / 12, 2)
    assert [
        (one["at"].isoformat(), one["kind"], one["outcome"], one["by"], one["note"]) for one in card["contacts"]
    ] == [("2026-10-12T17:20:00-05:00", "renewal", "no_answer", "olga", "")]
    assert card["promotions"] == [
        {
            "name": "Early renewal",
            "phone_summary": "There is an offer for members who renew early; it ends on 15 December",
            "ends_on": days.day("2026-12-15"),
        },
        {
            "name": "Two weeks on us",
            "phone_summary": "Ask us about the November gift",
            "ends_on": days.day("2026-11-24"),
        },
    ]
    assert (card["script"]["version"], card["script"]["steps"][0]["title"]) == (3, "Greet")
    assert {
        "host": host.pk,
        "starts_at": days.at("2026-11-12T17:00"),
        "ends_at": days.at("2026-11-12T17:30"),
    }.items() <= (card["slots"][2].items())

    said = Said(
        outcome="booked", attends="no", absence_reason="no_time", duration_s=190,
        meeting=Booking(host=host, starts_at=days.at("2026-11-12T17:00")),
    )  # fmt: skip
    done = outcomes.record(task=held, operator=olga, said=said, now=now + dt.timedelta(minutes=4))
    assert (done.task.status, done.attempt.reached) == ("done", True)
    assert done.created == [{"meeting": Meeting.objects.get().pk}]
