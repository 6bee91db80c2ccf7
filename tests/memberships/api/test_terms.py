"""Memberships over HTTP: read, sold, changed, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from memberships.models import Member, Membership
from tests import factories
from tests.days import day
from tests.memberships.api.client import Api
from tests.memberships.shop import Shop


def test_memberships_are_filtered_and_their_status_is_as_of_a_day(administrator: Api, pamela: Member) -> None:
    def ids(**query: Any) -> list[int]:
        return [row["id"] for row in administrator.results("memberships", club="mf", **query)]

    assert ids(member=12) == [500, 501]
    assert ids(status="active") == [501]
    assert ids(status="expired") == [500]
    assert ids(status="active", on="2025-01-01") == [500]
    assert ids(ends_from="2026-11-30", ends_to="2026-11-30") == [501]
    assert ids(ends_from="2026-12-01") == []
    assert administrator.get("memberships/501", on="2025-11-30").body["status"] == "pending"
    assert administrator.get("memberships/501", on="2026-12-01").body["status"] == "expired"


@pytest.mark.parametrize(
    "query",
    [{"status": "lost"}, {"member": "x"}, {"member": "0"}, {"on": "2026-13-01"}, {"ends_to": "x"}, {"limit": "x"}],
)
def test_a_filter_that_makes_no_sense_is_422(query: dict[str, str], operator: Api, pamela: Member) -> None:
    answer = operator.get("memberships", club="mf", **query)

    assert (answer.status, answer.fields) == (422, set(query))


def test_operators_read_status_and_dates_only(operator: Api, pamela: Member) -> None:
    Membership.objects.filter(pk=501).update(special_terms="agreed on 300 $, corporate")

    shown = operator.get("memberships/501").body

    assert shown["special_terms"] == "agreed on •••, corporate"
    assert set(shown) == {
        "id", "member", "plan", "sale_kind", "sold_on", "starts_on", "ends_on", "bonus_days", "frozen_days",
        "effective_ends_on", "status", "special_terms", "renewed_from", "cancelled_on", "closed_on",
    }  # fmt: skip


# ---- sold ------------------------------------------------------------------------------------------------


def test_a_sale_without_a_quote_makes_one_with_codes_and_leaves_a_balance(administrator: Api, shop: Shop) -> None:
    member = shop.member("Adams")

    sold = administrator.post(
        "memberships",
        {
            "member": member.pk,
            "plan": "M12",
            "codes": ["friend15"],
            "price_paid": "100.00",
            "balance_due_on": "2026-12-01",
            "special_terms": "corporate terms",
        },
    )

    assert sold.status == 201
    assert (sold.body["sale_kind"], sold.body["price"]) == ("new", "306.00")
    assert (sold.body["price_paid"], sold.body["balance_due"]) == ("100.00", "206.00")
    assert (sold.body["promotions"], sold.body["special_terms"]) == (["FRIEND15"], "corporate terms")


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"price_paid": "361"}, "price_paid"),
        ({"price_paid": "-1"}, "price_paid"),
        ({"price_paid": "1.005"}, "price_paid"),
        ({"price_paid": "1e2"}, "price_paid"),
        ({"price_paid": True}, "price_paid"),
        ({"price_paid": "10", "balance_due_on": "2026-11-11"}, "balance_due_on"),
        ({"special_terms": "for 10 $"}, "special_terms"),
        ({"quote": 999999}, "quote"),
        ({"quote": "70"}, "quote"),
        ({"sold_on": "2026-11-11"}, "sold_on"),
    ],
)
def test_a_sale_that_could_never_be_right_names_the_field(
    more: dict[str, Any], field: str, administrator: Api, shop: Shop
) -> None:
    member = shop.member("Adams")

    answer = administrator.post("memberships", {"member": member.pk, "plan": "M12", **more})

    assert (answer.status, answer.code, answer.fields) == (422, "invalid", {field})
    assert not member.memberships.exists()


def test_a_quote_of_somebody_else_reads_as_a_missing_one(administrator: Api, pamela: Member, shop: Shop) -> None:
    quote = administrator.post("quotes", {"member": 12, "plan": "M12"}).body["id"]
    other = shop.member("Adams")

    foreign = administrator.post("memberships", {"member": other.pk, "plan": "M12", "quote": quote})
    gone = administrator.post("memberships", {"member": other.pk, "plan": "M12", "quote": 999999})

    assert foreign.status == 422
    assert foreign.response.content == gone.response.content


def test_a_quote_has_its_own_plan_start_and_codes(administrator: Api, pamela: Member) -> None:
    quote = administrator.post("quotes", {"member": 12, "plan": "M12"}).body["id"]
    sale = {"member": 12, "plan": "M12", "quote": quote}

    assert administrator.post("memberships", sale | {"plan": "M6"}).fields == {"plan"}
    assert administrator.post("memberships", sale | {"starts_on": "2027-01-01"}).fields == {"starts_on"}
    assert administrator.post("memberships", sale | {"codes": ["EARLY10"]}).fields == {"codes"}
    assert administrator.post("memberships", sale | {"starts_on": "2026-12-01"}).status == 201


def test_an_expired_quote_is_409(administrator: Api, pamela: Member, clock_at: Callable[[str], None]) -> None:
    quote = administrator.post("quotes", {"member": 12, "plan": "M12"}).body["id"]
    clock_at("2026-11-25T10:00")

    answer = administrator.post("memberships", {"member": 12, "plan": "M12", "quote": quote})

    assert (answer.status, answer.code) == (409, "quote_expired")


def test_a_manager_enters_an_earlier_sale_date(manager: Api, shop: Shop) -> None:
    member = shop.member("Adams")

    sold = manager.post("memberships", {"member": member.pk, "plan": "M1", "sold_on": "2026-11-02"}).body

    assert (sold["sold_on"], sold["starts_on"], sold["status"]) == ("2026-11-02", "2026-11-02", "active")


def test_a_sale_sent_twice_with_one_key_is_one(administrator: Api, shop: Shop) -> None:
    member = shop.member("Adams")
    body = {"member": member.pk, "plan": "M1"}
    key = {"Idempotency-Key": "sale-1"}

    first, again = administrator.post("memberships", body, **key), administrator.post("memberships", body, **key)
    other = administrator.post("memberships", body | {"plan": "M6"}, **key)

    assert first.response.content == again.response.content
    assert member.memberships.count() == 1
    assert (other.status, other.code) == (409, "idempotency_conflict")


# ---- cancelled, changed ----------------------------------------------------------------------------------


def test_a_membership_is_cancelled_with_a_reason(administrator: Api, pamela: Member) -> None:
    done = administrator.post("memberships/501/cancel", {"on": "2026-11-20", "reason": "moved"})

    assert (done.status, done.body["cancelled_on"], done.body["status"]) == (200, "2026-11-20", "active")
    again = administrator.post("memberships/501/cancel", {"on": "2026-11-21", "reason": "moved"})
    assert (again.status, again.code) == (409, "already_cancelled")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"on": "2026-11-20"}, "reason_required"),
        ({"on": "2026-11-11", "reason": "moved"}, "cancel_date"),
        ({"on": "2026-12-02", "reason": "moved"}, "cancel_date"),
        ({"reason": "moved"}, "invalid"),
        ({"on": "soon", "reason": "moved"}, "invalid"),
    ],
)
def test_a_cancellation_that_could_never_be_right(
    body: dict[str, str], code: str, administrator: Api, pamela: Member
) -> None:
    answer = administrator.post("memberships/501/cancel", body)

    assert (answer.status, answer.code) == (422, code)


def test_a_manager_cancels_from_an_earlier_day(manager: Api, pamela: Member) -> None:
    done = manager.post("memberships/501/cancel", {"on": "2026-11-01", "reason": "moved"})

    assert (done.status, done.body["status"]) == (200, "cancelled")


def test_a_change_of_plan_gives_credit(administrator: Api, manager: Api, pamela: Member) -> None:
    assert administrator.post("memberships/501/change-plan", {"plan": "M12G", "on": "2026-11-10"}).fields == {"on"}
    assert administrator.post("memberships/501/change-plan", {"plan": "M12G", "override_reason": "x"}).status == 403

    new = administrator.post("memberships/501/change-plan", {"plan": "M12G"})

    assert (new.status, new.body["sale_kind"], new.body["starts_on"]) == (201, "change", "2026-11-12")
    assert new.body["credit"] == "18.74"  # 360.00 × 19 of 365 days
    assert administrator.get("memberships/501").body["closed_on"] == "2026-11-11"
    assert administrator.get(f"memberships/{new.body['id']}").body["renewed_from"] == 501


def test_a_renewed_membership_no_longer_changes_its_plan(administrator: Api, pamela: Member) -> None:
    assert administrator.post("memberships", {"member": 12, "plan": "M12"}).status == 201

    answer = administrator.post("memberships/501/change-plan", {"plan": "M12G"})

    assert (answer.status, answer.code) == (409, "already_renewed")


def test_a_currency_without_decimals_has_none(shop: Shop) -> None:
    club = factories.make_club("tokyo", timezone="Asia/Tokyo", country="JP", currency="JPY")
    member = factories.make_member(club, phone="")
    factories.make_membership(member, factories.make_plan(club, price=36000), starts_on=day("2026-11-01"))

    shown = Api(factories.make_user(club, "administrator", "yui")).results("memberships", member=member.pk)

    assert (shown[0]["price"], shown[0]["currency"]) == ("36000", "JPY")
