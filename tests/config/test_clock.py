"""One clock for all processes of a system, moved only where it is a demo."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import DjangoAssertNumQueries, Settings

from config import clock
from config.models import ClockOffset

SOON = dt.timedelta(seconds=5)
MOVED_TO = dt.datetime(2027, 1, 15, 9, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shared(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock as outside of tests: read anew each time, beginning with nothing read."""
    settings.CLOCK_REFRESH_S = 0.0
    monkeypatch.setattr(clock, "_offset", clock._Offset())


def machine() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def test_a_system_without_an_offset_has_the_machines_time() -> None:
    assert abs(clock.now() - machine()) < SOON
    assert clock.now().utcoffset() == dt.timedelta(0)
    assert not ClockOffset.objects.exists()


def test_today_is_the_day_in_the_zone_that_is_asked(
    set_clock: Callable[[dt.datetime], None], settings: Settings
) -> None:
    settings.CLOCK_REFRESH_S = None
    set_clock(dt.datetime(2026, 11, 2, 2, tzinfo=dt.UTC))

    assert clock.today("America/Chicago") == dt.date(2026, 11, 1)
    assert clock.today(zoneinfo.ZoneInfo("Asia/Tokyo")) == dt.date(2026, 11, 2)


def test_the_first_start_of_a_demo_keeps_its_clock(settings: Settings) -> None:
    settings.RINGBACK_DEMO, settings.RINGBACK_CLOCK = True, "2027-01-15T10:00:00+01:00"

    assert abs(clock.now() - MOVED_TO) < SOON
    assert ClockOffset.objects.count() == 1


def test_a_later_start_keeps_what_is_stored(settings: Settings) -> None:
    settings.RINGBACK_DEMO, settings.RINGBACK_CLOCK = True, "2027-01-15T10:00:00+01:00"
    assert clock.start() is True
    settings.RINGBACK_CLOCK = "2030-01-01T00:00:00+00:00"

    assert clock.start() is False
    assert abs(clock.now() - MOVED_TO) < SOON


def test_a_later_command_without_the_demo_variable_shares_the_offset(settings: Settings) -> None:
    settings.RINGBACK_DEMO, settings.RINGBACK_CLOCK = True, "2027-01-15T10:00:00+01:00"
    clock.start()
    settings.RINGBACK_DEMO, settings.RINGBACK_CLOCK = False, ""

    assert abs(clock.now() - MOVED_TO) < SOON


def test_a_clock_moved_by_another_process_is_followed(settings: Settings) -> None:
    settings.RINGBACK_DEMO = True
    clock.now()
    clock._offset.read_at = float("-inf")  # as if a second had passed
    ClockOffset.objects.filter(pk=1).update(offset=dt.timedelta(days=30))

    assert abs(clock.now() - machine() - dt.timedelta(days=30)) < SOON


def test_within_the_refresh_time_the_database_is_not_asked(
    settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.CLOCK_REFRESH_S = 1.0
    clock.now()
    with django_assert_num_queries(0):
        clock.now()


def test_inside_a_transaction_a_known_offset_is_not_asked_for_again(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    clock.now()
    assert connection.in_atomic_block
    with django_assert_num_queries(0):
        clock.now()


def test_production_never_reads_the_row(settings: Settings, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    settings.CLOCK_REFRESH_S = None
    with django_assert_num_queries(0):
        assert abs(clock.now() - machine()) < SOON


def test_set_clock_moves_a_demo(settings: Settings) -> None:
    settings.RINGBACK_DEMO = True
    said = StringIO()

    call_command("set_clock", "2027-01-15T10:00:00+01:00", stderr=said)

    assert abs(clock.now() - MOVED_TO) < SOON
    assert "2027-01-15T09:00:00+00:00" in said.getvalue()


def test_set_clock_knows_a_demo_by_what_an_earlier_process_stored(settings: Settings) -> None:
    ClockOffset.objects.create(pk=1, offset=dt.timedelta(0))

    call_command("set_clock", "2027-01-15T10:00:00+01:00", stderr=StringIO())

    assert abs(clock.now() - MOVED_TO) < SOON


def test_set_clock_refuses_a_real_system() -> None:
    with pytest.raises(CommandError, match="no demo system"):
        call_command("set_clock", "2027-01-15T10:00:00+01:00")
    assert abs(clock.now() - machine()) < SOON


def test_set_clock_refuses_production_even_with_a_stored_offset(settings: Settings) -> None:
    ClockOffset.objects.create(pk=1, offset=dt.timedelta(0))
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="no demo system"):
        call_command("set_clock", "2027-01-15T10:00:00+01:00")


@pytest.mark.parametrize("text", ["tomorrow", "2027-01-15", "2027-01-15T10:00:00", "0001-01-01T00:00:00+14:00", ""])
def test_set_clock_names_what_it_cannot_read(settings: Settings, text: str) -> None:
    settings.RINGBACK_DEMO = True

    with pytest.raises(CommandError, match="no instant with its offset"):
        call_command("set_clock", text)
