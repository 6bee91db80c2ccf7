import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberships.rules import terms
from memberships.rules.terms import Period, Span, Status, Term

days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("start", "term", "end"),
    [
        (date(2026, 1, 21), "12m", date(2027, 1, 20)),
        (date(2027, 1, 31), "1m", date(2027, 2, 27)),
        (date(2028, 2, 29), "12m", date(2029, 2, 27)),
        (date(2026, 1, 1), "1d", date(2026, 1, 1)),
        (date(2026, 1, 1), "30d", date(2026, 1, 30)),
    ],
)
def test_a_term_ends_the_day_before_its_months_are_over(start, term, end):
    assert terms.ends_on(start, Term.parse(term)) == end


def slow_add_months(day: date, months: int) -> date:
    """Month by month, looking each one's length up."""
    year, month = day.year, day.month
    for _ in range(months):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    longest = max(week[-1] or max(week) for week in calendar.monthcalendar(year, month))
    return date(year, month, longest if day.day > longest else day.day)


@given(days, st.integers(0, 60))
def test_adding_months_agrees_with_the_calendar(day, months):
    assert terms.add_months(day, months) == slow_add_months(day, months)


@given(days, st.integers(0, 4000))
def test_months_between_is_the_largest_that_is_not_after_the_day(start, ahead):
    day = start + ahead * DAY
    months = terms.months_between(start, day)
    assert terms.add_months(start, months) <= day < terms.add_months(start, months + 1)


def test_no_months_lie_between_a_day_and_an_earlier_one():
    assert terms.months_between(date(2026, 5, 1), date(2025, 1, 1)) == 0


@pytest.mark.parametrize("text", ["", "m", "0m", "12", "12w", "-3m", "1201m", "99999d", "1.5m", "¹2m"])
def test_what_is_no_term_is_refused_with_a_sentence(text):
    with pytest.raises(terms.BadTerm) as refused:
        Term.parse(text)
    assert "12m" in str(refused.value)
    assert (refused.value.code, refused.value.status) == ("invalid", 422)


def test_a_term_is_written_as_it_is_read():
    assert str(Term.parse(" 12M ")) == "12m"


def test_a_unit_that_is_neither_months_nor_days_is_refused():
    with pytest.raises(terms.BadTerm):
        Term(3, "w")


def test_the_effective_end_holds_bonus_and_frozen_days():
    assert terms.effective_end(date(2027, 11, 30), 14, 10) == date(2027, 12, 24)


def test_a_closed_membership_ends_on_the_day_it_was_closed():
    assert terms.effective_end(date(2027, 11, 30), 14, 10, closed_on=date(2027, 3, 1)) == date(2027, 3, 1)


def test_status_follows_the_days():
    period = Period(date(2026, 1, 10), date(2026, 2, 10), cancelled_on=date(2026, 2, 5))
    freeze = Span(date(2026, 1, 20), date(2026, 1, 22))
    by_day = {
        date(2026, 1, 9): Status.PENDING,
        date(2026, 1, 10): Status.ACTIVE,
        date(2026, 1, 19): Status.ACTIVE,
        date(2026, 1, 20): Status.FROZEN,
        date(2026, 1, 22): Status.FROZEN,
        date(2026, 1, 23): Status.ACTIVE,
        date(2026, 2, 4): Status.ACTIVE,
        date(2026, 2, 5): Status.CANCELLED,
        date(2026, 3, 1): Status.CANCELLED,
    }
    assert {day: terms.status_on(period, [freeze], day) for day in by_day} == by_day


def test_after_the_effective_end_it_is_expired():
    period = Period(date(2026, 1, 10), date(2026, 2, 10))
    assert terms.status_on(period, [], date(2026, 2, 10)) is Status.ACTIVE
    assert terms.status_on(period, [], date(2026, 2, 11)) is Status.EXPIRED


def test_a_cancelled_one_covers_up_to_the_day_before():
    period = Period(date(2026, 1, 10), date(2026, 2, 10), cancelled_on=date(2026, 1, 15))
    assert terms.covered(period) == Span(date(2026, 1, 10), date(2026, 1, 14))


@pytest.mark.parametrize("cancelled_on", [date(2026, 1, 1), date(2026, 1, 10)])
def test_one_cancelled_by_its_first_day_covers_nothing(cancelled_on):
    assert terms.covered(Period(date(2026, 1, 10), date(2026, 2, 10), cancelled_on)) is None


def test_one_that_is_not_cancelled_covers_its_effective_days():
    assert terms.covered(Period(date(2026, 1, 10), date(2026, 2, 10))) == Span(date(2026, 1, 10), date(2026, 2, 10))


def test_thirteen_days_are_left_on_12_november_until_the_25th():
    assert terms.days_left(date(2026, 11, 25), date(2026, 11, 12)) == 13
    assert terms.days_left(date(2026, 11, 25), date(2026, 11, 28)) == -3


def test_a_span_without_days_cannot_be_made():
    with pytest.raises(ValueError, match="no days"):
        Span(date(2026, 1, 2), date(2026, 1, 1))
    assert terms.span_or_none(date(2026, 1, 2), date(2026, 1, 1)) is None


small = st.tuples(st.integers(0, 40), st.integers(0, 12)).map(
    lambda pair: Span(date(2026, 1, 1) + pair[0] * DAY, date(2026, 1, 1) + (pair[0] + pair[1]) * DAY)
)


def each_day(span: Span) -> set[date]:
    return {span.first + n * DAY for n in range(span.days)}


@given(small, st.lists(small, max_size=5))
def test_taking_days_out_of_a_span_agrees_with_sets_of_days(span, others):
    left = span.without(others)
    assert set().union(*map(each_day, left)) == each_day(span) - set().union(*map(each_day, others))
    assert sum(part.days for part in left) == len(set().union(*map(each_day, left)))


@given(small, small)
def test_spans_overlap_when_they_share_a_day(one, other):
    assert one.overlaps(other) == bool(each_day(one) & each_day(other))
