"""A member as a person on their page: special dates, consent with its evidence, segment and why, deceased, minors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from memberships import people
from memberships.models import Club, Member, SegmentChange, SpecialDate
from memberships.rules import segments as rules
from memberships.rules import special_days
from tests import days
from tests.days import day
from tests.factories import make_club, make_member, make_user, phone
from tests.web import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(days.NOW)
    return make_club()


@pytest.fixture
def anna(club: Club) -> Client:
    return browser(make_user(club, "administrator", "anna"))


def page(client: Client, member: Member) -> str:
    answer = client.get(reverse("member_detail", args=[member.pk]))
    assert answer.status_code == 200
    return answer.content.decode().replace("\u00a0", " ")


# ---- special dates


@pytest.mark.parametrize(
    ("on", "today", "wanted"),
    [("1990-11-12", "2026-11-12", "2026-11-12"), ("1990-11-11", "2026-11-12", "2027-11-11"),
     ("1992-02-29", "2027-01-01", "2027-02-28"), ("1992-02-29", "2028-01-01", "2028-02-29"),
     ("1992-02-29", "2027-03-01", "2028-02-29"), ("2030-05-01", "2026-11-12", "2030-05-01")],
)  # fmt: skip
def test_a_day_comes_back_every_year(on: str, today: str, wanted: str) -> None:
    assert special_days.next_time(day(on), day(today)) == day(wanted)


def test_special_dates_are_kept_and_say_when_they_are_near(anna: Client, club: Club) -> None:
    member = make_member(club, birthday=day("1990-11-20"))
    url = reverse("member_dates", args=[member.pk])
    assert anna.post(url, {"on": "2020-11-13", "name": "First marathon"}).status_code == 302
    text = page(anna, member)
    assert "First marathon" in text and "in 1 day<" in text and "in 8 days" in text
    assert anna.post(reverse("date_remove", args=[SpecialDate.objects.get().pk])).status_code == 302
    assert not SpecialDate.objects.exists() and "First marathon" not in page(anna, member)


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"on": "", "name": "x"}, "on"), ({"on": "31.02.2026", "name": "x"}, "on"),
     ({"on": "1700-01-01", "name": "x"}, "on"), ({"on": "2020-01-01", "name": ""}, "name"),
     ({"on": "2020-01-01", "name": "x" * 81}, "name")],
)  # fmt: skip
def test_a_date_that_cannot_be_right_is_said_at_its_field(
    anna: Client, club: Club, sent: dict[str, str], field: str
) -> None:
    answer = anna.post(reverse("member_dates", args=[make_member(club).pk]), sent)
    assert answer.status_code == 422 and field in answer.context["form"].errors
    assert not SpecialDate.objects.exists()


def test_there_is_room_for_twenty_dates(anna: Client, club: Club) -> None:
    member = make_member(club)
    SpecialDate.objects.bulk_create(SpecialDate(member=member, on=days.TODAY, name=f"{n}") for n in range(20))
    answer = anna.post(reverse("member_dates", args=[member.pk]), {"on": "2020-01-01", "name": "One more"})
    assert answer.status_code == 409 and "remove one first" in answer.content.decode()


def test_operators_read_special_dates_and_change_none(club: Club) -> None:
    member = make_member(club)
    date = SpecialDate.objects.create(member=member, on=days.TODAY, name="Won €500")
    nadia = browser(make_user(club, "operator", "nadia"))
    assert "Won •••" in page(nadia, member)
    assert nadia.get(reverse("member_dates", args=[member.pk])).status_code == 403
    assert nadia.post(reverse("date_remove", args=[date.pk])).status_code == 403


# ---- consent, segment, marks


def test_a_consent_says_since_when_and_by_whom(anna: Client, club: Club) -> None:
    member = people.create(club=club, details={"last_name": "Orlova"}, now=days.NOW, by=None)
    sent = {"last_name": "Orlova", "consent_sms": "yes", "consent_evidence": "paper form, 12 November"}
    anna.post(reverse("member_edit", args=[member.pk]), sent)
    text = page(anna, member)
    assert "paper form, 12 November" in text
    known = anna.get(reverse("member_detail", args=[member.pk])).context["consents"]
    assert [(value, since.by if since else None) for _label, value, since in known] == [
        (None, None), (True, "Anna"), (None, None),
    ]  # fmt: skip
    nadia = browser(make_user(club, "operator", "nadia"))
    assert "paper form" not in page(nadia, member) and "since" in page(nadia, member)


def test_the_segment_stands_with_its_history_and_why(anna: Client, club: Club) -> None:
    member = make_member(club, segment="gold")
    ranked = rules.segments({1: 0, 2: 10})  # type: ignore[dict-item]
    for on, place in (("2026-05-01", 1), ("2026-09-01", 2)):
        one = ranked[place]
        SegmentChange.objects.create(member=member, on=day(on), segment=one.segment.value, why=one.why.to_json())
    text = page(anna, member)
    assert "0 of 2 members paid more in the last 365 days." in text
    assert "Paid nothing in the last 365 days." in text and "1 May" in text


def test_deceased_is_marked_by_the_desk_and_undone_by_a_manager_only(anna: Client, club: Club) -> None:
    member = make_member(club)
    url = reverse("member_deceased", args=[member.pk])
    assert anna.post(url, {"on": "2026-11-13"}).status_code == 422, "not tomorrow"
    assert anna.post(url, {"on": "2026-11-01"}).status_code == 302
    member.refresh_from_db()
    assert member.deceased_on == day("2026-11-01") and "deceased 1 Nov" in page(anna, member)
    assert anna.post(url, {"reason": "mix-up"}).status_code == 403
    karin = browser(make_user(club, "manager", "karin"))
    assert karin.post(url, {"reason": " "}).status_code == 422
    assert karin.post(url, {"reason": "mix-up"}).status_code == 302
    member.refresh_from_db()
    assert member.deceased_on is None


def test_a_minor_without_a_guardians_number_is_not_rung_and_the_page_says_so(anna: Client, club: Club) -> None:
    child = make_member(club, birthday=day("2010-01-01"))
    assert "no guardian’s number" in page(anna, child) and ">minor<" in page(anna, child)
    grown = make_member(club, last_name="Grown", birthday=day("2008-11-12"), phone=phone(8))
    assert ">minor<" not in page(anna, grown)


def test_the_page_shows_who_set_do_not_call_and_why(anna: Client, club: Club) -> None:
    member = make_member(club)
    anna.post(reverse("member_do_not_call", args=[member.pk]), {"reason": "asked at the desk"})
    assert "asked at the desk" in page(anna, member)
