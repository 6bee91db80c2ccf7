"""EXAMPLES.md 4 to 6, as whole requests and answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from calls.models import CallTask
from memberships.models import DayOff, Employee, Member, PromotionUse, User, WeeklyHours
from tests import factories
from tests.calls.factories import make_attempt
from tests.days import day
from tests.memberships.api.client import Api, next_id
from tests.memberships.shop import Shop

# ---- 4: may we ring? -------------------------------------------------------------------------------------


def test_example_4_two_conversations_in_seven_days_and_an_evening_too_late(
    operator: Api, pamela: Member, clock_at: Callable[[str], None]
) -> None:
    make_attempt(pamela, "2026-11-05T18:30", "talked", "care")
    make_attempt(pamela, "2026-11-08T11:30", "talked", "care")
    make_attempt(pamela, "2026-11-10T12:00", "talked", "callback")
    clock_at("2026-11-14T19:40")

    answer = operator.get("members/12/contact-policy")

    assert answer.status == 200
    assert answer.body["at"] == "2026-11-14T19:40:00-06:00"
    assert answer.body["kinds"]["care"] == {
        "allowed": False,
        "blocks": [
            {
                "code": "contact_cap",
                "detail": "Two conversations in the last 7 days; no third before Sunday 11:30.",
                "until": "2026-11-15T11:30:00-06:00",
            },
            {
                "code": "outside_hours",
                "detail": "19:40 for the member; calls on Sunday from 11:00.",
                "until": "2026-11-15T11:00:00-06:00",
            },
        ],
    }


def test_example_4_asked_for_an_instant_with_its_offset(operator: Api, pamela: Member) -> None:
    asked = operator.get("members/12/contact-policy", at="2026-11-12T10:00:00-06:00").body

    assert asked["kinds"]["care"] == {"allowed": True, "blocks": []}
    assert operator.get("members/12/contact-policy", at="2026-11-12T10:00:00").fields == {"at"}
    plus = operator.client.get("/api/v1/members/12/contact-policy?at=2026-11-12T17:00:00+01:00")
    assert plus.json()["at"] == "2026-11-12T10:00:00-06:00"


# ---- 5 and 6: next, outcome, the meeting, the sale -------------------------------------------------------


@pytest.fixture
def scott(shop: Shop, operator: Api, manager: Api, clock_at: Callable[[str], None]) -> Member:
    """Member 31 as the example tells: rung once in October, again due since the eleventh of November."""
    Employee.objects.filter(club=shop.club).update(is_host=False)
    host = Employee.objects.create(id=4, club=shop.club, name="Leon Weiss", is_host=True)
    WeeklyHours.objects.create(employee=host, weekday=3, from_time=dt.time(17), to_time=dt.time(17, 30))
    DayOff.objects.create(employee=host, day=day("2026-11-19"))
    member = factories.make_member(shop.club, id=31, language="en")
    held = factories.make_membership(
        member, shop.m12, id=640, starts_on=day("2025-11-26"), sold_on=day("2025-11-20"),
        special_terms="corporate terms",
    )  # fmt: skip
    PromotionUse.objects.create(membership=held, promotion=shop.promotions["FRIEND15"])
    factories.make_visits(member, day("2026-11-12"), [3, 2, 2, 2, 2, 3, 2, 2, 2, 3, 2, 2, 1, 1, 0, 1])
    next_id("calls_calltask", 88)
    clock_at("2026-10-12T17:20")
    assert manager.post("calls/plan", {"club": "mf"}).body["created"] == {"renewal": 1}
    olga = User.objects.get(username="olga")
    rung = CallTask.objects.filter(pk=88)
    make_attempt(member, "2026-10-12T17:20", "no_answer", operator=olga, task=rung.get(), membership=held)
    rung.update(attempts=1)
    clock_at("2026-11-12T11:05")
    assert manager.post("calls/plan", {"club": "mf"}).body["raised"] == 1
    return member


TASK = {
    "id": 88,
    "member": 31,
    "membership": 640,
    "kind": "renewal",
    "origin": None,
    "status": "leased",
    "due_at": "2026-11-11T00:00:00-06:00",
    "ready_at": None,
    "reason": "Membership ends on 25 November; 3 visits in four weeks, usually 9.",
    "attempts": 1,
    "holder": "olga",
    "promised_to": None,
    "lapsed_because": None,
}
SLOT = {"host": 4, "starts_at": "2026-11-12T17:00:00-06:00", "ends_at": "2026-11-12T17:30:00-06:00"}
CARD = {
    "member": {
        "id": 31,
        "name": "Pamela Scott",
        "phone": "+13195550107",
        "local_time": "2026-11-12T11:05:00-06:00",
        "language": "en",
        "segment": "gold",
    },
    "membership": {
        "id": 640,
        "plan": "12 months",
        "status": "active",
        "effective_ends_on": "2026-11-25",
        "days_left": 13,
    },
    "special_terms": ["Bring a friend", "corporate terms"],
    "warnings": [],
    "household": [],
    "visits": {"weeks": [2, 3, 2, 2, 2, 3, 2, 2, 1, 1, 0, 1], "usual_per_week": 2.25},
    "contacts": [
        {"at": "2026-10-12T17:20:00-05:00", "kind": "renewal", "outcome": "no_answer", "by": "olga", "note": ""}
    ],
    "promotions": [
        {
            "name": "Early renewal",
            "phone_summary": "There is an offer for members who renew early; it ends on 15 December",
            "ends_on": "2026-12-15",
        },
        {
            "name": "Two weeks on us",
            "phone_summary": "Ask us about the November gift",
            "ends_on": "2026-11-24",
        },
    ],
    "slots": [SLOT],
    "other_tasks": [],
}
BOOKED = {
    "outcome": "booked",
    "attends": "no",
    "absence_reason": "no_time",
    "meeting": {"host": 4, "starts_at": "2026-11-12T17:00:00-06:00"},
    "duration_s": 190,
}


def test_example_5_the_next_call_with_its_card(operator: Api, scott: Member) -> None:
    answer = operator.post("calls/next", {"club": "mf"})

    assert answer.status == 200
    script = answer.body["card"].pop("script")
    assert answer.body == {"task": TASK, "card": CARD, "lease_until": "2026-11-12T11:20:00-06:00"}
    assert script["version"] == 1
    assert script["steps"][0]["title"] and script["steps"][0]["text"]


def test_example_5_asking_again_gives_the_same_call(operator: Api, scott: Member) -> None:
    first = operator.post("calls/next", {"club": "mf"})

    assert operator.post("calls/next").body["task"] == first.body["task"]


def test_example_5_an_outcome_books_the_meeting_once(operator: Api, scott: Member) -> None:
    next_id("calls_callattempt", 205)
    next_id("calls_meeting", 61)
    operator.post("calls/next", {"club": "mf"})

    told = operator.post("calls/tasks/88/outcome", BOOKED, **{"Idempotency-Key": "5f0c"})
    again = operator.post("calls/tasks/88/outcome", BOOKED, **{"Idempotency-Key": "5f0c"})

    assert told.status == 200
    assert told.body["task"] == TASK | {"status": "done", "holder": None, "attempts": 2}
    assert told.body["created"] == [{"meeting": 61}]
    assert again.response.content == told.response.content
    assert told.body["attempt"] == {
        "id": 205,
        "member": 31,
        "membership": 640,
        "task": 88,
        "kind": "renewal",
        "origin": None,
        "operator": "olga",
        "at": "2026-11-12T11:05:00-06:00",
        "outcome": "booked",
        "reached": True,
        "reason": None,
        "competitor": "",
        "attends": "no",
        "absence_reason": "no_time",
        "note": "",
        "duration_s": 190,
        "corrected_why": "",
    }


def test_example_5_a_slot_taken_meanwhile_stores_nothing(operator: Api, scott: Member, shop: Shop) -> None:
    other = shop.member("Adams", first_name="Alice")
    meeting = {"member": other.pk, "host": 4, "starts_at": "2026-11-12T17:00:00-06:00"}
    assert operator.post("meetings", meeting).status == 201
    operator.post("calls/next", {"club": "mf"})

    told = operator.post("calls/tasks/88/outcome", BOOKED)

    assert (told.status, told.code) == (409, "slot_taken")
    assert CallTask.objects.get(pk=88).status == "leased"
    assert [one["outcome"] for one in operator.results("calls/attempts", member=31)] == ["no_answer"]


def test_example_5_a_refusal_needs_its_reason(operator: Api, scott: Member) -> None:
    operator.post("calls/next", {"club": "mf"})

    told = operator.post("calls/tasks/88/outcome", {"outcome": "refused"})

    assert (told.status, told.code) == (422, "reason_required")
    assert told.body["errors"] == {"reason": ["Choose why the member refused."]}


def test_example_6_the_meeting_ends_in_a_sale(
    operator: Api, administrator: Api, scott: Member, clock_at: Callable[[str], None]
) -> None:
    next_id("calls_meeting", 61)
    next_id("memberships_quote", 74)
    next_id("memberships_membership", 801)
    operator.post("calls/next", {"club": "mf"})
    operator.post("calls/tasks/88/outcome", BOOKED)
    clock_at("2026-11-12T17:05")

    came = administrator.post("meetings/61/attended")
    quote = administrator.post("quotes", {"member": 31, "plan": "M12"})
    closed = administrator.post("meetings/61/close", {"result": "renewed", "quote": 74})

    assert (came.status, came.body["status"]) == (200, "attended")
    assert quote.body["id"] == 74
    assert (closed.status, closed.body) == (
        200,
        {
            "id": 61,
            "member": 31,
            "host": 4,
            "purpose": "renewal",
            "starts_at": "2026-11-12T17:00:00-06:00",
            "ends_at": "2026-11-12T17:30:00-06:00",
            "status": "attended",
            "result": "renewed",
            "task": 88,
            "moved_from": None,
            "membership": 801,
        },
    )
    assert administrator.get("memberships/801").body["renewed_from"] == 640


def test_example_6_an_open_renewal_call_lapses_when_the_membership_is_renewed(
    operator: Api, administrator: Api, scott: Member
) -> None:
    sold = administrator.post("memberships", {"member": 31, "plan": "M12"})

    assert sold.status == 201
    shown = [(one["id"], one["status"], one["lapsed_because"]) for one in operator.results("calls/tasks", member=31)]
    assert shown[0] == (88, "lapsed", "renewed")
