from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberships.rules import sales, terms
from memberships.rules.sales import SaleKind, Sold
from memberships.rules.terms import Span

DAY = timedelta(days=1)
FIRST = Sold(500, date(2024, 12, 1), date(2025, 11, 30))
SECOND = Sold(501, date(2025, 12, 1), date(2026, 11, 30), SaleKind.RENEWAL, renewed_from=500)
HISTORY = [FIRST, SECOND]


def cancelled(sold: Sold, on: date) -> Sold:
    return Sold(sold.id, sold.starts_on, sold.effective_ends_on, sold.kind, cancelled_on=on)


def test_a_member_without_memberships_buys_for_the_first_time():
    assert sales.sale_kind([], date(2026, 1, 1)) == (SaleKind.NEW, None)


@pytest.mark.parametrize(("days_after", "kind"), [(1, SaleKind.RENEWAL), (30, SaleKind.RENEWAL), (31, SaleKind.RETURN)])
def test_a_sale_within_the_grace_is_a_renewal_and_later_a_return(days_after, kind):
    starts_on = date(2026, 11, 30) + days_after * DAY
    assert sales.sale_kind(HISTORY, starts_on) == (kind, SECOND)


def test_a_club_may_set_another_grace():
    assert sales.sale_kind(HISTORY, date(2026, 12, 10), grace_days=5)[0] is SaleKind.RETURN


def test_after_a_cancelled_prior_a_sale_is_a_return_even_when_the_date_lies_ahead():
    prior = cancelled(SECOND, date(2026, 11, 20))
    assert sales.sale_kind([FIRST, prior], date(2026, 11, 20)) == (SaleKind.RETURN, prior)


@pytest.mark.parametrize("on", [date(2025, 11, 1), date(2025, 12, 1)])
def test_one_cancelled_before_it_began_does_not_count_as_prior(on):
    assert sales.sale_kind([FIRST, cancelled(SECOND, on)], date(2025, 12, 1)) == (SaleKind.RENEWAL, FIRST)
    assert sales.sale_kind([cancelled(SECOND, on)], date(2025, 12, 1)) == (SaleKind.NEW, None)


def test_the_prior_starts_before_the_new_one():
    ahead = Sold(502, date(2027, 6, 1), date(2027, 6, 30))
    assert sales.prior_of([FIRST, ahead], date(2026, 1, 1)) == FIRST


def test_the_latest_is_found_by_its_last_covered_day():
    long_cancelled = Sold(1, date(2025, 6, 1), date(2026, 5, 31), cancelled_on=date(2025, 7, 1))
    later = Sold(2, date(2025, 8, 1), date(2025, 8, 31))
    assert sales.latest([later, long_cancelled]) == later


def test_a_renewal_starts_the_day_after_the_latest_membership_by_default():
    pending = Sold(502, date(2026, 12, 1), date(2027, 11, 30))
    assert sales.default_start(HISTORY, date(2026, 11, 12)) == date(2026, 12, 1)
    assert sales.default_start(HISTORY, date(2026, 11, 30)) == date(2026, 12, 1)
    assert sales.default_start([*HISTORY, pending], date(2026, 11, 12)) == date(2027, 12, 1)


def test_after_the_end_a_sale_starts_on_its_date_by_default():
    assert sales.default_start(HISTORY, date(2026, 12, 1)) == date(2026, 12, 1)
    assert sales.default_start([], date(2026, 12, 1)) == date(2026, 12, 1)


def test_behind_one_cancelled_ahead_a_sale_starts_on_the_cancellation_day():
    assert sales.default_start([cancelled(SECOND, date(2026, 6, 1))], date(2026, 3, 1)) == date(2026, 6, 1)


@pytest.mark.parametrize(
    ("kind", "start_given", "starts_on", "follows"),
    [
        (SaleKind.RENEWAL, False, date(2026, 12, 1), True),
        (SaleKind.RENEWAL, True, date(2026, 12, 1), False),
        (SaleKind.RENEWAL, False, date(2026, 12, 5), False),
        (SaleKind.RETURN, False, date(2026, 12, 1), False),
    ],
)
def test_only_a_renewal_with_the_default_start_follows_its_prior(kind, start_given, starts_on, follows):
    assert sales.follows_prior(kind, SECOND, starts_on, start_given=start_given) is follows


