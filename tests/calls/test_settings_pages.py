"""A manager changes the club's policy on the web."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from calls import adjusting
from calls.forms.policy import forms_of
from memberships.models import Club
from tests import days
from tests.factories import make_club, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(days.NOW)
    return make_club()


def signed_in(club: Club, role: str) -> Client:
    client = Client()
    client.force_login(make_user(club, role))
    session = client.session
    session["second_factor_enrolled"] = True
    session.save()
    return client


def typed(club: Club, **changes: str) -> dict[str, str]:
    """What the page would send back unchanged, with changes."""
    sent: dict[str, str] = {}
    for form in forms_of(club):
        for bound in form:
            value = bound.value()
            shown = bound.field.prepare_value(value)
            sent[bound.name] = "" if shown is None else f"{shown:%H:%M}" if isinstance(shown, dt.time) else str(shown)
    return sent | changes


def test_a_manager_changes_a_number_and_the_history_says_so(club: Club) -> None:
    karin = signed_in(club, "manager")
    assert karin.post("/settings/policy/", typed(club, cap_7_days="3", grace_days="20")).status_code == 302
    numbers = adjusting.numbers(club)
    assert (numbers["cap_7_days"], numbers["grace_days"]) == (3, 20)
    page = karin.get("/settings/policy/").content.decode()
    assert "conversations in 7 days:" in page.lower() and "Manager" in page


def test_windows_are_any_number_a_day(club: Club) -> None:
    karin = signed_in(club, "manager")
    sent = typed(club, day0="10-13, 15:00 – 20:30", day6="")
    assert karin.post("/settings/policy/", sent).status_code == 302
    windows = adjusting.windows(club)
    assert [(begins, ends) for day, begins, ends in windows if day == 0] == [
        (dt.time(10), dt.time(13)),
        (dt.time(15), dt.time(20, 30)),
    ]
    assert not [window for window in windows if window[0] == 6]


@pytest.mark.parametrize(
    "changes",
    [{"day0": "sometimes"}, {"day0": "07:00–20:00"}, {"day0": "10–14, 13–15"}, {"gold_percent": "70"},
     {"price_floor_percent": "101"}, {"opens_at": "23:00"}, {"cap_7_days": "-1"}, {"day1": "25-26"}],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_and_nothing_is_stored(club: Club, changes: dict[str, str]) -> None:
    before = adjusting.numbers(club), adjusting.windows(club)
    response = signed_in(club, "manager").post("/settings/policy/", typed(club, **changes))
    page = response.content.decode()
    assert response.status_code == 422 and ('class="err' in page or 'class="note bad' in page)
    assert (adjusting.numbers(club), adjusting.windows(club)) == before


@pytest.mark.parametrize("role", ["operator", "administrator"])
def test_others_may_not(club: Club, role: str) -> None:
    client = signed_in(club, role)
    assert client.get("/settings/").status_code == 403
    assert client.post("/settings/policy/", typed(club)).status_code == 403
