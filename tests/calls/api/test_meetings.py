"""Meetings over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from calls.models import Meeting
from memberships.models import Employee, Member
from tests import factories
from tests.memberships.api.client import Api
from tests.memberships.shop import Shop

NOON = "2026-11-13T12:00:00-06:00"


@pytest.fixture
def host(administrator: Api, shop: Shop) -> int:
    return Employee.objects.get(user__username="anna").pk


@pytest.fixture
def meeting(operator: Api, pamela: Member, host: int) -> int:
    """Booked by the operator for tomorrow at noon."""
    made = operator.post("meetings", {"member": 12, "host": host, "starts_at": NOON})
    assert made.status == 201
    return made.body["id"]


def test_a_meeting_is_booked_into_a_free_slot(operator: Api, pamela: Member, host: int) -> None:
    slots = operator.results("slots", club="mf", host=host, **{"from": "2026-11-13", "to": "2026-11-13"})
    assert {"host": host, "starts_at": NOON, "ends_at": "2026-11-13T12:30:00-06:00"} in slots

    made = operator.post("meetings", {"member": {"external_id": "A-12"}, "host": host, "starts_at": NOON})

    assert (made.status, made.body) == (
        201,
        {
            "id": made.body["id"],
            "member": 12,
            "host": host,
            "purpose": "renewal",
            "starts_at": NOON,
            "ends_at": "2026-11-13T12:30:00-06:00",
            "status": "scheduled",
            "result": None,
            "task": None,
            "moved_from": None,
            "membership": None,
        },
    )
    left = operator.results("slots", club="mf", host=host, **{"from": "2026-11-13", "to": "2026-11-13"})
    assert len(left) == len(slots) - 1


def test_slots_of_a_foreign_host_are_an_empty_list(operator: Api, stranger: Api, shop: Shop) -> None:
    foreign = Employee.objects.get(user__username="charlie").pk

    assert operator.results("slots", club="mf", host=foreign) == operator.results("slots", club="mf", host=99999) == []


def test_slots_are_walked_by_cursor(operator: Api, host: int) -> None:
    first = operator.get("slots", club="mf", limit=100).body
    rest = operator.client.get(first["next"]).json()

    assert len(first["results"]) == 100
    assert rest["results"][0] not in first["results"]


@pytest.mark.parametrize(
    ("more", "status", "code", "field"),
    [
        ({"starts_at": "2026-11-12T09:30:00-06:00"}, 422, "invalid", "starts_at"),
        ({"starts_at": "2026-12-25T12:00:00-06:00"}, 422, "invalid", "starts_at"),
        ({"starts_at": "2026-11-13T23:00:00-06:00"}, 422, "outside_club_hours", "starts_at"),
        ({"starts_at": "2026-11-13T12:10:00-06:00"}, 422, "invalid", "starts_at"),
        ({"starts_at": "2026-11-13T12:00:00"}, 422, "invalid", "starts_at"),
        ({"host": 999999}, 422, "invalid", "host"),
        ({"host": "4"}, 422, "invalid", "host"),
        ({"purpose": "party"}, 422, "invalid", "purpose"),
        ({}, 409, "slot_taken", ""),
        ({"starts_at": "2026-11-13T13:00:00-06:00", "member": 12}, 409, "member_has_meeting", ""),
    ],
)
def test_a_booking_that_cannot_be(
    more: dict[str, Any], status: int, code: str, field: str, operator: Api, meeting: int, host: int, shop: Shop
) -> None:
    other = shop.member("Adams", phone=factories.phone(8))

    answer = operator.post("meetings", {"member": other.pk, "host": host, "starts_at": NOON, **more})

    assert (answer.status, answer.code) == (status, code)
    assert answer.fields == ({field} if field else set())


def test_operators_list_and_move_what_they_booked(
    operator: Api, administrator: Api, shop: Shop, meeting: int, host: int
) -> None:
    colleague = Api(factories.make_user(shop.club, "operator", "oleg"))
    later = {"starts_at": "2026-11-13T14:00:00-06:00"}

    assert [row["id"] for row in operator.results("meetings", club="mf")] == [meeting]
    assert colleague.results("meetings", club="mf") == []
    assert [row["id"] for row in colleague.results("meetings", member=12)] == [meeting]
    assert colleague.post(f"meetings/{meeting}/reschedule", later).status == 403
    moved = operator.post(f"meetings/{meeting}/reschedule", later)
    assert (moved.status, moved.body["moved_from"], moved.body["starts_at"]) == (200, meeting, later["starts_at"])
    assert [row["status"] for row in administrator.results("meetings", club="mf")] == ["rescheduled", "scheduled"]
    again = administrator.post(f"meetings/{meeting}/reschedule", later)
    assert (again.status, again.code) == (409, "already_recorded")


def test_meetings_are_filtered(administrator: Api, meeting: int, host: int) -> None:
    def ids(**query: Any) -> list[int]:
        return [row["id"] for row in administrator.results("meetings", club="mf", **query)]

    assert ids(host=host) == ids(status="scheduled") == ids(**{"from": "2026-11-13", "to": "2026-11-13"}) == [meeting]
    assert ids(host=999999) == ids(status="attended") == ids(to="2026-11-12") == []


def test_a_meeting_is_called_off_beforehand_only(administrator: Api, operator: Api, meeting: int) -> None:
    assert operator.post(f"meetings/{meeting}/cancel", {"why": "ill"}).status == 403
    assert administrator.post(f"meetings/{meeting}/cancel", {"why": "ill"}).body["status"] == "cancelled"
    again = administrator.post(f"meetings/{meeting}/cancel")
    assert (again.status, again.code) == (409, "already_recorded")


def test_too_early_is_422_and_a_missed_meeting_may_still_become_attended(
    administrator: Api, meeting: int, clock_at: Callable[[str], None]
) -> None:
    assert administrator.post(f"meetings/{meeting}/attended").status == 422
    clock_at("2026-11-13T12:31")
    assert administrator.post(f"meetings/{meeting}/no_show").body["status"] == "no_show"
    assert administrator.post(f"meetings/{meeting}/attended").body["status"] == "attended"
    again = administrator.post(f"meetings/{meeting}/attended")
    assert (again.status, again.code) == (409, "already_recorded")


@pytest.fixture
def came(administrator: Api, meeting: int, clock_at: Callable[[str], None]) -> str:
    """The path on which an attended meeting is closed."""
    clock_at("2026-11-13T12:05")
    assert administrator.post(f"meetings/{meeting}/attended").status == 200
    return f"meetings/{meeting}/close"


def test_a_meeting_closes_with_a_date_to_ring(administrator: Api, operator: Api, came: str) -> None:
    done = administrator.post(came, {"result": "thinking", "ring_on": "2026-11-20", "satisfied": True})

    assert (done.status, done.body["result"]) == (200, "thinking")
    callbacks = operator.results("calls/tasks", member=12, kind="callback")
    assert [(row["due_at"], row["origin"]) for row in callbacks] == [("2026-11-20T10:00:00-06:00", "renewal")]
    again = administrator.post(came, {"satisfied": True})
    assert (again.status, again.code) == (409, "already_recorded")


def test_a_meeting_closes_refused_with_its_reason(administrator: Api, manager: Api, came: str) -> None:
    done = administrator.post(came, {"result": "refused", "reason": "lower_price", "competitor": "Other Gym"})

    assert (done.status, done.body["result"]) == (200, "refused")
    rows = manager.get("reports/refusals", club="mf", by="competitor", to="2026-11-30").body["rows"]
    assert [(row["label"], row["count"]) for row in rows] == [("Other Gym", 1)]


def test_a_meeting_closes_with_another_plan(administrator: Api, came: str) -> None:
    done = administrator.post(came, {"result": "changed_plan", "plan": "M12G"})

    sold = administrator.get(f"memberships/{done.body['membership']}").body
    assert (done.body["result"], sold["plan"], sold["sale_kind"]) == ("changed_plan", "M12G", "change")


def test_a_meeting_that_asked_for_no_sale_says_whether_the_member_is_satisfied(administrator: Api, came: str) -> None:
    assert administrator.post(came, {}).fields == {"result"}
    assert administrator.post(came, {"satisfied": False}).body["result"] is None


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"result": "sold"}, "invalid", "result"),
        ({"result": "renewed"}, "invalid", "quote"),
        ({"result": "renewed", "quote": 999999}, "invalid", "quote"),
        ({"result": "changed_plan"}, "invalid", "plan"),
        ({"result": "changed_plan", "plan": "NONE"}, "invalid", "plan"),
        ({"result": "changed_plan", "plan": "M12G", "on": "2026-11-10"}, "invalid", "on"),
        ({"result": "thinking"}, "invalid", "ring_on"),
        ({"result": "thinking", "ring_on": "2026-11-01"}, "invalid", "ring_on"),
        ({"result": "refused"}, "reason_required", "reason"),
        ({"result": "refused", "reason": "weather"}, "reason_unknown", "reason"),
        ({"result": "refused", "reason": "other"}, "note_required", "note"),
    ],
)
def test_a_close_that_could_never_be_right(
    body: dict[str, Any], code: str, field: str, administrator: Api, came: str
) -> None:
    answer = administrator.post(came, body)

    assert (answer.status, answer.code, answer.fields) == (422, code, {field})
    assert Meeting.objects.get().closed_at is None


def test_a_quote_sold_meanwhile_leaves_the_meeting_open(administrator: Api, came: str) -> None:
    quote = administrator.post("quotes", {"member": 12, "plan": "M12"}).body["id"]
    administrator.post("memberships", {"member": 12, "plan": "M12", "quote": quote})

    answer = administrator.post(came, {"result": "renewed", "quote": quote})

    assert (answer.status, answer.code) == (409, "quote_used")
    assert Meeting.objects.get().closed_at is None


def test_only_a_manager_overrides_at_a_meeting(administrator: Api, manager: Api, came: str) -> None:
    body = {"result": "changed_plan", "plan": "M12G", "override_reason": "an apology"}

    assert administrator.post(came, body).status == 403
    assert manager.post(came, body).status == 200


def test_a_meeting_that_was_moved_is_too_late_to_undo(
    operator: Api, pamela: Member, host: int, clock_at: Callable[[str], None]
) -> None:
    from tests.calls.factories import make_task

    task = make_task(pamela, "renewal", membership=pamela.memberships.get(pk=501))
    operator.post("calls/next")
    booked = operator.post(
        f"calls/tasks/{task.pk}/outcome", {"outcome": "booked", "meeting": {"host": host, "starts_at": NOON}}
    ).body["created"][0]["meeting"]
    operator.post(f"meetings/{booked}/reschedule", {"starts_at": "2026-11-13T15:00:00-06:00"})

    answer = operator.post(f"calls/tasks/{task.pk}/undo")

    assert (answer.status, answer.code) == (409, "undo_too_late")
