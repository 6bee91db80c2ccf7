from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberships.rules import sales
from memberships.rules.sales import SaleKind, Sold
from memberships.rules.terms import Span

DAY = timedelta(days=1)
TODAY = date(2026, 6, 15)
RUNNING = Sold(1, date(2026, 1, 1), date(2026, 12, 31))


def change(on: date, *, of: Sold = RUNNING, history: list[Sold] | None = None, today: date = TODAY, manager=False):
    sales.check_change(history or [of], of, on, today=today, may_choose_day=manager)


def test_an_administrator_changes_the_plan_today():
    change(TODAY)
    with pytest.raises(sales.ChangeDateRefused):
        change(TODAY + DAY)


@pytest.mark.parametrize(
    ("on", "allowed"),
    [
        (date(2026, 1, 1), False),
        (date(2026, 1, 2), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
    ],
)
def test_a_manager_changes_it_from_the_day_after_the_start_to_the_effective_end(on, allowed):
    if allowed:
        change(on, manager=True)
    else:
        with pytest.raises(sales.ChangeDateRefused) as refused:
            change(on, manager=True)
        assert str(refused.value) == "The plan can change from 2 January 2026 to 31 December 2026."


@pytest.mark.parametrize("today", [date(2025, 12, 31), date(2027, 1, 1)])
def test_only_a_running_membership_changes_its_plan(today):
    with pytest.raises(sales.ChangeDateRefused, match="running"):
        change(date(2026, 6, 1), today=today, manager=True)


def test_a_cancelled_membership_keeps_its_plan():
    of = Sold(1, date(2026, 1, 1), date(2026, 12, 31), cancelled_on=date(2026, 12, 1))
    with pytest.raises(sales.AlreadyCancelled):
        change(TODAY, of=of)


def test_with_a_sold_renewal_behind_it_the_plan_stays():
    renewal = Sold(2, date(2027, 1, 1), date(2027, 12, 31), SaleKind.RENEWAL, renewed_from=1)
    with pytest.raises(sales.AlreadyRenewed) as refused:
        change(TODAY, history=[RUNNING, renewal])
    assert refused.value.code == "already_renewed"


def test_credit_is_the_share_of_the_remaining_days_of_which_the_day_is_one():
    days = Span(date(2026, 1, 1), date(2026, 1, 30))
    credit = sales.change_credit(days, [], date(2026, 1, 21), Decimal(100), "USD")
    assert (credit.all_days, credit.remaining_days, credit.amount) == (30, 10, Decimal("33.33"))


def test_frozen_days_count_neither_as_remaining_nor_as_all():
    days = Span(date(2026, 1, 1), date(2026, 2, 9))  # 30 days of the term, 10 frozen
    frozen = [Span(date(2026, 1, 16), date(2026, 1, 25))]
    before, inside, after = (
        sales.change_credit(days, frozen, on, Decimal(300), "USD")
        for on in (date(2026, 1, 11), date(2026, 1, 20), date(2026, 1, 26))
    )
    assert (before.all_days, before.remaining_days, before.amount) == (30, 20, Decimal("200.00"))
    assert (inside.remaining_days, inside.amount) == (15, Decimal("150.00"))
    assert (after.remaining_days, after.amount) == (15, Decimal("150.00"))


def test_a_membership_frozen_on_all_its_days_is_worth_nothing():
    days = Span(date(2026, 1, 1), date(2026, 1, 10))
    assert sales.change_credit(days, [days], date(2026, 1, 5), Decimal(300), "USD").amount == 0


spans = st.tuples(st.integers(0, 90), st.integers(0, 20)).map(
    lambda pair: Span(date(2026, 1, 1) + pair[0] * DAY, date(2026, 1, 1) + sum(pair) * DAY)
)


@given(st.integers(1, 80), st.lists(spans, max_size=3), st.integers(0, 80), st.integers(0, 10**7))
def test_credit_agrees_with_counting_day_by_day(length, freezes, on, cents):
    days = Span(date(2026, 1, 1), date(2026, 1, 1) + (length - 1) * DAY)
    changed_on = days.first + on * DAY
    value = Decimal(cents) / 100
    running = [
        day for day in (days.first + n * DAY for n in range(length)) if not any(day in freeze for freeze in freezes)
    ]
    remaining = [day for day in running if day >= changed_on]
    credit = sales.change_credit(days, freezes, changed_on, value, "JPY")
    assert (credit.all_days, credit.remaining_days) == (len(running), len(remaining))
    # half up, in integers: 2 × value × remaining ÷ all, plus one, halved
    whole = (2 * cents * len(remaining) + 100 * len(running)) // (200 * len(running)) if running else 0
    assert credit.amount == whole


def test_the_credit_never_makes_a_price_negative():
    assert sales.price_after_credit(Decimal("360.00"), Decimal("100.50")) == Decimal("259.50")
    assert sales.price_after_credit(Decimal("360.00"), Decimal("400.00")) == 0


# ---- cancel ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "manager", "allowed"),
    [
        (TODAY, False, True),
        (TODAY - DAY, False, False),
        (date(2026, 1, 1), True, True),
        (date(2025, 12, 31), True, False),
        (date(2026, 12, 31), False, True),
        (date(2027, 1, 1), True, False),
    ],
)
def test_the_day_of_cancelling_lies_from_today_or_the_start_to_the_effective_end(on, manager, allowed):
    if allowed:
        sales.check_cancel(RUNNING, on, "moved", today=TODAY, may_choose_past=manager)
    else:
        with pytest.raises(sales.CancelDateRefused) as refused:
            sales.check_cancel(RUNNING, on, "moved", today=TODAY, may_choose_past=manager)
        assert (refused.value.code, refused.value.status) == ("cancel_date", 422)


@pytest.mark.parametrize("manager", [True, False])
def test_a_pending_membership_is_cancelled_from_today(manager):
    today = date(2025, 12, 1)
    sales.check_cancel(RUNNING, today, "moved", today=today, may_choose_past=manager)
    with pytest.raises(sales.CancelDateRefused):
        sales.check_cancel(RUNNING, today - DAY, "moved", today=today, may_choose_past=manager)


def test_one_that_has_ended_is_cancelled_by_a_manager_only():
    today = date(2027, 2, 1)
    sales.check_cancel(RUNNING, date(2026, 12, 31), "moved", today=today, may_choose_past=True)
    with pytest.raises(sales.CancelDateRefused, match="ended on 31 December 2026"):
        sales.check_cancel(RUNNING, today, "moved", today=today, may_choose_past=False)


def test_cancelling_takes_a_reason():
    with pytest.raises(sales.ReasonRequired) as refused:
        sales.check_cancel(RUNNING, TODAY, "  ", today=TODAY, may_choose_past=False)
    assert (refused.value.code, list(refused.value.fields)) == ("reason_required", ["reason"])


def test_what_is_cancelled_is_not_cancelled_again():
    of = Sold(1, date(2026, 1, 1), date(2026, 12, 31), cancelled_on=date(2026, 12, 1))
    with pytest.raises(sales.AlreadyCancelled) as refused:
        sales.check_cancel(of, TODAY, "moved", today=TODAY, may_choose_past=False)
    assert refused.value.status == 409
