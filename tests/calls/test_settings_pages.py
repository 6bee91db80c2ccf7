"""A manager changes the club's policy on the web."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from calls import adjusting, policy
from calls.forms.policy import forms_of
from calls.models import TaskStatus
from calls.policy_changes import foresee, history
from calls.rules import ready_made
from memberships.models import Club
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.factories import make_member, make_user, phone

pytestmark = pytest.mark.django_db


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
    [
        {"day0": "sometimes"}, {"day0": "07:00–20:00"}, {"day0": "10–14, 13–15"}, {"gold_percent": "70"},
        {"price_floor_percent": "101"}, {"opens_at": "23:00"}, {"cap_7_days": "-1"}, {"day1": "25-26"},
        {"welcome_from_day": "9"}, {"renewal_rungs": "9999"}, {"winback_rungs": "0"},
        {"welcome_from_day": "9", "preview": "1"}, {"day0": "07:00–20:00", "preview": "1"},
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_refused_and_nothing_is_stored(club: Club, changes: dict[str, str]) -> None:
    before = adjusting.numbers(club), adjusting.windows(club)
    response = signed_in(club, "manager").post("/settings/policy/", typed(club, **changes))
    page = response.content.decode()
    assert response.status_code == 422 and ('class="err' in page or 'class="note bad' in page)
    assert (adjusting.numbers(club), adjusting.windows(club)) == before


def test_a_preview_says_what_would_change_and_stores_nothing(club: Club) -> None:
    member = make_member(club)
    for at in ("2026-11-09T12:00", "2026-11-10T12:00"):
        make_attempt(member, at, "talked", "care")
    waiting = make_task(member, "care", status="waiting", waits_for="contact_cap", ready_at=days.at("2026-11-16T12:00"))
    before = adjusting.numbers(club), adjusting.windows(club)
    karin = signed_in(club, "manager")
    sent = typed(club, cap_7_days="3", day6="", consent_scope="winback")
    response = karin.post("/settings/policy/", sent | {"preview": "1"})
    page = " ".join(response.content.decode().split())
    assert response.status_code == 200
    assert '<td>Conversations in 7 days</td><td class="num dim">2</td><td class="num strong">3</td>' in page
    assert "for no kind of call" in page and "for win-back calls" in page
    assert "Mon–Fri 10:00–20:00; Sat–Sun 11:00–18:00" in page and "Mon–Fri 10:00–20:00; Sat 11:00–18:00" in page
    assert "Calling hours a week: 64.0 now, 57.0 then." in page
    assert "1 open call was asked about: 1 that waits could be made;" in page
    assert (adjusting.numbers(club), adjusting.windows(club)) == before
    assert karin.post("/settings/policy/", sent).status_code == 302
    waiting.refresh_from_db()
    assert waiting.status == TaskStatus.READY


def test_a_preview_counts_calls_that_would_wait_or_lapse(club: Club) -> None:
    reached, silent = make_member(club), make_member(club, phone=phone(2), consent_calls=True)
    make_attempt(reached, "2026-11-10T12:00", "talked", "care")
    for member in (reached, silent):
        make_task(member, "birthday")
    told = foresee(club=club, values={"cap_7_days": 1}, calling_windows=None, now=days.NOW)
    assert (told.asked, told.freed, told.held, told.gone) == (2, 0, 1, 0)
    told = foresee(club=club, values={"consent_scope": "all"}, calling_windows=None, now=days.NOW)
    assert (told.asked, told.freed, told.held, told.gone) == (2, 0, 0, 1)
    told = foresee(club=club, values={"cap_7_days": 2}, calling_windows=None, now=days.NOW)
    assert (told.changes, told.asked) == ((), 0)


def test_the_windows_have_a_history_like_the_numbers(club: Club) -> None:
    karin = signed_in(club, "manager")
    karin.post("/settings/policy/", typed(club, day0="10-13, 15-20", day6=""))
    karin.post("/settings/policy/", typed(club, **{f"day{weekday}": "" for weekday in range(7)}))
    adjusting.change(club=club, values={}, default_windows=True, by=None, now=days.NOW)
    told = [(change.by, *((field.before, field.after) for field in change.fields)) for change in history(club)]
    default, split = (
        "Mon–Fri 10:00–20:00; Sat–Sun 11:00–18:00",
        ("Mon 10:00–13:00, 15:00–20:00; Tue–Fri 10:00–20:00; Sat 11:00–18:00"),
    )
    assert sorted(told) == [
        ("", ("nobody is rung", default)),
        ("Manager", (split, "nobody is rung")),
        ("Manager", (default, split)),
    ]
    page = karin.get("/settings/policy/").content.decode()
    assert split in page and "Calling windows:" in page


@pytest.mark.parametrize("code", [one.code for one in ready_made.READY_MADE])
def test_a_ready_made_policy_is_shown_before_it_is_taken(club: Club, code: str) -> None:
    karin = signed_in(club, "manager")
    before = adjusting.numbers(club), adjusting.windows(club)
    address = f"/settings/policy/ready/{code}/"
    page = karin.get(address).content.decode()
    assert "not legal advice" in page and "What would change here" in page
    assert (adjusting.numbers(club), adjusting.windows(club)) == before
    assert karin.post(address).status_code == 302
    made = ready_made.by_code(code)
    assert made is not None
    assert made.values.items() <= adjusting.numbers(club).items()
    assert {day: tuple(spans) for day, spans in policy.of_club(club).windows.items()} == made.windows
    page = karin.get("/settings/policy/").content.decode()
    assert f"ready-made: {made.name}" in page
    assert "Nothing would change" in karin.get(address).content.decode()


def test_there_is_no_other_ready_made_policy(club: Club) -> None:
    karin = signed_in(club, "manager")
    assert karin.get("/settings/policy/ready/zz/").status_code == 404
    assert "not legal advice" in karin.get("/settings/policy/").content.decode()


def test_the_next_holidays_are_those_of_country_and_region(club: Club) -> None:
    page = signed_in(club, "owner").get("/settings/policy/").content.decode()
    assert "Thanksgiving Day" in page and "Set the region" in page
    assert "Set the region" not in signed_in(club, "manager").get("/settings/policy/").content.decode()


def test_an_owner_says_in_which_region_the_club_is(club: Club) -> None:
    olga = signed_in(club, "owner")
    olga.post("/settings/policy/region/", {"region": "CA"})
    club.refresh_from_db()
    assert club.region == "CA"
    [change] = history(club)
    assert [(field.name, field.old, field.new) for field in change.fields] == [("region", "", "CA")]
    assert change.by
    page = olga.post("/settings/policy/region/", {"region": "nowhere"}, follow=True).content.decode()
    club.refresh_from_db()
    assert club.region == "CA" and "nowhere is not one of the available choices" in page
    assert signed_in(club, "manager").post("/settings/policy/region/", {"region": ""}).status_code == 403


@pytest.mark.parametrize("role", ["operator", "administrator"])
def test_others_may_not(club: Club, role: str) -> None:
    client = signed_in(club, role)
    assert client.get("/settings/").status_code == 403
    assert client.post("/settings/policy/", typed(club)).status_code == 403
