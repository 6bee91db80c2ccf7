"""Employees over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from memberships.models import Employee, User
from tests import factories
from tests.memberships.api.client import Api
from tests.memberships.shop import Shop


def test_everybody_reads_who_works_here_and_when_they_receive(operator: Api, administrator: Api, shop: Shop) -> None:
    rows = {row["user"]: row for row in operator.results("employees", club="mf")}

    assert set(rows) == {"manager", "anna", "olga"}
    assert (rows["anna"]["role"], rows["anna"]["is_host"]) == ("administrator", True)
    assert rows["anna"]["weekly_hours"][0] == {"weekday": 0, "from": "10:00", "to": "20:00"}
    assert (rows["olga"]["is_host"], rows["olga"]["weekly_hours"]) == (False, [])


def test_a_trainer_without_a_login_is_added_with_hours(manager: Api, operator: Api) -> None:
    hours = [{"weekday": 3, "from": "17:00", "to": "18:00"}]

    made = manager.post(
        "employees",
        {"club": "mf", "name": "Leon Weiss", "is_host": True, "weekly_hours": hours, "days_off": ["2026-11-19"]},
    )

    assert made.status == 201
    assert made.body == {
        "id": made.body["id"],
        "name": "Leon Weiss",
        "user": None,
        "role": None,
        "is_host": True,
        "active": True,
        "weekly_hours": hours,
        "days_off": ["2026-11-19"],
    }
    slots = operator.results("slots", club="mf", host=made.body["id"], to="2026-11-30")
    assert [slot["starts_at"] for slot in slots] == [
        "2026-11-12T17:00:00-06:00",
        "2026-11-12T17:30:00-06:00",
        "2026-11-26T17:00:00-06:00",
        "2026-11-26T17:30:00-06:00",
    ]


def test_a_login_is_made_with_a_role_and_can_leave(manager: Api, shop: Shop) -> None:
    made = manager.post("employees", {"club": "mf", "name": "Dora Diaz", "user": "dora", "role": "administrator"}).body

    assert (made["user"], made["role"], made["is_host"]) == ("dora", "administrator", True)
    assert not User.objects.get(username="dora").has_usable_password()
    changed = manager.patch(f"employees/{made['id']}", {"role": "operator", "weekly_hours": []}).body
    assert changed["role"] == "operator"
    assert manager.patch(f"employees/{made['id']}", {"active": False}).body["active"] is False
    assert made["id"] not in [row["id"] for row in manager.results("employees", club="mf")]


def test_a_known_login_keeps_its_name_in_other_clubs(manager: Api, stranger: Api) -> None:
    charlie = User.objects.get(username="charlie")

    made = manager.post("employees", {"club": "mf", "name": "Somebody", "user": "charlie", "role": "operator"})

    assert made.status == 201
    assert str(User.objects.get(pk=charlie.pk)) == str(charlie)
    assert Employee.objects.get(user=charlie, club__slug="elsewhere").role == "manager"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "Dora", "role": "operator"}, "user"),
        ({"name": "Dora", "role": "king", "user": "dora"}, "role"),
        ({"name": "Dora", "user": "not a login!"}, "user"),
        ({"name": "Dora", "user": "manager"}, "user"),
        ({"name": "Dora", "is_host": "yes"}, "is_host"),
        ({"name": "Dora", "weekly_hours": [{"weekday": 1, "from": "12:00", "to": "11:00"}]}, "weekly_hours"),
        ({"name": "Dora", "days_off": ["2026-02-30"]}, "days_off.0"),
    ],
)
def test_an_employee_that_cannot_be_is_not_made(body: dict[str, Any], field: str, manager: Api) -> None:
    answer = manager.post("employees", {"club": "mf", **body})

    assert (answer.status, answer.fields) == (422, {field})
    assert not Employee.objects.filter(name="Dora").exists()


def test_owners_are_made_and_changed_by_owners_only(manager: Api, owner: Api, shop: Shop) -> None:
    oscar = Employee.objects.get(user__username="oscar").pk
    anna = factories.make_employee(shop.club, "administrator", "anna").pk

    assert manager.post("employees", {"club": "mf", "name": "D", "user": "dora", "role": "owner"}).status == 403
    assert manager.patch(f"employees/{anna}", {"role": "owner"}).status == 403
    assert manager.patch(f"employees/{oscar}", {"role": "operator"}).status == 403
    assert manager.patch(f"employees/{oscar}", {"active": False}).status == 403
    assert owner.patch(f"employees/{anna}", {"role": "owner"}).body["role"] == "owner"


def test_nobody_takes_their_own_role_away(manager: Api, owner: Api) -> None:
    for api, name in ((manager, "manager"), (owner, "oscar")):
        me = Employee.objects.get(user__username=name).pk
        assert api.patch(f"employees/{me}", {"role": "operator"}).fields == {"role"}
        assert api.patch(f"employees/{me}", {"active": False}).fields == {"role"}
        assert api.patch(f"employees/{me}", {"name": "Somebody else"}).status == 200
