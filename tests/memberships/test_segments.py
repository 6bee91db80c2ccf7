"""Gold, silver and copper by what was paid, with history; who comes less and who stays away."""

from __future__ import annotations

from decimal import Decimal

import pytest

from memberships import attendance, segments
from memberships.models import Member, SegmentChange, Visit
from memberships.rules import segments as rules
from tests import days, factories
from tests.days import day
from tests.memberships.shop import Shop, english

YEAR = day("2026-01-01")


def payer(shop: Shop, name: str, paid: object, *, sold_on: str = "2026-01-01") -> Member:
    member = shop.member(name)
    factories.make_membership(member, starts_on=YEAR, sold_on=day(sold_on), price_paid=paid, balance_due=Decimal(0))
    return member


def ranks(shop: Shop) -> dict[str, str]:
    return dict(Member.objects.filter(club=shop.club).order_by("pk").values_list("last_name", "segment"))


def test_members_of_the_day_are_ranked_by_what_they_paid_in_a_year(shop: Shop) -> None:
    for name, paid in (("a", 500), ("b", 400), ("c", 400), ("d", 100), ("e", 0)):
        payer(shop, name, paid)
    gone = shop.member("gone", segment="gold")
    factories.make_membership(gone, starts_on=day("2024-01-01"))
    assert segments.rank(club=shop.club, on=days.TODAY) == 5
    # of five: 20 % is one, 60 % three
    assert ranks(shop) == {"a": "gold", "b": "silver", "c": "silver", "d": "copper", "e": "copper", "gone": "gold"}
    change = SegmentChange.objects.get(member__last_name="d")
    assert (change.on, english(change.why)) == (days.TODAY, "3 of 5 members paid more in the last 365 days.")


def test_money_counts_for_365_days(shop: Shop) -> None:
    payer(shop, "in", 10, sold_on="2025-11-13")
    payer(shop, "out", 999, sold_on="2025-11-12")
    assert segments.rank(club=shop.club, on=days.TODAY) == 2
    assert ranks(shop) == {"in": "gold", "out": "copper"}
    change = SegmentChange.objects.get(member__last_name="out")
    assert english(change.why) == "Paid nothing in the last 365 days."


@pytest.mark.parametrize(("gold", "silver"), [(20, 60), (0, 50), (33, 34), (100, 100)])
def test_the_statement_ranks_as_the_rule_does(shop: Shop, gold: int, silver: int) -> None:
    shop.club.policy.gold_percent, shop.club.policy.silver_percent = gold, silver
    shop.club.policy.save()
    amounts = [0, 0, 10, 10, 10, 25, 30, 30, 50, 50, 70, 90, 90, 400]
    paid = {payer(shop, f"m{number}", amount).pk: Decimal(amount) for number, amount in enumerate(amounts)}
    segments.rank(club=shop.club, on=days.TODAY)
    expected = rules.segments(paid, gold_percent=gold, silver_percent=silver)
    assert {row.member_id: (row.segment, row.why) for row in SegmentChange.objects.all()} == {
        member: (ranked.segment, ranked.why.to_json()) for member, ranked in expected.items()
    }


def test_ranking_twice_changes_nothing_and_a_change_keeps_the_history(shop: Shop) -> None:
    first, second = payer(shop, "a", 500), payer(shop, "b", 100)
    assert segments.rank(club=shop.club, on=days.TODAY) == 2
    assert segments.rank(club=shop.club, on=days.TODAY) == 0
    payer(shop, "c", 900)
    later = day("2026-11-20")
    assert segments.rank(club=shop.club, on=later) == 3
    assert ranks(shop) == {"a": "silver", "b": "copper", "c": "gold"}
    assert [(row.on, row.segment) for row in segments.history(first)] == [(later, "silver"), (days.TODAY, "gold")]
    assert [(row.on, row.segment) for row in segments.history(second)] == [(later, "copper"), (days.TODAY, "silver")]


def test_a_day_of_the_past_does_not_rewrite_later_history(shop: Shop) -> None:
    member = payer(shop, "a", 0)
    segments.rank(club=shop.club, on=days.TODAY)
    factories.make_membership(member, starts_on=day("2025-01-01"), price_paid=500, balance_due=Decimal(0))
    assert segments.rank(club=shop.club, on=day("2025-12-01")) == 0
    assert ranks(shop) == {"a": "copper"}


def test_the_policy_moves_the_borders(shop: Shop) -> None:
    for name, paid in (("a", 500), ("b", 400)):
        payer(shop, name, paid)
    shop.club.policy.gold_percent, shop.club.policy.silver_percent = 100, 100
    shop.club.policy.save()
    segments.rank(club=shop.club, on=days.TODAY)
    assert ranks(shop) == {"a": "gold", "b": "gold"}


# ---- attendance ------------------------------------------------------------------------------------------