def test_without_a_prior_nothing_is_followed():
    assert not sales.follows_prior(SaleKind.RENEWAL, None, date(2026, 12, 1), start_given=False)


def test_a_sale_is_dated_today_or_earlier_by_a_manager():
    today = date(2026, 11, 12)
    sales.check_sale_date(today, today, may_enter_past=False)
    sales.check_sale_date(today - DAY, today, may_enter_past=True)
    for sold_on, may in [(today - DAY, False), (today + DAY, True), (today + DAY, False)]:
        with pytest.raises(sales.SaleDateRefused):
            sales.check_sale_date(sold_on, today, may_enter_past=may)


def test_a_given_start_lies_from_the_sale_to_a_year_ahead():
    sold_on = date(2026, 11, 12)
    for ahead in (0, 365):
        sales.check_given_start(sold_on + ahead * DAY, sold_on)
    for ahead in (-1, 366):
        with pytest.raises(sales.StartRefused):
            sales.check_given_start(sold_on + ahead * DAY, sold_on)


def test_days_that_are_covered_cannot_be_sold_again():
    sales.check_no_overlap(HISTORY, Span(date(2026, 12, 1), date(2027, 1, 1)))
    with pytest.raises(sales.Overlap) as refused:
        sales.check_no_overlap(HISTORY, Span(date(2026, 11, 30), date(2027, 1, 1)))
    assert (refused.value.code, refused.value.status) == ("overlap", 409)
    assert str(refused.value) == "There is already a membership from 1 December 2025 to 30 November 2026."


def test_a_successor_is_any_later_membership_that_is_not_cancelled():
    third = Sold(502, date(2027, 6, 1), date(2027, 6, 30), SaleKind.RETURN)
    assert sales.successor([*HISTORY, third], FIRST) == SECOND
    assert sales.successor([FIRST, cancelled(SECOND, date(2026, 11, 29)), third], FIRST) == third
    assert sales.successor(HISTORY, SECOND) is None


def test_tenure_counts_from_the_start_of_the_unbroken_chain():
    assert sales.chain_start(HISTORY, SECOND) == date(2024, 12, 1)
    assert sales.tenure_months(HISTORY, SaleKind.RENEWAL, SECOND, date(2026, 12, 1)) == 24
    assert sales.tenure_months(HISTORY, SaleKind.RENEWAL, SECOND, date(2026, 11, 30)) == 23


def test_a_return_breaks_the_chain_and_a_change_of_plan_does_not():
    changed = Sold(502, date(2026, 3, 1), date(2027, 2, 28), SaleKind.CHANGE, renewed_from=501)
    returned = Sold(503, date(2026, 3, 1), date(2027, 2, 28), SaleKind.RETURN)
    assert sales.chain_start([*HISTORY, changed], changed) == date(2024, 12, 1)
    assert sales.chain_start([*HISTORY, returned], returned) == date(2026, 3, 1)
    assert sales.tenure_months(HISTORY, SaleKind.RETURN, SECOND, date(2027, 3, 1)) == 0
    assert sales.tenure_months([], SaleKind.NEW, None, date(2027, 3, 1)) == 0


def test_a_chain_whose_beginning_is_not_known_begins_where_it_is():
    assert sales.chain_start([SECOND], SECOND) == date(2025, 12, 1)


def test_early_days_count_to_the_priors_effective_end():
    assert sales.renewed_early_days(SECOND, date(2026, 11, 12)) == 18
    assert sales.renewed_early_days(None, date(2026, 11, 12)) is None


def test_kinds_of_an_imported_history_are_worked_out_from_its_dates():
    rows = [
        Sold(1, date(2024, 1, 1), date(2024, 12, 31)),
        Sold(2, date(2025, 1, 10), date(2025, 12, 31)),
        Sold(3, date(2026, 3, 1), date(2026, 8, 31), SaleKind.NEW),
        Sold(4, date(2026, 9, 1), date(2026, 12, 31), SaleKind.CHANGE, renewed_from=3),
    ]
    assert sales.kinds_of_history(rows) == {
        1: (SaleKind.NEW, None),
        2: (SaleKind.RENEWAL, 1),
        3: (SaleKind.RETURN, None),
        4: (SaleKind.CHANGE, 3),
    }


