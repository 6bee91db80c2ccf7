"""Refusals counted, crossed and compared."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from calls.rules import refusals
from calls.rules.refusals import Refusal, Row


def refusal(reason: str = "price", group: str = "club", on: str = "2026-11-12", **more: object) -> Refusal:
    values: dict[str, object] = {
        "member": 1,
        "kind": "renewal",
        "operator": "olga",
        "plan": "M12",
        "segment": "gold",
        "since": dt.date(2024, 12, 1),
        **more,
    }
    day = dt.date.fromisoformat(on)
    at = dt.datetime.combine(day, dt.time(12), dt.UTC)
    return Refusal(at=at, on=day, reason=reason, group=group, **values)  # type: ignore[arg-type]


def test_reasons_come_in_order_of_size_with_their_share():
    rows = refusals.counted([refusal(), refusal("moved", "member"), refusal()], "reason")
    assert rows == [Row("price", 2, Decimal("0.6667")), Row("moved", 1, Decimal("0.3333"))]


def test_a_tie_is_ordered_by_key():
    rows = refusals.counted([refusal("staff"), refusal("price")], "reason")
    assert [row.key for row in rows] == ["price", "staff"]


def test_months_come_in_their_own_order():
    rows = refusals.counted([refusal(on="2026-11-30"), refusal(on="2026-11-01"), refusal(on="2026-10-31")], "month")
    assert [(row.key, row.count) for row in rows] == [("2026-10", 1), ("2026-11", 2)]


def test_tenure_is_counted_in_whole_months_of_the_unbroken_chain():
    days = ["2026-11-12", "2026-05-12", "2026-05-13", "2025-11-12", "2024-11-12", "2023-11-12", "2023-11-13"]
    found = [refusal(since=dt.date.fromisoformat(day)).tenure for day in days]
    assert found == ["0-6m", "6-12m", "0-6m", "1-2y", "2-3y", "3y", "2-3y"]


def test_tenure_without_a_membership_is_unknown_and_comes_last():
    rows = refusals.counted([refusal(since=None), refusal(since=dt.date(2026, 11, 13)), refusal()], "tenure")
    assert [(row.key, row.count) for row in rows] == [("1-2y", 1), ("", 2)]


def test_filters_keep_what_fits_all_of_them():
    found = [refusal(operator="olga"), refusal(operator="samir"), refusal("moved", "member", operator="olga")]
    kept = refusals.chosen(found, {"operator": ["olga"], "group": ["club", "member"], "plan": []})
    assert [one.reason for one in kept] == ["price", "moved"]


def test_a_competitor_is_one_however_it_is_spelt():
    rows = refusals.counted([refusal(competitor="GymBox"), refusal(competitor="Gymbox")], "competitor")
    assert [(row.key, row.count) for row in rows] == [("gymbox", 2)]


def test_crossing_counts_each_refusal_once():
    table = refusals.crossed([refusal(), refusal(plan="M6"), refusal("moved", "member")], "reason", "plan")
    assert table == {"price": {"M12": 1, "M6": 1}, "moved": {"M12": 1}}


def test_the_largest_changes_are_told_and_the_rest_bounded():
    before = [refusal("price")] * 5 + [refusal("crowding")] * 2 + [refusal("moved", "member")] * 3
    now = [refusal("price")] * 1 + [refusal("crowding")] * 9 + [refusal("moved", "member")] * 4
    told, rest = refusals.changes(now, before, most=2)
    assert [(one.reason, one.before, one.now, one.by) for one in told] == [("crowding", 2, 9, 7), ("price", 5, 1, -4)]
    assert rest == 1


def test_a_change_of_one_is_not_told():
    told, rest = refusals.changes([refusal()], [])
    assert told == []
    assert rest == 1


def test_nothing_at_all_changed_nothing():
    assert refusals.changes([], []) == ([], 0)


def test_what_those_with_a_reason_share_is_found():
    old = [refusal("crowding", since=dt.date(2020, 1, 1))] * 4
    now = [*old, *[refusal("price", since=dt.date(2026, 9, 1))] * 6]
    told = refusals.in_common(now, "crowding")
    assert told == refusals.Told("tenure", "3y", 4, 4)


def test_what_everybody_shares_is_not_particular():
    assert refusals.in_common([refusal("crowding")] * 4 + [refusal()] * 4, "crowding") is None


def test_a_reason_that_nobody_gave_shares_nothing():
    assert refusals.in_common([refusal()], "crowding") is None


def test_operators_above_the_limit_of_unsaid_are_named_the_worst_first():
    found = [refusal("declined", "unsaid", operator="dmitri")] * 2 + [refusal(operator="dmitri")] * 4
    found += [refusal("declined", "unsaid", operator="nadia")] * 4 + [refusal(operator="nadia")]
    found += [refusal("declined", "unsaid", operator="olga")] + [refusal(operator="olga")] * 19
    found += [refusal("declined", "unsaid", operator="new")] * 3
    assert refusals.unsaid_above(found, 15) == [("nadia", 4, 5), ("dmitri", 2, 6)]


def test_exactly_the_limit_is_not_above_it():
    found = [refusal("declined", "unsaid")] * 3 + [refusal()] * 17
    assert refusals.unsaid_above(found, 15) == []


def test_months_of_a_period_include_both_ends():
    assert refusals.months_between(dt.date(2026, 11, 30), dt.date(2027, 1, 1)) == ["2026-11", "2026-12", "2027-01"]


def test_whole_months_are_compared_with_as_many_whole_months():
    first, last = dt.date(2026, 10, 1), dt.date(2026, 12, 31)
    assert refusals.period_before(first, last) == (dt.date(2026, 7, 1), dt.date(2026, 9, 30))
    assert refusals.period_before(dt.date(2026, 2, 1), dt.date(2026, 2, 28)) == (
        dt.date(2026, 1, 1),
        dt.date(2026, 1, 31),
    )


def test_other_periods_are_compared_with_as_many_days():
    first, last = dt.date(2026, 11, 3), dt.date(2026, 11, 12)
    assert refusals.period_before(first, last) == (dt.date(2026, 10, 24), dt.date(2026, 11, 2))
