"""The desk over HTTP: the plan, the queue, a call from claim to undo."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from calls.models import CallTask
from memberships import people
from memberships.models import Member, User
from tests import days, factories
from tests.calls.factories import make_attempt, make_task
from tests.memberships.api.client import Api
from tests.memberships.shop import Shop


@pytest.fixture
def task(pamela: Member) -> CallTask:
    return make_task(pamela, "renewal", membership=pamela.memberships.get(pk=501))


@pytest.fixture
def held(task: CallTask, operator: Api) -> str:
    """The path of a task that the operator holds."""
    assert operator.post("calls/next").body["task"]["id"] == task.pk
    return f"calls/tasks/{task.pk}"


# ---- plan and queue --------------------------------------------------------------------------------------


def test_a_manager_plans_and_twice_makes_nothing_twice(manager: Api, pamela: Member) -> None:
    first = manager.post("calls/plan", {"club": "mf"})

    assert (first.status, first.body) == (200, {"created": {"renewal": 1}, "raised": 0, "lapsed": {}, "left_out": {}})
    assert manager.post("calls/plan", {"club": "mf", "on": "2026-11-12"}).body["created"] == {}
    assert manager.post("calls/plan", {"club": "mf", "on": "2036-11-12"}).fields == {"on"}


def test_an_empty_queue_is_204_and_says_why(operator: Api, pamela: Member, clock_at: Callable[[str], None]) -> None:
    make_task(pamela, "care")
    clock_at("2026-11-12T21:30")

    assert (operator.post("calls/next", {"club": "mf"}).status, operator.post("calls/next").body) == (204, None)
    assert operator.get("calls/queue", club="mf").body == {
        "ready": 0,
        "leased": 0,
        "waiting": {"outside_hours": 1},
        "next_at": "2026-11-13T10:00:00-06:00",
    }


def test_two_operators_never_get_one_member(operator: Api, shop: Shop, task: CallTask, held: str) -> None:
    second = Api(factories.make_user(shop.club, "operator", "oleg"))

    assert second.post("calls/next", {"club": "mf"}).status == 204
    assert second.get("calls/queue").body["leased"] == 1


def test_tasks_are_listed_for_supervisors_and_own_ones_for_others(
    operator: Api, manager: Api, shop: Shop, held: str
) -> None:
    other = make_task(shop.member("Adams", phone=factories.phone(8)), "care")

    everything = [row["id"] for row in manager.results("calls/tasks", club="mf")]
    mine = [row["id"] for row in operator.results("calls/tasks", club="mf")]

    assert other.pk in everything and len(everything) == 2
    assert other.pk not in mine and len(mine) == 1
    assert [row["id"] for row in operator.results("calls/tasks", member=other.member_id)] == [other.pk]
    assert [row["kind"] for row in manager.results("calls/tasks", club="mf", kind="care")] == ["care"]
    assert [row["status"] for row in manager.results("calls/tasks", club="mf", status="leased")] == ["leased"]
    assert manager.get("calls/tasks", club="mf", status="lost").fields == {"status"}


# ---- a callback asked for at the desk --------------------------------------------------------------------


def test_a_callback_is_asked_for_at_the_desk(administrator: Api, pamela: Member) -> None:
    made = administrator.post(
        "calls/tasks", {"member": 12, "due_at": "2026-11-12T17:30:00-06:00", "note": "about 20 $ he said"}
    )

    assert made.status == 201
    assert (made.body["kind"], made.body["status"]) == ("callback", "waiting")
    assert (made.body["due_at"], made.body["promised_to"]) == ("2026-11-12T17:30:00-06:00", None)
    assert "20" not in made.body["reason"]


@pytest.mark.parametrize(
    ("due_at", "code"),
    [
        ("2026-11-12T09:59:00-06:00", "callback_in_past"),
        ("2026-11-13T07:59:00-06:00", "callback_out_of_hours"),
        ("2027-03-12T10:00:00-06:00", "invalid"),
        ("2026-11-13T10:00:00", "invalid"),
        ("tomorrow", "invalid"),
        (1, "invalid"),
    ],
)
def test_a_callback_that_cannot_be_promised(due_at: Any, code: str, operator: Api, pamela: Member) -> None:
    answer = operator.post("calls/tasks", {"member": 12, "due_at": due_at})

    assert (answer.status, answer.code, answer.fields) == (422, code, {"due_at"})


# ---- a task in one's hands -------------------------------------------------------------------------------


def test_a_lease_is_held_on_and_given_back(
    operator: Api, manager: Api, held: str, clock_at: Callable[[str], None]
) -> None:
    clock_at("2026-11-12T10:10")

    assert operator.post(f"{held}/extend").body["status"] == "leased"
    assert operator.post(f"{held}/release", {"why": " "}).fields == {"why"}
    given = operator.post(f"{held}/release", {"why": "a friend of mine"})
    assert (given.status, given.body["status"], given.body["holder"]) == (200, "ready", None)
    for action in ("extend", "dial"):
        gone = operator.post(f"{held}/{action}")
        assert (gone.status, gone.code) == (409, "not_yours")
    assert operator.post(f"{held}/release", {"why": "again"}).code == "not_yours"


def test_a_supervisor_takes_a_lease_back_a_colleague_does_not(
    administrator: Api, manager: Api, held: str, operator: Api
) -> None:
    assert administrator.post(f"{held}/release", {"why": "mine now"}).code == "not_yours"
    assert manager.post(f"{held}/release", {"why": "shift is over"}).body["status"] == "ready"
    assert operator.post(f"{held}/extend").code == "not_yours"


def test_dialling_makes_one_attempt(operator: Api, held: str) -> None:
    first, again = operator.post(f"{held}/dial"), operator.post(f"{held}/dial")

    assert (first.status, first.body["outcome"], first.body["reached"]) == (200, None, False)
    assert again.body == first.body
    told = operator.post(f"{held}/outcome", {"outcome": "thinking"}).body
    assert (told["attempt"]["id"], told["attempt"]["outcome"]) == (first.body["id"], "thinking")


def test_a_member_renewed_meanwhile_is_not_dialled(
    operator: Api, administrator: Api, held: str, task: CallTask
) -> None:
    """A held task lapses with its cause: it is nobody's any more."""
    assert administrator.post("memberships", {"member": 12, "plan": "M12"}).status == 201

    answer = operator.post(f"{held}/dial")

    assert (answer.status, answer.code) == (409, "blocked")
    assert [block["code"] for block in answer.body["blocks"]] == ["already_renewed"]
    assert all(isinstance(block["detail"], str) for block in answer.body["blocks"])


