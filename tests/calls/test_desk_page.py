"""The desk's page: one card at a time, outcomes by one key, undo, an honest empty queue."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.test import Client
from django.urls import reverse

from calls import meetings
from calls.models import CallAttempt, CallTask, Complaint, Meeting, TaskStatus
from config import clock
from memberships.models import Club, Member, User
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.factories import make_club, make_employee, make_member, make_membership, make_plan, make_user, phone

pytestmark = pytest.mark.django_db

NOW = days.NOW + dt.timedelta(hours=1)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(NOW)
    return make_club()


@pytest.fixture
def desk(olga: User) -> Client:
    return signed_in(olga)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def due(club: Club, number: int = 7, kind: str = "renewal", **fields: object) -> CallTask:
    member = make_member(club, last_name=f"Member {number}", phone=phone(number))
    term = make_membership(member, make_plan(club), starts_on=dt.date(2025, 12, 1))
    return make_task(member, kind, membership=term, **fields)


def take(client: Client) -> str:
    return client.post(reverse("desk_next"), headers=HTMX).content.decode()


def ring(client: Client, task: CallTask) -> None:
    assert client.post(reverse("desk_dial", args=[task.pk]), headers=HTMX).status_code == 200


def say(client: Client, task: CallTask, outcome: str, **fields: str):
    return client.post(reverse("desk_outcome", args=[task.pk]), {"outcome": outcome, **fields}, headers=HTMX)


def test_next_call_opens_a_card_with_the_reason_and_the_number(desk: Client, club: Club) -> None:
    task = due(club, reason="Membership ends on 30 November.")
    assert "Next call" in desk.get("/calls/").content.decode()
    page = take(desk)
    assert "Membership ends on 30 November." in page and "Member 7" in page and "tel:" in page
    task.refresh_from_db()
    assert task.status == TaskStatus.LEASED
    assert "Member 7" in desk.get("/calls/").content.decode(), "a reload shows the same card"


def test_without_scripts_the_desk_redirects_to_itself(desk: Client, club: Club) -> None:
    due(club)
    response = desk.post(reverse("desk_next"))
    assert response.status_code == 302 and response["Location"] == "/calls/"


def test_one_key_records_and_brings_the_next_card(desk: Client, club: Club) -> None:
    first, second = due(club, 1), due(club, 2)
    take(desk)
    ring(desk, first)
    page = say(desk, first, "no_answer").content.decode()
    assert "Member 2" in page and "Undo" in page
    attempt = CallAttempt.objects.get(task=first)
    assert (attempt.outcome, attempt.reached) == ("no_answer", False)
    second.refresh_from_db()
    assert second.status == TaskStatus.LEASED


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that goes to the database, whichever way, as it goes."""
    told: list[str] = []
    execute = psycopg.Cursor.execute

    def noting(cursor: psycopg.Cursor, query: Any, *args: Any, **options: Any) -> psycopg.Cursor:
        told.append(str(query))
        return execute(cursor, query, *args, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", noting)
    return told


def test_a_card_and_an_outcome_ask_the_database_a_bounded_number_of_times(
    desk: Client, club: Club, statements: list[str]
) -> None:
    first, second, third = (due(club, number) for number in (7, 8, 9))
    take(desk)
    ring(desk, first)
    say(desk, first, "no_answer")  # what a process learns once is known from here on
    ring(desk, second)
    statements.clear()
    assert "Member 9" in say(desk, second, "no_answer").content.decode()
    assert 20 < len(statements) <= 56, "\n".join(statements)
    say(desk, third, "no_answer")
    due(club, 10)
    statements.clear()
    assert "Member 10" in take(desk)
    assert 15 < len(statements) <= 38, "\n".join(statements)


def test_refused_without_a_reason_keeps_the_card_and_what_was_typed(desk: Client, club: Club) -> None:
    task = due(club)
    take(desk)
    ring(desk, task)
    response = say(desk, task, "refused", note="Wants a quieter place")
    page = response.content.decode()
    assert response.status_code == 422
    assert "Choose why the member refused." in page and "Wants a quieter place" in page and "Member 7" in page
    assert not CallAttempt.objects.exclude(outcome="").exists()


def test_a_refusal_names_reason_and_competitor(desk: Client, club: Club) -> None:
    task = due(club)
    take(desk)
    ring(desk, task)
    assert say(desk, task, "refused", reason="closer", competitor="City Gym").status_code == 200
    attempt = CallAttempt.objects.get(task=task)
    assert attempt.reason is not None
    assert (attempt.reason.code, attempt.competitor) == ("closer", "City Gym")


def test_booking_takes_the_slot_of_the_card(desk: Client, club: Club) -> None:
    host = make_employee(club, "administrator", "anna")
    task = due(club)
    take(desk)
    ring(desk, task)
    slot = meetings.slots(club=club, now=NOW, first=days.TODAY, last=days.TODAY + days.DAY, host=host)[2]
    assert say(desk, task, "booked", slot=f"{host.pk}|{slot.starts_at.isoformat()}").status_code == 200
    assert Meeting.objects.get().starts_at == slot.starts_at


@pytest.mark.parametrize("slot", ["", "x|y", "1|2026-11-12", "999999|2026-11-12T17:00:00-06:00"])
def test_a_slot_that_is_none_is_refused_in_words(desk: Client, club: Club, slot: str) -> None:
    make_employee(club, "administrator", "anna")
    task = due(club)
    take(desk)
    ring(desk, task)
    response = say(desk, task, "booked", slot=slot)
    assert response.status_code == 422 and 'role="alert"' in response.content.decode()
    assert not Meeting.objects.exists()


def test_undo_opens_the_card_again(desk: Client, club: Club) -> None:
    first = due(club, 1)
    due(club, 2)
    take(desk)
    ring(desk, first)
    say(desk, first, "thinking")
    page = desk.post(reverse("desk_undo", args=[first.pk]), headers=HTMX).content.decode()
    assert "Member 1" in page
    first.refresh_from_db()
    assert first.status == TaskStatus.LEASED


def test_a_callback_is_promised_in_the_members_time(desk: Client, club: Club) -> None:
    task = due(club)
    Member.objects.filter(pk=task.member_id).update(timezone="America/New_York")
    take(desk)
    ring(desk, task)
    assert say(desk, task, "callback", callback_at="2026-11-13T12:00").status_code == 200
    promised = CallTask.objects.get(kind="callback")
    assert promised.due_at == days.at("2026-11-13T11:00")


@pytest.mark.parametrize(
    ("callback_at", "words"),
    [
        ("2026-11-12T09:59", "This time is past."),
        ("2026-11-13T07:59", "Calls are made between 08:00 and 21:00"),
        ("2026-11-13T21:00", "Calls are made between 08:00 and 21:00"),
        ("2027-06-01T12:00", "A callback can be promised for the next 60 days."),
        ("", "Choose when to ring again."),
        ("soon", "Choose when to ring again."),
    ],
)
def test_a_time_that_cannot_be_promised_keeps_the_card(desk: Client, club: Club, callback_at: str, words: str) -> None:
    task = due(club)
    take(desk)
    ring(desk, task)
    answer = say(desk, task, "callback", callback_at=callback_at)
    assert answer.status_code == 422 and words in answer.content.decode()
    task.refresh_from_db()
    assert task.status == TaskStatus.LEASED and CallTask.objects.count() == 1


def test_skipping_asks_for_a_word(desk: Client, club: Club) -> None:
    task = due(club)
    take(desk)
    assert desk.post(reverse("desk_release", args=[task.pk]), {"why": " "}, headers=HTMX).status_code == 422
    assert desk.post(reverse("desk_release", args=[task.pk]), {"why": "knows me"}, headers=HTMX).status_code == 200
    task.refresh_from_db()
    assert task.status == TaskStatus.READY and task.holder is None


def test_who_may_not_be_rung_any_more_closes_the_card(desk: Client, club: Club) -> None:
    task = due(club)
    take(desk)
    Member.objects.filter(pk=task.member_id).update(do_not_call_since=NOW)
    response = desk.post(reverse("desk_dial", args=[task.pk]), headers=HTMX)
    page = response.content.decode()
    assert response.status_code == 409 and "Next call" in page and "does not count as skipped" in page
    assert not CallAttempt.objects.exists()


def test_the_household_is_recorded_together(desk: Client, club: Club) -> None:
    task = due(club)
    mate = make_member(club, first_name="Ilya", last_name="Orlov", phone=phone(7))
    assert "Ilya Orlov" in take(desk)
    ring(desk, task)
    say(desk, task, "thinking", **{f"also-{mate.pk}-outcome": "refused", f"also-{mate.pk}-reason": "price"})
    assert set(CallAttempt.objects.values_list("member_id", "outcome")) == {
        (task.member_id, "thinking"),
        (mate.pk, "refused"),
    }


def test_an_empty_queue_says_why_and_when(desk: Client, club: Club) -> None:
    task = due(club)
    make_attempt(task.member, NOW - dt.timedelta(hours=1), "no_answer")
    page = take(desk)
    assert "Nobody may be rung at this moment" in page and "Why the others wait" in page


def test_a_colleague_cannot_end_ones_call(desk: Client, club: Club) -> None:
    task = due(club)
    take(desk)
    other = signed_in(make_user(club, "operator", "nadia"))
    assert say(other, task, "thinking").status_code == 409
    assert not CallAttempt.objects.exists()


def test_a_stranger_sees_nothing(club: Club) -> None:
    task = due(club)
    stranger = signed_in(make_user(make_club("harbour"), "operator", "eve"))
    for name in ("desk_dial", "desk_outcome", "desk_release", "desk_undo", "desk_extend"):
        assert stranger.post(reverse(name, args=[task.pk])).status_code == 404


def test_wrong_verbs_are_refused(desk: Client, club: Club) -> None:
    assert desk.get(reverse("desk_next")).status_code == 405
    assert desk.post("/calls/").status_code == 405


def test_the_heartbeat_keeps_the_card(desk: Client, club: Club, set_clock: Callable[[dt.datetime], None]) -> None:
    task = due(club)
    take(desk)
    set_clock(NOW + dt.timedelta(minutes=10))
    assert "data-until" in desk.post(reverse("desk_extend", args=[task.pk]), headers=HTMX).content.decode()
    task.refresh_from_db()
    assert task.lease_until is not None and task.lease_until > NOW + dt.timedelta(minutes=24)


def test_a_demo_may_go_on_to_the_next_opening(desk: Client, club: Club, settings: Any) -> None:
    opens = NOW + dt.timedelta(hours=3)
    due(club, status=TaskStatus.WAITING, ready_at=opens, waits_for="min_gap")
    settings.RINGBACK_DEMO = True
    assert "Demo: set the clock to" in desk.get(reverse("desk")).content.decode()
    assert desk.post(reverse("desk_go_on")).status_code == 302
    assert abs(clock.now() - opens) < dt.timedelta(minutes=1)
    assert "Ready to ring" in take(desk)


def test_a_real_club_has_no_clock_to_move(desk: Client, club: Club, settings: Any) -> None:
    due(club, status=TaskStatus.WAITING, ready_at=NOW + dt.timedelta(hours=3), waits_for="min_gap")
    settings.RINGBACK_DEMO = False
    assert "Demo:" not in desk.get(reverse("desk")).content.decode()
    assert desk.post(reverse("desk_go_on")).status_code == 404
    assert abs(clock.now() - NOW) < dt.timedelta(minutes=1)


def test_a_call_renewed_meanwhile_stays_on_the_screen_with_nothing_left_to_do(desk: Client, club: Club) -> None:
    task = due(club)
    take(desk)
    CallTask.objects.filter(pk=task.pk).update(
        status=TaskStatus.LAPSED, lapsed_because="renewed", holder=None, lease_until=None, closed_at=NOW
    )
    answer = desk.post(reverse("desk_extend", args=[task.pk]), headers=HTMX)
    page = answer.content.decode()
    assert answer.status_code == 409 and "Member 7" in page and "glad" in page and "Next call" in page
    assert reverse("desk_extend", args=[task.pk]) not in page, "no heartbeat any more"


def test_a_note_is_kept_as_it_is_typed(desk: Client, club: Club) -> None:
    task = due(club)
    take(desk)
    note = reverse("desk_note", args=[task.pk])
    assert desk.post(note, {"note": "too early"}, headers=HTMX).status_code == 204, "there is no dial to keep it with"
    desk.post(reverse("desk_dial", args=[task.pk]), {"note": "typed before"}, headers=HTMX)
    assert "typed before" in desk.get("/calls/").content.decode()
    desk.post(note, {"note": "Evening shifts until March"}, headers=HTMX)
    assert "Evening shifts until March" in desk.get("/calls/").content.decode(), "another window shows it"
    say(desk, task, "thinking", note="Evening shifts until May")
    desk.post(note, {"note": "late"}, headers=HTMX)
    assert CallAttempt.objects.get().note == "Evening shifts until May"


def test_nobody_writes_into_a_colleagues_note(desk: Client, club: Club) -> None:
    task = due(club)
    take(desk)
    ring(desk, task)
    other = signed_in(make_user(club, "operator", "nadia"))
    assert other.post(reverse("desk_note", args=[task.pk]), {"note": "mine"}, headers=HTMX).status_code == 204
    assert CallAttempt.objects.get().note == ""


@pytest.mark.parametrize(("ticked", "status"), [(True, "done"), (False, "waiting")])
def test_the_members_other_calls_are_closed_where_they_are_ticked(
    desk: Client, club: Club, ticked: bool, status: str
) -> None:
    task = due(club)
    care = make_task(task.member, "birthday")
    take(desk)
    page = desk.post(reverse("desk_dial", args=[task.pk]), headers=HTMX).content.decode()
    assert f'name="close_also" value="{care.pk}" checked' in page
    sent = {"close_also_shown": "1"} | ({"close_also": str(care.pk)} if ticked else {})
    say(desk, task, "thinking", **sent)
    care.refresh_from_db()
    assert care.status == status


@pytest.mark.parametrize("outcome", ["callback", "refused", "complaint", "do_not_call"])
def test_what_an_outcome_asks_for_is_opened_and_left_by_a_button(desk: Client, club: Club, outcome: str) -> None:
    task = due(club)
    take(desk)
    page = desk.post(reverse("desk_dial", args=[task.pk]), headers=HTMX).content.decode()
    assert page.count(f'data-opens="out-{outcome}"') == 2


def test_a_complaint_goes_along_with_how_the_call_ended(desk: Client, club: Club) -> None:
    task = due(club)
    take(desk)
    ring(desk, task)
    say(desk, task, "thinking", complaint="Cold showers.")
    assert Complaint.objects.get().text == "Cold showers."
    assert CallAttempt.objects.get().outcome == "thinking"


def test_others_on_the_number_are_booked_promised_and_noted_in_the_same_call(desk: Client, club: Club) -> None:
    host = make_employee(club, "administrator", "anna")
    task = due(club)
    mates = [make_member(club, first_name=name, phone=phone(7)) for name in ("Ilya", "Vera", "Oleg")]
    take(desk)
    ring(desk, task)
    slot = meetings.slots(club=club, now=NOW, first=days.TODAY, last=days.TODAY + days.DAY, host=host)[2]
    booked, promised, refused = (f"also-{mate.pk}-" for mate in mates)
    answer = say(
        desk, task, "thinking",
        **{
            f"{booked}outcome": "booked", f"{booked}slot": f"{host.pk}|{slot.starts_at.isoformat()}",
            f"{promised}outcome": "callback", f"{promised}callback_at": "2026-11-13T12:00",
            f"{refused}outcome": "refused", f"{refused}reason": "other", f"{refused}note": "Will say later",
        },
    )  # fmt: skip
    assert answer.status_code == 200
    assert Meeting.objects.get().member == mates[0]
    assert CallTask.objects.get(kind="callback").member == mates[1]
    assert CallAttempt.objects.get(member=mates[2]).note == "Will say later"


def test_the_card_of_a_reminder_offers_confirmed_first(desk: Client, club: Club) -> None:
    task = due(club, kind="meeting_reminder", origin="renewal")
    take(desk)
    ring(desk, task)
    page = desk.get("/calls/").content.decode()
    buttons = re.findall(r'<button class="([^"]*primary[^"]*)"[^>]*value="(\w+)" data-key="(\w+)"', page)
    assert [(value, key) for _classes, value, key in buttons] == [("confirmed", "G")]
    assert page.count('value="confirmed"') == 1
    assert say(desk, task, "confirmed").status_code == 200