@pytest.mark.parametrize(
    ("starts_on", "sold_on", "follows"),
    [
        (date(2026, 12, 1), date(2026, 11, 30), True),
        (date(2026, 12, 1), date(2026, 12, 1), False),
        (date(2026, 12, 2), date(2026, 11, 1), False),
        (date(2026, 12, 1), None, False),
    ],
)
def test_a_pending_imported_row_follows_when_it_was_sold_before_its_priors_end(starts_on, sold_on, follows):
    row = Sold(502, starts_on, date(2027, 11, 30), sold_on=sold_on)
    assert sales.imported_follows(row, SaleKind.RENEWAL, SECOND, as_of=date(2026, 11, 15)) is follows


def test_an_imported_row_that_has_started_or_has_no_prior_follows_nothing():
    row = Sold(502, date(2026, 12, 1), date(2027, 11, 30), sold_on=date(2026, 11, 1))
    assert not sales.imported_follows(row, SaleKind.RENEWAL, SECOND, as_of=date(2026, 12, 1))
    assert not sales.imported_follows(row, SaleKind.NEW, None, as_of=date(2026, 11, 1))


# ---- against a slow reading of §3.2, day by day ----------------------------------------------------------

start_day = st.integers(0, 300)


@st.composite
def histories(draw):
    """Memberships that share no covered day, some cancelled."""
    rows, taken = [], set()
    for number in range(draw(st.integers(0, 5))):
        first = date(2026, 1, 1) + draw(start_day) * DAY
        length = draw(st.integers(1, 60))
        cancel_after = draw(st.none() | st.integers(-5, 60))
        cancelled_on = None if cancel_after is None else first + min(cancel_after, length - 1) * DAY
        row = Sold(number, first, first + (length - 1) * DAY, cancelled_on=cancelled_on)
        days = slow_days(row)
        if not days & taken:
            taken |= days
            rows.append(row)
    return rows


def slow_days(row: Sold) -> set[date]:
    days, day = set(), row.starts_on
    while day <= row.effective_ends_on and not (row.cancelled_on is not None and row.cancelled_on <= day):
        days.add(day)
        day += DAY
    return days


@given(histories(), start_day, st.integers(0, 40))
def test_kind_and_prior_agree_with_a_slow_reading(rows, start, grace):
    starts_on = date(2026, 1, 1) + start * DAY
    candidates = {max(slow_days(row)): row for row in rows if row.starts_on < starts_on and slow_days(row)}
    if not candidates:
        expected = (SaleKind.NEW, None)
    else:
        prior = candidates[max(candidates)]
        within = any(prior.effective_ends_on + n * DAY == starts_on for n in range(-1000, grace + 1))
        kind = SaleKind.RENEWAL if within and prior.cancelled_on is None else SaleKind.RETURN
        expected = (kind, prior)
    assert sales.sale_kind(rows, starts_on, grace) == expected


@given(histories(), start_day)
def test_the_default_start_covers_no_day_twice_and_leaves_no_gap(rows, sold):
    sold_on = date(2026, 1, 1) + sold * DAY
    taken = set().union(*map(slow_days, rows))
    expected = max(taken) + DAY if taken and max(taken) >= sold_on else sold_on
    assert sales.default_start(rows, sold_on) == expected


@given(histories(), start_day, st.integers(1, 60))
def test_overlaps_are_refused_exactly_when_a_day_is_shared(rows, start, length):
    span = Span(date(2026, 1, 1) + start * DAY, date(2026, 1, 1) + (start + length - 1) * DAY)
    shared = {span.first + n * DAY for n in range(span.days)} & set().union(*map(slow_days, rows))
    try:
        sales.check_no_overlap(rows, span)
        refused = False
    except sales.Overlap:
        refused = True
    assert refused == bool(shared)


@given(st.lists(st.integers(1, 14), min_size=1, max_size=5), st.integers(0, 20))
def test_tenure_agrees_with_counting_months_one_by_one(lengths, gap):
    rows: list[Sold] = []
    start = date(2024, 1, 31)
    for number, months in enumerate(lengths):
        end = terms.ends_on(start, terms.Term(months, "m"))
        kind = SaleKind.RENEWAL if rows else SaleKind.NEW
        rows.append(Sold(number, start, end, kind, renewed_from=number - 1 if rows else None))
        start = end + (1 + gap) * DAY
    counted = 0
    while terms.add_months(rows[0].starts_on, counted + 1) <= start:
        counted += 1
    assert sales.tenure_months(rows, SaleKind.RENEWAL, rows[-1], start) == counted
