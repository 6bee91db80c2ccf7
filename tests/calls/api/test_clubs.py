"""A club's policy over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from calls import policy
from memberships.models import Member
from tests.memberships.api.client import Api
from tests.memberships.shop import Shop


def test_a_manager_reads_the_policy_with_its_defaults(manager: Api) -> None:
    shown = manager.get("clubs/mf").body

    assert (shown["slug"], shown["name"], shown["timezone"], shown["currency"]) == (
        "mf",
        "Model Fitness",
        "America/Chicago",
        "USD",
    )
    assert shown["policy"]["grace_days"] == 30
    assert shown["policy"]["renewal_rungs"] == [45, 30, 14, 3, -3]
    assert shown["policy"]["reminder_hours"] == [24, 2]
    assert shown["hours"] == {
        "opens_at": "07:00",
        "closes_at": "22:00",
        "host_from": "10:00",
        "host_to": "20:00",
    }
    assert len(shown["calling_windows"]) == 7
    assert (shown["policy"]["complaint_answer_days"], shown["policy"]["complaint_followup_days"]) == (3, 3)
    assert shown["holidays"][0] == {"on": "2026-11-26", "name": "Thanksgiving Day"}
    assert shown["calling_windows"][5] == {"weekday": 5, "from": "11:00", "to": "18:00"}


def test_a_change_is_stored_and_the_rest_stays(manager: Api) -> None:
    before = manager.get("clubs/mf").body

    after = manager.patch(
        "clubs/mf", {"policy": {"grace_days": 14, "cap_7_days": 1}, "hours": {"opens_at": "06:30"}}
    ).body

    assert after["policy"] == before["policy"] | {"grace_days": 14, "cap_7_days": 1}
    assert after["hours"] == before["hours"] | {"opens_at": "06:30"}
    assert after["calling_windows"] == before["calling_windows"]
    assert manager.get("clubs/mf").body == after


def test_own_calling_windows_decide_and_are_given_back(manager: Api, operator: Api, shop: Shop, pamela: Member) -> None:
    window = {"weekday": 3, "from": "12:00", "to": "13:00"}

    assert manager.patch("clubs/mf", {"calling_windows": [window]}).body["calling_windows"] == [window]
    care = operator.get("members/12/contact-policy").body["kinds"]["care"]
    assert [(block["code"], block["until"]) for block in care["blocks"]] == [
        ("outside_hours", "2026-11-12T12:00:00-06:00")
    ]
    assert manager.patch("clubs/mf", {"calling_windows": []}).body["calling_windows"] == []
    assert len(manager.patch("clubs/mf", {"calling_windows": None}).body["calling_windows"]) == 7
    assert policy.of_club(shop.club).windows[0]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"policy": {"grace_days": -1}}, "policy.grace_days"),
        ({"policy": {"grace_days": "30"}}, "policy.grace_days"),
        ({"policy": {"price_floor_percent": 101}}, "policy.price_floor_percent"),
        ({"policy": {"frozen_visit": "ignore"}}, "policy.frozen_visit"),
        ({"policy": {"renewal_rungs": [45, "x"]}}, "policy.renewal_rungs.1"),
        ({"policy": {"renewal_rungs": []}}, "policy.renewal_rungs"),
        ({"policy": []}, "policy"),
        ({"hours": {"opens_at": "25:00"}}, "hours.opens_at"),
        ({"hours": {"opens_at": "7:00"}}, "hours.opens_at"),
        ({"calling_windows": [{"weekday": 3, "from": "12:00"}]}, "calling_windows.0.to"),
        ({"calling_windows": [{"weekday": 7, "from": "12:00", "to": "13:00"}]}, "calling_windows.0.weekday"),
        ({"calling_windows": [{"weekday": 3, "from": "13:00", "to": "12:00"}]}, "calling_windows"),
        ({"calling_windows": [{"weekday": 3, "from": "07:00", "to": "12:00"}]}, "calling_windows"),
        (
            {
                "calling_windows": [
                    {"weekday": 3, "from": "10:00", "to": "12:00"},
                    {"weekday": 3, "from": "11:00", "to": "13:00"},
                ]
            },
            "calling_windows",
        ),
        ({"name": ""}, "name"),
        ({"language": "xx"}, "language"),
    ],
)
def test_what_no_policy_can_have_is_named_by_field(change: dict[str, Any], field: str, owner: Api) -> None:
    before = owner.get("clubs/mf").body
    answer = owner.patch("clubs/mf", change)

    assert (answer.status, answer.code, answer.fields) == (422, "invalid", {field})
    assert owner.get("clubs/mf").body == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"policy": {"gold_percent": 80}}, "gold_percent"),
        ({"hours": {"opens_at": "23:00"}}, "opens_at"),
        ({"hours": {"host_to": "09:00"}}, "host_to"),
        ({"policy": {"welcome_from_day": 8}}, "welcome_from_day"),
    ],
)
def test_numbers_that_contradict_each_other_are_refused(change: dict[str, Any], field: str, owner: Api) -> None:
    answer = owner.patch("clubs/mf", change)

    assert (answer.status, answer.fields) == (422, {field})


def test_the_name_is_an_owners_to_change(manager: Api, owner: Api) -> None:
    assert manager.patch("clubs/mf", {"name": "Model"}).status == 403
    assert owner.patch("clubs/mf", {"name": "Model", "region": "IL"}).body["name"] == "Model"
    assert owner.patch("clubs/mf", {"region": "ZZ"}).fields == {"region"}
