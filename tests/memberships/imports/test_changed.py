"""Changes of plan in a file of memberships, as an export writes them."""

from __future__ import annotations

from decimal import Decimal

from memberships.models import Club, Membership
from tests.days import day
from tests.memberships.imports.conftest import Load

HEADER = "external_id,member,plan,starts_on,ends_on,price_paid,changed_from,credit\n"
OLD = "S1,A0,M1,2026-10-20,2026-11-09,40,,0\n"
NEW = "S2,A0,M12,2026-11-10,,340,S1,20\n"


def test_a_change_of_plan_is_one_in_whatever_order_its_rows_stand(club: Club, load: Load) -> None:
    assert load("memberships", HEADER + NEW + OLD).created == 2
    old, new = Membership.objects.get(external_id="S1"), Membership.objects.get(external_id="S2")
    assert (new.sale_kind, new.renewed_from, new.credit, new.price) == ("change", old, Decimal(20), Decimal(340))
    assert (old.closed_on, new.chain_starts_on) == (day("2026-11-09"), day("2026-10-20"))
    again = load("memberships", HEADER + NEW + OLD)
    assert (again.unchanged, again.updated) == (2, 0)


def test_a_change_of_what_is_stored_already_is_one_too(club: Club, load: Load) -> None:
    load("memberships", HEADER + OLD)
    load("memberships", HEADER + NEW)
    assert Membership.objects.get(external_id="S2").sale_kind == "change"


def test_without_the_column_it_is_a_renewal(club: Club, load: Load) -> None:
    plain = "external_id,member,plan,starts_on,ends_on\nS1,A0,M1,2026-10-20,2026-11-09\nS2,A0,M12,2026-11-10,\n"
    load("memberships", plain)
    assert Membership.objects.get(external_id="S2").sale_kind == "renewal"


def test_a_change_of_what_nobody_knows_is_refused(club: Club, load: Load) -> None:
    answer = load("memberships", HEADER + NEW)
    assert [(error["column"], error["message"]) for error in answer.errors] == [
        ("changed_from", "There is no membership S1 in this club.")
    ]
