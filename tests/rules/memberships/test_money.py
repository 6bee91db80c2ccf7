from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberships.rules import money


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("2.005", "USD", "2.01"),
        ("2.004999", "USD", "2.00"),
        ("306", "USD", "306.00"),
        ("0", "EUR", "0.00"),
        ("0.5", "JPY", "1"),
        ("0.4999", "JPY", "0"),
        ("1.0005", "KWD", "1.001"),
        ("-2.005", "USD", "-2.01"),
        ("1.00005", "CLF", "1.0001"),
    ],
)
def test_amounts_are_rounded_half_up_to_the_minor_unit(amount, currency, rounded):
    assert str(money.round_half_up(Decimal(amount), currency)) == rounded


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=6), st.sampled_from(["USD", "JPY", "KWD"]))
def test_rounding_agrees_with_decimal_quantize(amount, currency):
    unit = Decimal({"USD": "0.01", "JPY": "1", "KWD": "0.001"}[currency])
    assert money.round_half_up(amount, currency) == amount.quantize(unit, ROUND_HALF_UP)


def test_fractions_are_rounded_exactly():
    assert money.round_half_up(Fraction(1, 3), "USD") == Decimal("0.33")
    just_below = Fraction(5, 1000) - Fraction(1, 10**60)
    assert money.round_half_up(just_below, "USD") == Decimal("0.00")


@pytest.mark.parametrize(("value", "text"), [("10.000", "10"), ("12.50", "12.5"), ("1E+2", "100"), ("7", "7")])
def test_numbers_are_said_without_trailing_zeros(value, text):
    assert money.number_text(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "currency", "text"), [("20.000", "USD", "20"), ("12.5", "USD", "12.50"), ("1.25", "KWD", "1.250")]
)
def test_amounts_are_said_whole_or_with_all_decimals(value, currency, text):
    assert money.amount_text(Decimal(value), currency) == text
