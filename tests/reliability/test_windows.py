"""A short walk around the changes of the clocks; ``make soak`` goes every five minutes of it."""

from __future__ import annotations

import pytest

from tests.reliability import windows


def test_thirty_time_zones_are_tried() -> None:
    assert len(set(windows.ZONES)) == 30


def test_nobody_is_rung_outside_the_windows_around_any_change_of_the_clock() -> None:
    found = windows.walk(187)
    assert not found.breaches, found.told
    assert found.times > 10_000


def test_a_day_that_the_clock_skipped_has_no_window() -> None:
    found = windows.walk(61, list(windows.SKIPPED_DAYS))
    assert not found.breaches, found.told
    assert found.times > 500


def test_a_system_that_does_not_know_of_the_change_would_be_seen() -> None:
    assert windows.walk(61, ["Europe/Berlin"], blind=True).breaches


@pytest.mark.django_db
def test_nobody_is_claimed_or_dialled_outside_the_windows_of_their_own_zone() -> None:
    found = windows.ring(307, windows.ZONES[::4], changes=1)
    assert not found.breaches, found.told
    assert found.times > 100
