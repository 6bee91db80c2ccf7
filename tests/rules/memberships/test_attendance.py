from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberships.rules import attendance
from memberships.rules.attendance import Counts
from memberships.rules.terms import Span

DAY = timedelta(days=1)
TODAY = date(2026, 11, 12)
COVERED = [Span(TODAY - 111 * DAY, TODAY + 30 * DAY)]


def test_the_last_28_days_hold_today_and_the_84_before_them_end_the_day_before():
    assert attendance.lately(TODAY) == Span(date(2026, 10, 16), TODAY)
    assert attendance.days_before(TODAY) == Span(date(2026, 7, 24), date(2026, 10, 15))
    assert attendance.lately(TODAY).days + attendance.days_before(TODAY).days == 112


def test_the_card_of_the_worked_example():
    weeks = [2, 3, 2, 2, 2, 3, 2, 2, 1, 1, 0, 1]
    earlier = [2, 2, 3, 2]
    visits = [
        TODAY - (7 * ago + 1) * DAY for ago, number in enumerate(reversed([*earlier, *weeks])) for _ in range(number)
    ]
    assert attendance.weekly(visits, TODAY) == weeks
    counted = attendance.counts(visits, TODAY)
    assert (counted.lately, counted.before) == (3, 27)
    assert (counted.usual, counted.usual_per_week) == (9, Decimal("2.25"))
    assert attendance.falling(counted, COVERED, [], TODAY)
    assert round(counted.score, 4) == Decimal("0.6667")


@pytest.mark.parametrize(
    ("lately", "before", "falls"),
    [(2, 12, True), (3, 12, False), (2, 13, True), (0, 11, False), (3, 18, True), (3, 17, False), (0, 12, True)],
)
def test_falling_is_half_of_the_usual_or_less_where_that_is_four_or_more(lately, before, falls):
    assert attendance.falling(Counts(lately, before), COVERED, [], TODAY) is falls


def test_who_was_not_a_member_on_all_112_days_does_not_fall():
    assert not attendance.falling(Counts(0, 30), [Span(TODAY - 110 * DAY, TODAY)], [], TODAY)
    gap = [Span(TODAY - 200 * DAY, TODAY - 50 * DAY), Span(TODAY - 48 * DAY, TODAY)]
    assert not attendance.falling(Counts(0, 30), gap, [], TODAY)
    joined = [Span(TODAY - 49 * DAY, TODAY), Span(TODAY - 200 * DAY, TODAY - 50 * DAY)]
    assert attendance.falling(Counts(0, 30), joined, [], TODAY)


@pytest.mark.parametrize(("ago", "falls"), [(0, False), (111, False), (112, True)])
def test_who_was_frozen_on_one_of_them_does_not_fall(ago, falls):
    frozen = [Span(TODAY - (ago + 3) * DAY, TODAY - ago * DAY)]
    assert attendance.falling(Counts(0, 30), COVERED, frozen, TODAY) is falls


@pytest.mark.parametrize(
    ("lately", "before", "score"), [(0, 12, 1), (4, 12, 0), (9, 12, 0), (5, 0, 0), (1, 12, "0.75")]
)
def test_the_score_is_the_missing_share_between_0_and_1(lately, before, score):
    assert Counts(lately, before).score == Decimal(score)


def test_absence_counts_from_the_latest_of_visit_start_and_freeze():
    start = date(2026, 1, 1)
    over = Span(date(2026, 9, 1), date(2026, 10, 1))
    ahead = Span(date(2026, 12, 1), date(2026, 12, 20))
    assert attendance.not_seen_since(None, start, [], TODAY) == start
    assert attendance.not_seen_since(date(2026, 5, 1), start, [ahead], TODAY) == date(2026, 5, 1)
    assert attendance.not_seen_since(date(2026, 5, 1), start, [over, ahead], TODAY) == date(2026, 10, 1)


@pytest.mark.parametrize(("days", "active", "absent"), [(14, True, True), (13, True, False), (14, False, False)])
def test_absent_after_fourteen_days_while_active(days, active, absent):
    assert attendance.absent(TODAY - days * DAY, TODAY, active=active) is absent


@pytest.mark.parametrize(("days", "counts"), [(0, True), (6, True), (7, False)])
def test_a_club_without_a_visit_in_seven_days_is_not_asked(days, counts):
    assert attendance.club_counts_visits(TODAY - days * DAY, TODAY) is counts


def test_a_club_that_never_had_a_visit_is_not_asked():
    assert not attendance.club_counts_visits(None, TODAY)


@given(st.lists(st.integers(-5, 130), max_size=60))
def test_counts_agree_with_looking_at_each_day(ago):
    visits = [TODAY - days * DAY for days in ago]
    counted = attendance.counts(visits, TODAY)
    assert counted.lately == sum(ago.count(days) for days in range(28))
    assert counted.before == sum(ago.count(days) for days in range(28, 112))
    weeks = [sum(ago.count(days) for days in range(7 * week, 7 * week + 7)) for week in range(11, -1, -1)]
    assert attendance.weekly(visits, TODAY) == weeks


@given(st.integers(0, 60), st.integers(0, 200))
def test_falling_agrees_with_the_words_of_the_rule(lately, before):
    mean = before / 3
    assert Counts(lately, before).fallen == (mean >= 4 and lately <= mean / 2)
