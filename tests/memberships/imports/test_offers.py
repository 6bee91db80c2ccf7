"""Plans and promotions by file."""

from __future__ import annotations

from decimal import Decimal

from memberships.models import Club, Plan, Promotion
from tests import days, factories
from tests.memberships.imports.conftest import Load
from tests.memberships.imports.test_bad_rows import PLANS, PROMOTIONS

PLAN_FILE = f'{PLANS}\nM3,3 months,3m,"120,50",14,10,2,gym;pool,no\nDAY,One day,1d,5,,,,,\n'
PROMOTION_FILE = (
    f"{PROMOTIONS},phone_summary,details\n"
    "X1,Ten off,percent,10,new;renewal,2026-11-01,2026-11-30,M1;m12,gold;silver,yes,no,12,7,100,Ask us,all of it\n"
    "X2,Bag,gift,a sports bag,return,2026-11-01,,,,,,,,,,\n"
    "X3,Two weeks,bonus_days,14,new,2026-11-01,,,,,yes,,,,,\n"
)


def test_plans_are_made_with_their_terms(load: Load, club: Club) -> None:
    assert load("plans", PLAN_FILE).created == 2
    plan = Plan.objects.get(club=club, code="M3")
    assert (plan.name, plan.term, plan.price) == ("3 months", "3m", Decimal("120.5"))
    assert (plan.freeze_days, plan.freeze_min_days, plan.freeze_max_count) == (14, 10, 2)
    assert (plan.zones, plan.active) == (["gym", "pool"], False)
    one_day = Plan.objects.get(club=club, code="DAY")
    assert (one_day.freeze_days, one_day.freeze_min_days, one_day.freeze_max_count) == (0, 7, None)
    assert (one_day.zones, one_day.active) == ([], True)


def test_plans_twice_change_nothing_and_a_missing_column_stays(load: Load, club: Club) -> None:
    load("plans", PLAN_FILE)
    assert load("plans", PLAN_FILE).unchanged == 2
    answer = load("plans", "code,name,term,price\nM3,3 months,3m,125\nDAY,One day,1d,5.00\n")
    assert (answer.updated, answer.unchanged) == (1, 1)
    plan = Plan.objects.get(code="M3")
    assert (plan.price, plan.zones, plan.active) == (Decimal(125), ["gym", "pool"], False)


def test_promotions_are_made_for_this_club(load: Load, club: Club) -> None:
    answer = load("promotions", PROMOTION_FILE)
    assert (answer.created, answer.warnings) == (3, [])
    ten = Promotion.objects.get(code="X1")
    assert (ten.kind, ten.value, ten.audience) == ("percent", Decimal(10), ["new", "renewal"])
    assert (ten.starts_on, ten.ends_on) == (days.day("2026-11-01"), days.day("2026-11-30"))
    assert sorted(ten.plans.values_list("code", flat=True)) == ["M1", "M12"]
    assert (ten.segments, ten.stackable, ten.needs_code) == (["gold", "silver"], True, False)
    assert (ten.min_tenure_months, ten.early_days, ten.max_uses) == (12, 7, 100)
    assert (ten.phone_summary, ten.details) == ("Ask us", "all of it")
    assert list(ten.clubs.all()) == [club]
    bag = Promotion.objects.get(code="X2")
    assert (bag.kind, bag.gift, bag.value, bag.ends_on) == ("gift", "a sports bag", Decimal(0), None)
    assert Promotion.objects.get(code="X3").needs_code


def test_promotions_twice_change_nothing(load: Load) -> None:
    load("promotions", PROMOTION_FILE)
    assert load("promotions", PROMOTION_FILE).unchanged == 3
    answer = load("promotions", PROMOTION_FILE.replace("M1;m12", "M1").replace("a sports bag", "a towel"))
    assert (answer.updated, answer.unchanged) == (2, 1)
    assert list(Promotion.objects.get(code="X1").plans.values_list("code", flat=True)) == ["M1"]
    assert Promotion.objects.get(code="X2").gift == "a towel"


def test_plans_of_another_club_that_a_promotion_names_stay(load: Load, club: Club) -> None:
    load("promotions", PROMOTION_FILE)
    other = factories.make_club("hill")
    shared = Promotion.objects.get(code="X1")
    shared.clubs.add(other)
    shared.plans.add(factories.make_plan(other, "H1"))
    assert load("promotions", PROMOTION_FILE).unchanged == 3
    load("promotions", PROMOTION_FILE.replace("M1;m12", "M1"))
    assert sorted(shared.plans.values_list("code", flat=True)) == ["H1", "M1"]


def test_amounts_in_what_operators_read_are_told(load: Load) -> None:
    answer = load("promotions", PROMOTION_FILE.replace("Ask us", "20 % off"))
    assert answer.created == 3
    assert [(warning["line"], warning["column"]) for warning in answer.warnings] == [(2, "phone_summary")]
