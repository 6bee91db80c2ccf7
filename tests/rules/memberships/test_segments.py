from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberships.rules import segments
from memberships.rules.segments import Segment
from memberships.rules.terms import Span


def by_money(*amounts: int) -> list[Segment]:
    ranked = segments.segments({number: Decimal(amount) for number, amount in enumerate(amounts)})
    return [ranked[number].segment for number in range(len(amounts))]


def test_of_ten_members_two_are_gold_four_silver_and_the_rest_copper():
    gold, silver, copper = Segment.GOLD, Segment.SILVER, Segment.COPPER
    assert by_money(*range(1000, 0, -100)) == [gold] * 2 + [silver] * 4 + [copper] * 4


def test_equal_money_is_the_same_segment():
    assert by_money(100, 100, 100, 100, 100) == [Segment.GOLD] * 5


def test_who_paid_nothing_is_copper_even_when_nobody_paid_more():
    assert by_money(0, 0) == [Segment.COPPER] * 2


def test_an_only_member_who_paid_is_gold():
    assert by_money(1) == [Segment.GOLD]


def test_exactly_twenty_percent_above_is_silver_and_exactly_sixty_copper():
    assert by_money(5, 4, 3, 2, 1) == [
        Segment.GOLD,
        Segment.SILVER,
        Segment.SILVER,
        Segment.COPPER,
        Segment.COPPER,
    ]


def test_the_limits_are_the_clubs():
    ranked = segments.segments({1: Decimal(2), 2: Decimal(1)}, gold_percent=60, silver_percent=60)
    assert ranked[2].segment is Segment.GOLD


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (1, "0 of 3 members paid more in the last 365 days."),
        (2, "1 of 3 members paid more in the last 365 days."),
        (3, "Paid nothing in the last 365 days."),
    ],
)
def test_a_segment_says_why_without_amounts(member, why):
    ranked = segments.segments({1: Decimal(360), 2: Decimal(40), 3: Decimal(0)})
    assert str(ranked[member].why) == why


def test_money_counts_from_364_days_ago_to_today():
    assert segments.money_days(date(2026, 11, 1)) == Span(date(2025, 11, 2), date(2026, 11, 1))
    assert segments.money_days(date(2026, 11, 1)).days == 365


@given(st.lists(st.integers(0, 8), min_size=1, max_size=40), st.integers(0, 100), st.integers(0, 100))
def test_segments_agree_with_counting_everybody_who_paid_more(amounts, one, other):
    gold, silver = sorted((one, other))
    ranked = segments.segments(dict(enumerate(map(Decimal, amounts))), gold_percent=gold, silver_percent=silver)
    for number, amount in enumerate(amounts):
        share = sum(100 for paid in amounts if paid > amount) / len(amounts)
        expected = "copper"
        if amount and share < gold:
            expected = "gold"
        elif amount and share < silver:
            expected = "silver"
        assert ranked[number].segment == expected
