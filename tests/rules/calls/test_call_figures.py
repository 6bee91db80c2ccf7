"""The formulas of §13."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from calls.rules import figures

counts = st.integers(0, 10**7)


def test_each_figure_by_its_formula() -> None:
    assert figures.contact_rate(attempts=31, reached=14) == Decimal("0.4516")
    assert figures.booking_rate(reached=14, booked=5) == Decimal("0.3571")
    assert figures.show_rate(attended=3, no_show=1) == Decimal("0.7500")
    assert figures.close_rate(attended=8, renewed=3, changed_plan=1) == Decimal("0.5000")
    assert figures.renewal_rate(ended=100, renewed=40, still_open=15, changed=5) == Decimal("0.5000")
    assert figures.attrition(members_at_start=1500, lost=42) == Decimal("0.0280")
    assert figures.retention(members_at_start=1500, members_at_end=1520, started=60) == Decimal("0.9733")
    assert figures.repeat_sale_share(new=60, renewal=30, returned=10) == Decimal("0.4000")
    assert figures.return_rate(lost=42, came_back=3) == Decimal("0.0714")
    assert figures.unsaid_share(refusals=212, unsaid=26) == Decimal("0.1226")


def test_nothing_to_divide_by_answers_none() -> None:
    assert figures.contact_rate(attempts=0, reached=0) is None
    assert figures.show_rate(attended=0, no_show=0) is None
    assert figures.renewal_rate(ended=20, renewed=0, still_open=15, changed=5) is None
    assert figures.repeat_sale_share(new=0, renewal=0, returned=0) is None


def test_every_formula_in_words_belongs_to_a_figure() -> None:
    assert all(callable(getattr(figures, name)) and words for name, words in figures.FORMULAS.items())


@given(counts, st.integers(1, 10**7))
def test_a_rate_is_the_nearest_of_four_places_and_a_half_goes_up(part: int, whole: int) -> None:
    found = Fraction(figures.rate(part, whole))
    exact = Fraction(part, whole)
    assert -Fraction(1, 20000) < exact - found < Fraction(1, 20000) or found - exact == Fraction(1, 20000)


def test_a_funnel_says_of_the_stage_before_and_of_the_first() -> None:
    assert len(figures.FUNNEL) == 7
    assert figures.funnel([200, 100, 0, 0]) == [
        (200, None, None),
        (100, Decimal("0.5000"), Decimal("0.5000")),
        (0, Decimal("0.0000"), Decimal("0.0000")),
        (0, None, Decimal("0.0000")),
    ]
    assert figures.funnel([]) == []


def test_a_pareto_adds_up() -> None:
    assert figures.pareto([5, 3, 2]) == [
        (Decimal("0.5000"), Decimal("0.5000")),
        (Decimal("0.3000"), Decimal("0.8000")),
        (Decimal("0.2000"), Decimal("1.0000")),
    ]
    assert figures.pareto([0]) == [(None, None)]