def test_why_not_is_told_on_the_clubs_clock(
    operator: Api, held: str, pamela: Member, clock_at: Callable[[str], None]
) -> None:
    clock_at("2026-11-12T21:10")
    operator.post(f"{held}/extend")

    answer = operator.post(f"{held}/dial")

    assert answer.body["blocks"][-1]["code"] == "outside_hours"
    assert answer.body["blocks"][-1]["until"] == "2026-11-13T10:00:00-06:00"


# ---- outcomes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({}, "invalid", "outcome"),
        ({"outcome": "sold"}, "invalid", "outcome"),
        ({"outcome": "refused"}, "reason_required", "reason"),
        ({"outcome": "refused", "reason": "weather"}, "reason_unknown", "reason"),
        ({"outcome": "refused", "reason": "staff"}, "note_required", "note"),
        ({"outcome": "talked"}, "invalid", "outcome"),
        ({"outcome": "booked"}, "invalid", "meeting"),
        ({"outcome": "booked", "meeting": {}}, "invalid", "meeting.host"),
        ({"outcome": "callback"}, "invalid", "callback_at"),
        ({"outcome": "callback", "callback_at": "2026-11-12T09:00:00-06:00"}, "callback_in_past", "callback_at"),
        ({"outcome": "callback", "callback_at": "2026-11-12T22:00:00-06:00"}, "callback_out_of_hours", "callback_at"),
        ({"outcome": "thinking", "attends": "maybe"}, "invalid", "attends"),
        ({"outcome": "thinking", "duration_s": -1}, "invalid", "duration_s"),
        ({"outcome": "thinking", "also": [{"member": 99999, "outcome": "talked"}]}, "invalid", "also.0.member"),
        ({"outcome": "thinking", "close_also": ["x"]}, "invalid", "close_also.0"),
    ],
)
def test_an_outcome_that_could_never_be_right(
    body: dict[str, Any], code: str, field: str, operator: Api, held: str
) -> None:
    answer = operator.post(f"{held}/outcome", body)

    assert (answer.status, answer.code) == (422, code)
    assert field in answer.fields
    assert operator.post(f"{held}/extend").status == 200


def test_a_foreign_host_reads_as_a_missing_one(operator: Api, held: str, stranger: Api) -> None:
    foreign = User.objects.get(username="charlie").employees.get().pk
    at = "2026-11-13T12:00:00-06:00"

    answers = [
        operator.post(f"{held}/outcome", {"outcome": "booked", "meeting": {"host": host, "starts_at": at}})
        for host in (foreign, 999999)
    ]

    assert answers[0].fields == {"meeting.host"}
    assert answers[0].response.content == answers[1].response.content


def test_the_same_outcome_again_answers_the_first_another_one_is_409(operator: Api, held: str) -> None:
    first = operator.post(f"{held}/outcome", {"outcome": "refused", "reason": "price"})
    again = operator.post(f"{held}/outcome", {"outcome": "refused", "reason": "price"})
    other = operator.post(f"{held}/outcome", {"outcome": "thinking"})

    assert first.body == again.body
    assert (other.status, other.code) == (409, "already_recorded")


def test_a_household_is_told_together(operator: Api, held: str, shop: Shop) -> None:
    mate = shop.member("Scott", first_name="Peter")
    other = make_task(mate, "care")

    told = operator.post(
        f"{held}/outcome",
        {"outcome": "thinking", "also": [{"member": mate.pk, "task": other.pk, "outcome": "talked"}]},
    )

    assert told.status == 200
    other.refresh_from_db()
    assert other.status == "done"


