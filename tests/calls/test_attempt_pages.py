"""The page of one call: what was said, by which script; a supervisor puts it right."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from calls.models import CallAttempt, Script
from memberships.models import Club, User
from tests import days
from tests.calls.factories import make_attempt
from tests.factories import make_club, make_member, make_user
from tests.web import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def club(set_clock: Callable[..., None]) -> Club:
    set_clock(days.NOW)
    return make_club()


@pytest.fixture
def boss(club: Club) -> User:
    return make_user(club, "manager", "boss")


@pytest.fixture
def attempt(club: Club) -> CallAttempt:
    return make_attempt(
        make_member(club), "2026-11-11T12:00", "no_answer", operator=make_user(club, "operator", "olga"),
        note="Wants it for 20 €", script_version=1,
    )  # fmt: skip


def page(user: User, attempt: CallAttempt) -> str:
    answer = browser(user).get(reverse("attempt_detail", args=[attempt.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def correct(user: User, attempt: CallAttempt, **sent: str):
    return browser(user).post(reverse("attempt_correct", args=[attempt.pk]), sent)


def test_a_manager_reads_the_call_and_finds_the_script_as_it_was(boss: User, attempt: CallAttempt) -> None:
    text = page(boss, attempt)
    script = Script.objects.get(club=attempt.club, kind="renewal", language="en", version=1)
    assert "No answer" in text and "20 €" in text and reverse("script_edit", args=[script.pk]) in text


def test_an_operator_reads_it_without_amounts_and_cannot_correct(attempt: CallAttempt) -> None:
    text = page(attempt.operator, attempt)
    assert "•••" in text and "20 €" not in text and "Put it right" not in text
    assert correct(attempt.operator, attempt, outcome="thinking", why="x").status_code == 403


def test_the_members_history_leads_to_it(boss: User, attempt: CallAttempt) -> None:
    history = browser(boss).get(f"/members/{attempt.member_id}/?show=call").content.decode()
    assert reverse("attempt_detail", args=[attempt.pk]) in history


def test_a_correction_says_why_and_what_is_counted_follows(boss: User, attempt: CallAttempt) -> None:
    assert (
        correct(boss, attempt, outcome="refused", reason="price", note="Too dear", why="Heard it.").status_code == 302
    )
    attempt.refresh_from_db()
    assert (attempt.outcome, attempt.reached, attempt.reason.code) == ("refused", True, "price")
    assert (attempt.note, attempt.corrected_why, attempt.note_flagged) == ("Too dear", "Heard it.", False)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"outcome": "refused", "why": "Heard it."}, "Choose why the member refused."),
        ({"outcome": "refused", "reason": "staff", "note": "", "why": "x"}, "This reason needs a note"),
        ({"outcome": "busy", "why": ""}, "This field is required."),
        ({"outcome": "sold", "why": "x"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(boss: User, attempt: CallAttempt, sent: dict, says: str) -> None:
    answer = correct(boss, attempt, **sent)
    assert answer.status_code == 422 and says in answer.content.decode()
    attempt.refresh_from_db()
    assert attempt.outcome == "no_answer"


def test_another_clubs_manager_finds_nothing(attempt: CallAttempt) -> None:
    stranger = make_user(make_club("harbour"), "manager", "charlie")
    assert browser(stranger).get(reverse("attempt_detail", args=[attempt.pk])).status_code == 404
    assert correct(stranger, attempt, outcome="busy", why="x").status_code == 404
