"""The list of lost members whom the manager rings: who stands there, what was said, who may read it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from calls.models import Complaint, RefusalReason
from memberships.models import Club, Employee, Member, User
from tests import days
from tests.calls.factories import make_attempt
from tests.factories import make_club, make_employee, make_member, make_membership, make_plan, make_promotion, make_user
from tests.web import browser

pytestmark = pytest.mark.django_db
PAGE = "/feedback/win-back/"


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(days.NOW)
    club = make_club()
    make_promotion(club, "BACK", audience=("return",))
    return club


def lose(club: Club, name: str, days_ago: int = 40) -> Member:
    member = make_member(club, last_name=name, phone="")
    last = days.TODAY - days_ago * days.DAY
    make_membership(member, make_plan(club), starts_on=last - 364 * days.DAY, ends_on=last)
    member.refresh_from_db()
    return member


def refuse(member: Member, reason: str, note: str = "") -> None:
    row = make_attempt(member, days.NOW - 45 * days.DAY, "refused", note=note)
    type(row).objects.filter(pk=row.pk).update(reason=RefusalReason.objects.get(club=member.club, code=reason))


def complain(member: Member, about: Employee) -> Complaint:
    at = days.NOW - 50 * days.DAY
    return Complaint.objects.create(
        club=member.club, member=member, text="Shouted", about=about, received_at=at, status="answered"
    )


def names(client: Client, query: str = "") -> list[str]:
    return [row.last_name for row in client.get(f"{PAGE}?{query}").context["table"].page.rows]


def test_members_who_left_over_the_staff_stand_there_with_what_was_said(karin: Client, club: Club) -> None:
    refuse(lose(club, "Staff", 100), "staff", "the trainer was rude")
    refuse(lose(club, "Price"), "price")
    complain(lose(club, "Complained"), make_employee(club, "administrator", "anna"))
    refuse(lose(club, "Old", 400), "staff")
    text = karin.get(PAGE).content.decode()
    assert names(karin) == ["Complained", "Staff"]
    assert "the trainer was rude" in text and "Anna: Shouted" in text
    assert (names(karin, "over=complaint"), names(karin, "over=refusal")) == (["Complained"], ["Staff"])
    assert (names(karin, "gone=90"), names(karin, "gone=180")) == (["Complained"], ["Staff"])
    assert names(karin, "gone=never") == names(karin, "segment=gold") == names(karin, "dnc=1") == []


def test_it_goes_out_as_a_file_and_keeps_views_and_marks(karin: Client, club: Club) -> None:
    refuse(lose(club, "Staff"), "staff", "the trainer was rude")
    file = karin.get(f"{PAGE}?export=csv")
    assert "the trainer was rude" in b"".join(file.streaming_content).decode()  # type: ignore[attr-defined]
    assert karin.post("/views/new/?list=lost&gone=90", {"name": "Fresh"})["Location"] == f"{PAGE}?gone=90"
    sent = {"do": "do_not_call", "all": "1", "query": "?gone=90", "confirmed": "1", "note": "asked so"}
    assert karin.post("/lists/lost/bulk/", sent).status_code == 302
    assert names(karin, "dnc=0") == [] and names(karin, "dnc=1") == ["Staff"]


def test_nobody_finds_there_who_complained_about_them(karin: Client, boss: User, club: Club) -> None:
    complain(lose(club, "Complained"), Employee.objects.get(club=club, user=boss))
    assert names(karin) == [] and "Nobody is to be rung by the manager" in karin.get(PAGE).content.decode()
    assert "Shouted" not in b"".join(karin.get(f"{PAGE}?export=csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert names(browser(make_user(club, "manager", "olga"))) == ["Complained"]


def test_it_is_for_managers_and_led_to_from_the_feedback(karin: Client, club: Club) -> None:
    assert f'href="{PAGE}"' in karin.get("/feedback/").content.decode()
    anna = browser(make_user(club, "administrator", "anna"))
    assert anna.get(PAGE).status_code == 403 and PAGE not in anna.get("/feedback/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_it_opens_outside_of_any_transaction_as_it_does_for_a_browser(karin: Client, club: Club) -> None:
    refuse(lose(club, "Staff"), "staff")
    assert names(karin) == ["Staff"]
