"""Plans, promotions and quotes over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from memberships.models import Member, Promotion
from tests.memberships.api.client import Api
from tests.memberships.shop import Shop


def test_plans_have_prices_for_who_may_read_them(administrator: Api, operator: Api, shop: Shop) -> None:
    full = administrator.results("plans", club="mf")
    short = operator.results("plans", club="mf")

    assert full[2] == {
        "code": "M12",
        "name": "12 months",
        "term": "12m",
        "price": "360.00",
        "currency": "USD",
        "freeze_days": 45,
        "freeze_min_days": 7,
        "freeze_max_count": 3,
        "zones": ["gym"],
        "active": True,
    }
    assert short[2] == {"code": "M12", "name": "12 months", "term": "12m", "zones": ["gym"]}


def test_promotions_are_a_summary_on_the_phone(administrator: Api, operator: Api, shop: Shop) -> None:
    full = {row["code"]: row for row in administrator.results("promotions", club="mf")}
    short = operator.results("promotions", club="mf")

    assert full["PLUS14"]["value"] == "14"
    assert full["LOYAL20"]["value"] == "20.00"
    assert full["BACK50"]["plans"] == ["M1", "M6"]
    assert {tuple(row) for row in short} == {("name", "phone_summary", "ends_on")}
    assert {
        "name": "Two weeks on us",
        "phone_summary": "Ask us about the November gift",
        "ends_on": "2026-11-24",
    } in short


@pytest.mark.parametrize(
    ("more", "status", "code", "field"),
    [
        ({"plan": "NONE"}, 422, "invalid", "plan"),
        ({"plan": 12}, 422, "invalid", "plan"),
        ({"member": "12"}, 422, "invalid", "member"),
        ({"member": True}, 422, "invalid", "member"),
        ({"codes": ["NONE"]}, 422, "code_not_applicable", "codes"),
        ({"codes": "EARLY10"}, 422, "invalid", "codes"),
        ({"starts_on": "2026-11-11"}, 422, "invalid", "starts_on"),
        ({"starts_on": "2026-11-20"}, 409, "overlap", ""),
        ({"starts_on": "tomorrow"}, 422, "invalid", "starts_on"),
        ({"sold_on": "2026-11-13"}, 422, "invalid", "sold_on"),
        ({"sold_on": "2026-11-01"}, 422, "invalid", "sold_on"),
    ],
)
def test_an_offer_that_cannot_be_made_says_why(
    more: dict[str, Any], status: int, code: str, field: str, administrator: Api, pamela: Member
) -> None:
    answer = administrator.post("quotes", {"member": 12, "plan": "M12", **more})

    assert (answer.status, answer.code) == (status, code)
    assert answer.fields == ({field} if field else set())


def test_a_used_up_code_is_409(administrator: Api, shop: Shop) -> None:
    member = shop.member("Adams")
    Promotion.objects.filter(code="FRIEND15").update(max_uses=1, uses=1)

    answer = administrator.post("quotes", {"member": member.pk, "plan": "M12", "codes": ["FRIEND15"]})

    assert (answer.status, answer.code) == (409, "used_up")


def test_a_manager_goes_beyond_the_limits_others_do_not(administrator: Api, manager: Api, pamela: Member) -> None:
    earlier = {"member": 12, "plan": "M12", "sold_on": "2026-11-01"}
    below = {"member": 12, "plan": "M12", "override_reason": "an apology"}

    assert manager.post("quotes", earlier).body["sold_on"] == "2026-11-01"
    assert manager.post("quotes", below).status == 201
    assert administrator.post("quotes", below).status == 403
    assert manager.post("quotes", below | {"override_reason": " "}).code == "reason_required"


def test_a_member_is_named_by_external_id_too(administrator: Api, pamela: Member) -> None:
    answer = administrator.post("quotes", {"member": {"external_id": "A-12"}, "plan": "M12"})

    assert (answer.status, answer.body["member"]) == (201, 12)


def test_what_was_not_used_says_why(administrator: Api, shop: Shop) -> None:
    member = shop.member("Adams")
    named = administrator.post("quotes", {"member": member.pk, "plan": "M12", "codes": ["FRIEND15"]}).body

    assert named["final_price"] == "306.00"
    assert [one["code"] for one in named["not_used"]] == ["PLUS14"]
    assert "360" in named["not_used"][0]["why"]