def test_an_outcome_is_undone_for_five_minutes_by_its_operator(
    operator: Api, administrator: Api, held: str, clock_at: Callable[[str], None]
) -> None:
    operator.post(f"{held}/outcome", {"outcome": "do_not_call", "note": "angry"})

    assert administrator.post(f"{held}/undo").code == "not_yours"
    undone = operator.post(f"{held}/undo")
    assert (undone.status, undone.body["status"], undone.body["holder"]) == (200, "leased", "olga")
    assert operator.get("members/12").body["do_not_call"] is None
    operator.post(f"{held}/outcome", {"outcome": "thinking"})
    clock_at("2026-11-12T10:06")
    late = operator.post(f"{held}/undo")
    assert (late.status, late.code) == (409, "undo_too_late")


# ---- attempts and reasons --------------------------------------------------------------------------------


def test_attempts_are_filtered_by_the_clubs_days_and_masked(
    operator: Api, manager: Api, pamela: Member, shop: Shop
) -> None:
    olga = User.objects.get(username="olga")
    first = make_attempt(pamela, "2026-11-10T23:30", "refused", operator=olga, note="wants 20 % off")
    make_attempt(pamela, "2026-11-11T00:30", "no_answer", operator=shop.manager)

    assert [row["id"] for row in manager.results("calls/attempts", club="mf", to="2026-11-10")] == [first.pk]
    assert [row["outcome"] for row in manager.results("calls/attempts", club="mf", **{"from": "2026-11-11"})] == [
        "no_answer"
    ]
    assert [row["id"] for row in operator.results("calls/attempts", club="mf")] == [first.pk]
    assert len(operator.results("calls/attempts", member=12)) == 2
    assert operator.results("calls/attempts", club="mf")[0]["note"] == "wants ••• off"
    assert manager.results("calls/attempts", club="mf")[0]["note"] == "wants 20 % off"
    assert manager.get("calls/attempts", club="mf", to="2026").fields == {"to"}


def test_a_manager_corrects_an_outcome_with_a_reason(manager: Api, administrator: Api, pamela: Member) -> None:
    attempt = make_attempt(pamela, "2026-11-10T12:00", "no_answer")
    path = f"calls/attempts/{attempt.pk}/correct"

    assert administrator.post(path, {"outcome": "thinking", "why": "x"}).status == 403
    assert manager.post(path, {"outcome": "thinking", "why": ""}).fields == {"why"}
    assert manager.post(path, {"outcome": "refused", "why": "misheard"}).code == "reason_required"
    done = manager.post(path, {"outcome": "refused", "reason": "moved", "why": "misheard"}).body
    assert (done["outcome"], done["reason"], done["reached"], done["corrected_why"]) == (
        "refused",
        "moved",
        True,
        "misheard",
    )


def test_the_clubs_reasons_are_told_in_order(operator: Api, shop: Shop) -> None:
    rows = operator.results("reasons", club="mf")

    assert rows[0] == {
        "code": "price",
        "group": "club",
        "label": rows[0]["label"],
        "parent": None,
        "final": False,
        "no_winback": False,
        "note_required": False,
        "retired": False,
    }
    assert {row["code"] for row in rows if row["final"]} == {"moved", "deceased"}
    assert {row["code"] for row in rows if row["note_required"]} == {"other", "staff", "unresolved_complaint"}


def test_refusals_are_counted_for_managers(manager: Api, pamela: Member, shop: Shop) -> None:
    price = shop.club.refusal_reasons.get(code="price")
    for hour in (10, 12, 14):
        make_attempt(pamela, f"2026-11-10T{hour}:00", "refused", reason=price)
    make_attempt(pamela, "2026-11-10T15:00", "refused", reason=shop.club.refusal_reasons.get(code="no_time"))

    told = manager.get("reports/refusals", club="mf", **{"from": "2026-11-01", "to": "2026-11-30"}).body

    assert told["total"] == 4
    assert told["rows"][0] | {"label": ""} == {
        "key": "price",
        "label": "",
        "group": "club",
        "count": 3,
        "share": "0.7500",
    }
    assert told["formula"]
    months = manager.get("reports/refusals", club="mf", by="month").body["rows"]
    assert [(row["key"], row["group"], row["count"]) for row in months] == [("2026-11", None, 4)]
    assert manager.get("reports/refusals", club="mf", by="weather").fields == {"by"}
    assert manager.get("reports/refusals", club="mf", **{"from": "2026-11-02", "to": "2026-11-01"}).fields == {"to"}


def test_nobody_is_told_why_when_a_member_may_be_rung(operator: Api, pamela: Member, shop: Shop) -> None:
    people.set_do_not_call(member=pamela, note="", now=days.NOW, by=shop.manager)

    kinds = operator.get("members/12/contact-policy").body["kinds"]

    assert len(kinds) == 13
    assert all(not verdict["allowed"] for verdict in kinds.values())
    assert kinds["callback"]["blocks"] == [
        {"code": "do_not_call", "detail": "Must not be called, since 12 November 2026.", "until": None}
    ]