def regular(shop: Shop, per_week: list[int], *, last_on: str = "2026-11-12") -> Member:
    member = shop.member("regular")
    factories.make_membership(member, starts_on=day("2026-07-01"))
    factories.make_visits(member, day(last_on), per_week)
    return member


def test_weeks_and_counts_of_one_member(shop: Shop) -> None:
    member = regular(shop, [4] * 12 + [3, 3, 2, 1])
    came = attendance.of_member(member=member, on=days.TODAY)
    assert came.weeks == [4] * 8 + [3, 3, 2, 1]
    assert (came.counts.lately, came.counts.before, came.last_visit_on) == (9, 48, days.TODAY)
    before = attendance.of_member(member=member, on=day("2026-11-05"))
    assert before.weeks[-1] == 2


def test_a_member_who_comes_half_as_often_as_usual_is_falling(shop: Shop) -> None:
    falling = regular(shop, [2] * 12 + [1, 1, 1, 1])
    steady = regular(shop, [2] * 12 + [2, 1, 1, 1])
    found = attendance.lapses(club=shop.club, on=days.TODAY)
    assert set(found) == {falling.pk}
    assert (found[falling.pk].falling, found[falling.pk].absent, found[falling.pk].counts.lately) == (True, False, 4)
    assert attendance.lapse_of(member=steady, on=days.TODAY) is None


def test_the_falling_of_a_page_are_those_of_the_club_and_cost_nothing_where_nobody_falls(
    shop: Shop, django_assert_num_queries: pytest.FixtureDef
) -> None:
    falling, steady = regular(shop, [2] * 12 + [1, 1, 1, 1]), regular(shop, [2] * 16)
    frozen = regular(shop, [2] * 12 + [1, 1, 1, 1])
    factories.make_freeze(frozen.memberships.get(), day("2026-08-01"), day("2026-08-07"))
    page = [falling.pk, steady.pk, frozen.pk]
    came = attendance.of_members(club=shop.club, members=page, on=days.TODAY)
    assert attendance.falling(club=shop.club, on=days.TODAY, came=came) == {falling.pk}
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert not attendance.falling(club=shop.club, on=days.TODAY, came={steady.pk: came[steady.pk]})
    quiet = days.TODAY + 8 * days.DAY
    came = attendance.of_members(club=shop.club, members=page, on=quiet)
    assert came[falling.pk].counts.fallen and not attendance.falling(club=shop.club, on=quiet, came=came)


def test_falling_needs_112_days_covered_and_not_frozen(shop: Shop) -> None:
    frozen = regular(shop, [2] * 12 + [1, 1, 1, 1])
    factories.make_freeze(frozen.memberships.get(), day("2026-08-01"), day("2026-08-07"))
    short = shop.member("short")
    factories.make_membership(short, starts_on=day("2026-07-25"))
    factories.make_visits(short, days.TODAY, [2] * 12 + [1, 1, 1, 1])
    assert attendance.lapses(club=shop.club, on=days.TODAY) == {}


def test_two_weeks_without_a_visit_are_absence_counted_from_the_latest_of_its_causes(shop: Shop) -> None:
    regular(shop, [1])  # the club has fresh visits
    absent = regular(shop, [1, 1], last_on="2026-10-29")
    seen = regular(shop, [1, 1], last_on="2026-10-30")
    returned = regular(shop, [1], last_on="2026-10-01")
    factories.make_freeze(returned.memberships.get(), day("2026-10-05"), day("2026-10-30"))
    fresh = shop.member("fresh")
    factories.make_membership(fresh, starts_on=day("2026-10-30"))
    never = shop.member("never")
    factories.make_membership(never, starts_on=day("2026-10-20"))
    frozen = regular(shop, [1], last_on="2026-10-01")
    factories.make_freeze(frozen.memberships.get(), day("2026-11-10"), day("2026-11-30"))
    found = attendance.lapses(club=shop.club, on=days.TODAY)
    assert {member: lapse.not_seen_since for member, lapse in found.items()} == {
        absent.pk: day("2026-10-29"),
        never.pk: day("2026-10-20"),
    }
    assert all(member.pk not in found for member in (seen, returned, fresh, frozen))


def test_nobody_is_asked_in_a_club_whose_visits_are_not_fresh(shop: Shop) -> None:
    regular(shop, [1], last_on="2026-11-05")
    assert not attendance.counted(club=shop.club, on=days.TODAY)
    assert attendance.lapses(club=shop.club, on=days.TODAY) == {}
    assert attendance.counted(club=shop.club, on=day("2026-11-11"))


def test_a_whole_club_costs_a_handful_of_queries(shop: Shop, django_assert_max_num_queries: pytest.FixtureDef) -> None:
    for _ in range(6):
        regular(shop, [2] * 12 + [1, 1, 1, 1])
    with django_assert_max_num_queries(7):  # type: ignore[operator]
        assert len(attendance.lapses(club=shop.club, on=days.TODAY)) == 6
    assert Visit.objects.count() == 6 * 28
