"""Freezes and closures over HTTP."""

from __future__ import annotations

import pytest

from memberships.models import Freeze, Member, Membership
from tests import factories
from tests.days import day
from tests.memberships.api.client import Api
from tests.memberships.shop import Shop

PATH = "memberships/501/freezes"


def days(first: str, last: str) -> dict[str, str]:
    return {"starts_on": f"2026-11-{first}", "ends_on": f"2026-11-{last}"}


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        (days("16", "18"), 422, "freeze_minimum", "ends_on"),
        (days("10", "20"), 422, "freeze_in_the_past", "starts_on"),
        ({"starts_on": "2026-12-05", "ends_on": "2026-12-15"}, 422, "freeze_outside", "starts_on"),
        (days("20", "16"), 422, "invalid", "ends_on"),
        ({"starts_on": "2026-11-16"}, 422, "invalid", "ends_on"),
        ({"starts_on": "2026-11-16", "ends_on": "2027-01-30"}, 409, "freeze_allowance", ""),
    ],
)
def test_a_freeze_beyond_the_rules_says_which(
    body: dict[str, str], status: int, code: str, field: str, administrator: Api, pamela: Member
) -> None:
    for path in (PATH, f"{PATH}?preview=1"):
        answer = administrator.post(path, body)
        assert (answer.status, answer.code) == (status, code)
        assert answer.fields == ({field} if field else set())


def test_a_preview_saves_nothing_and_names_what_moves(administrator: Api, pamela: Member) -> None:
    sold = administrator.post("memberships", {"member": 12, "plan": "M12"}).body

    shown = administrator.post(f"{PATH}?preview=1", days("16", "25"))

    assert shown.status == 200
    assert (shown.body["days"], shown.body["allowance_left"]) == (10, 35)
    assert [move["membership"] for move in shown.body["moves"]] == [501, sold["id"]]
    assert shown.body["moves"][0] == {
        "kind": "membership",
        "membership": 501,
        "before": {"starts_on": "2025-12-01", "ends_on": "2026-11-30", "effective_ends_on": "2026-11-30"},
        "after": {"starts_on": "2025-12-01", "ends_on": "2026-11-30", "effective_ends_on": "2026-12-10"},
    }
    assert not Freeze.objects.exists()
    assert administrator.post(f"{PATH}?preview=perhaps", days("16", "25")).fields == {"preview"}


def test_two_freezes_never_overlap_and_are_counted(administrator: Api, pamela: Member) -> None:
    Membership.objects.filter(pk=501).update(freeze_max_count=1)
    assert administrator.post(PATH, days("16", "22")).status == 201

    over = administrator.post(PATH, days("20", "28"))
    more = administrator.post(PATH, days("24", "30"))

    assert (over.status, over.code) == (409, "freeze_overlap")
    assert (more.status, more.code) == (409, "freeze_count")


def test_a_manager_overrides_with_a_reason(administrator: Api, manager: Api, pamela: Member) -> None:
    body = days("10", "11") | {"override_reason": "in hospital"}

    assert administrator.post(PATH, body).status == 403
    assert manager.post(PATH, body | {"override_reason": ""}).code == "reason_required"
    assert manager.post(PATH, body).body["days"] == 2


def test_a_freeze_that_would_move_a_started_membership_is_refused(manager: Api, shop: Shop) -> None:
    member = shop.member("Adams")
    old = factories.make_membership(member, shop.plans["M6"], starts_on=day("2026-05-01"))
    factories.make_membership(member, shop.plans["M6"], starts_on=day("2026-11-01"))

    answer = manager.post(
        f"memberships/{old.pk}/freezes",
        {"starts_on": "2026-10-20", "ends_on": "2026-10-27", "override_reason": "in hospital"},
    )

    assert (answer.status, answer.code) == (409, "freeze_moves_started")


def test_a_freeze_is_in_the_way_of_an_early_return_that_would_leave_it_outside(administrator: Api, shop: Shop) -> None:
    member = shop.member("Adams")
    row = factories.make_membership(member, shop.plans["M6"], starts_on=day("2026-05-20"))  # to 19 November
    path = f"memberships/{row.pk}/freezes"
    first = administrator.post(path, days("13", "20")).body
    assert administrator.post(path, days("21", "28")).status == 201

    answer = administrator.post(f"freezes/{first['id']}/end", {"returned_on": "2026-11-14"})

    assert (answer.status, answer.code) == (409, "freeze_in_the_way")


def test_a_return_in_the_past_is_a_managers(administrator: Api, manager: Api, pamela: Member) -> None:
    freeze = manager.post(PATH, days("02", "25") | {"override_reason": "told late"}).body["id"]

    refused = administrator.post(f"freezes/{freeze}/end", {"returned_on": "2026-11-10"})
    assert (refused.status, refused.code, refused.fields) == (422, "freeze_in_the_past", {"returned_on"})
    assert administrator.post(f"freezes/{freeze}/end", {"returned_on": "2026-11-27"}).code == "freeze_outside"
    assert manager.post(f"freezes/{freeze}/end", {"returned_on": "2026-11-10"}).body["ends_on"] == "2026-11-09"


def test_a_closure_freezes_who_is_covered_and_is_taken_back(manager: Api, pamela: Member) -> None:
    body = {"club": "mf", "starts_on": "2026-11-20", "ends_on": "2026-11-21", "why": "repairs"}

    made = manager.post("closures", body)
    assert made.status == 201
    assert made.body == {"id": made.body["id"], "frozen": 1, "left": []}
    assert manager.get("memberships/501").body["effective_ends_on"] == "2026-12-02"

    back = manager.delete(f"closures/{made.body['id']}")
    assert (back.status, back.body) == (200, {"id": made.body["id"], "frozen": 0, "left": []})
    assert manager.get("memberships/501").body["effective_ends_on"] == "2026-11-30"


def test_a_closure_lists_those_that_cannot_be_moved(manager: Api, shop: Shop) -> None:
    member = shop.member("Adams")
    old = factories.make_membership(member, shop.plans["M6"], starts_on=day("2026-05-01"))
    factories.make_membership(member, shop.plans["M6"], starts_on=day("2026-11-01"))

    made = manager.post("closures", {"club": "mf", "starts_on": "2026-10-20", "ends_on": "2026-10-21", "why": "flood"})

    assert [one["membership"] for one in made.body["left"]] == [old.pk]
    assert made.body["left"][0]["why"]


@pytest.mark.parametrize(("more", "field"), [({"ends_on": "2026-11-19"}, "ends_on"), ({"why": " "}, "why")])
def test_a_closure_that_could_never_be_right(more: dict[str, str], field: str, manager: Api) -> None:
    body = {"club": "mf", "starts_on": "2026-11-20", "ends_on": "2026-11-21", "why": "repairs"}

    assert manager.post("closures", body | more).fields == {field}
