"""EXAMPLES.md 1 to 3, as whole requests and answers."""

from __future__ import annotations

from memberships.models import Member
from tests.memberships.api.client import Api, next_id

QUOTE = {
    "id": 70,
    "member": 12,
    "plan": "M12",
    "sale_kind": "renewal",
    "sold_on": "2026-11-12",
    "list_price": "360.00",
    "lines": [
        {
            "kind": "amount",
            "promotion": "LOYAL20",
            "label": "20 off: 24 months with us",
            "amount": "-20.00",
            "days": 0,
        },
        {
            "kind": "percent",
            "promotion": "EARLY10",
            "label": "10 % off: renewed before 15 December",
            "amount": "-34.00",
            "days": 0,
        },
        {
            "kind": "bonus_days",
            "promotion": "PLUS14",
            "label": "14 days on us until 24 November",
            "amount": "0.00",
            "days": 14,
        },
    ],
    "final_price": "306.00",
    "currency": "USD",
    "bonus_days": 14,
    "starts_on": "2026-12-01",
    "ends_on": "2027-11-30",
    "valid_until": "2026-11-24",
    "newcomer_price": "360.00",
    "not_used": [],
}
SALE = {
    "id": 733,
    "member": 12,
    "plan": "M12",
    "sale_kind": "renewal",
    "sold_on": "2026-11-12",
    "starts_on": "2026-12-01",
    "ends_on": "2027-11-30",
    "bonus_days": 14,
    "frozen_days": 0,
    "effective_ends_on": "2027-12-14",
    "status": "pending",
    "list_price": "360.00",
    "price": "306.00",
    "price_paid": "306.00",
    "balance_due": "0.00",
    "currency": "USD",
    "special_terms": "",
    "promotions": ["EARLY10", "LOYAL20", "PLUS14"],
    "renewed_from": 501,
    "cancelled_on": None,
    "closed_on": None,
}


def make_quote(api: Api) -> None:
    next_id("memberships_quote", 70)
    answer = api.post("quotes", {"member": 12, "plan": "M12"})

    assert (answer.status, answer.body) == (201, QUOTE)


def make_sale(api: Api) -> None:
    next_id("memberships_membership", 733)
    answer = api.post("memberships", {"member": 12, "plan": "M12", "quote": 70})

    assert (answer.status, answer.body) == (201, SALE)


def lies(api: Api, pk: int) -> tuple[str, str, str]:
    row = api.get(f"memberships/{pk}").body
    return row["starts_on"], row["ends_on"], row["effective_ends_on"]


def test_example_1_the_quote(administrator: Api, pamela: Member) -> None:
    make_quote(administrator)

    assert administrator.get("quotes/70").body == QUOTE


def test_example_2_the_sale_and_that_a_quote_sells_once(administrator: Api, pamela: Member) -> None:
    make_quote(administrator)
    make_sale(administrator)

    again = administrator.post("memberships", {"member": 12, "plan": "M12", "quote": 70})
    assert again.status == 409
    assert again.body == {
        "status": 409,
        "title": "Conflict",
        "code": "quote_used",
        "detail": "This offer was sold on 12 November 2026.",
    }
    assert administrator.get("memberships/733").body == SALE


def test_example_3_a_freeze_moves_the_renewal_and_an_early_return_moves_it_back(
    administrator: Api, pamela: Member
) -> None:
    make_quote(administrator)
    make_sale(administrator)
    next_id("memberships_freeze", 9)

    given = administrator.post(
        "memberships/501/freezes", {"starts_on": "2026-11-16", "ends_on": "2026-11-25", "reason": "travel"}
    )
    assert (given.status, given.body) == (
        201,
        {
            "id": 9,
            "membership": 501,
            "starts_on": "2026-11-16",
            "ends_on": "2026-11-25",
            "days": 10,
            "voided": False,
            "closure": None,
        },
    )
    assert lies(administrator, 501) == ("2025-12-01", "2026-11-30", "2026-12-10")
    assert lies(administrator, 733) == ("2026-12-11", "2027-12-10", "2027-12-24")

    ended = administrator.post("freezes/9/end", {"returned_on": "2026-11-21"})
    assert (ended.status, ended.body["days"]) == (200, 5)
    assert lies(administrator, 501) == ("2025-12-01", "2026-11-30", "2026-12-05")
    assert lies(administrator, 733) == ("2026-12-06", "2027-12-05", "2027-12-19")


def test_example_3_a_return_on_the_first_day_voids_the_freeze(administrator: Api, pamela: Member) -> None:
    make_quote(administrator)
    make_sale(administrator)
    next_id("memberships_freeze", 9)
    administrator.post("memberships/501/freezes", {"starts_on": "2026-11-16", "ends_on": "2026-11-25"})

    ended = administrator.post("freezes/9/end", {"returned_on": "2026-11-16"})

    assert (ended.body["voided"], ended.body["days"]) == (True, 0)
    assert lies(administrator, 501) == ("2025-12-01", "2026-11-30", "2026-11-30")
    assert administrator.get("memberships/733").body == SALE
