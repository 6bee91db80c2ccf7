"""*Why (not) call?*: one answer on the member's page, by the command and by the API, in the reader's language."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client

from memberships.models import Club, Member
from tests import days
from tests.calls.factories import make_attempt
from tests.factories import make_club, make_member, make_membership, make_user
from tests.memberships.api.client import Api

pytestmark = pytest.mark.django_db

SATURDAY = days.at("2026-11-14T19:40")
CAP = "Two conversations in the last 7 days; no third before Sunday 11:30."
HOURS = "19:40 for the member; calls on Sunday from 11:00."


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(SATURDAY)
    return make_club("mf")


@pytest.fixture
def pamela(club: Club) -> Member:
    """Member 12 of EXAMPLES 4."""
    member = make_member(club, external_id="MF00001")
    make_membership(member, starts_on=days.day("2025-12-01"))
    for at, kind in (("2026-11-05T18:30", "care"), ("2026-11-08T11:30", "care"), ("2026-11-10T12:00", "callback")):
        make_attempt(member, at, "talked", kind)
    return member


def reader(club: Club, language: str = "en") -> Client:
    client = Client(headers={"Accept-Language": language})
    client.force_login(make_user(club, "operator", f"reader-{language}"))
    return client


def test_the_page_the_command_and_the_api_say_the_same(club: Club, pamela: Member) -> None:
    olga = reader(club)
    for address in (f"/members/{pamela.pk}/", f"/members/{pamela.pk}/why/"):
        page = olga.get(address).content.decode()
        assert CAP in page and HOURS in page
        assert "Sun\xa015\xa0Nov,\xa011:30" in page and "Sun\xa015\xa0Nov,\xa011:00" in page
    out = io.StringIO()
    call_command("explain", "MF00001", "--club", "mf", "--json", stdout=out, stderr=io.StringIO())
    told = json.loads(out.getvalue())
    kinds = Api(make_user(club, "operator", "api")).get(f"members/{pamela.pk}/contact-policy").body["kinds"]
    assert told["kinds"] == kinds
    assert kinds["care"]["blocks"] == [
        {"code": "contact_cap", "detail": CAP, "until": "2026-11-15T11:30:00-06:00"},
        {"code": "outside_hours", "detail": HOURS, "until": "2026-11-15T11:00:00-06:00"},
    ]
    assert [block["code"] for block in kinds["callback"]["blocks"]] == ["outside_hours"]


def test_the_instant_that_may_be_changed_is_now_on_the_clubs_clock(club: Club, pamela: Member) -> None:
    page = reader(club).get(f"/members/{pamela.pk}/why/").content.decode()
    assert re.search(r'name="at" value="2026-11-14T19:40', page), page


def test_another_instant_is_asked_for_alike(club: Club, pamela: Member) -> None:
    page = reader(club).get(f"/members/{pamela.pk}/why/?at=2026-11-15T11:30").content.decode()
    assert "Every kind of call" in page and "may be rung" in page
    api = Api(make_user(club, "operator", "api"))
    asked = api.get(f"members/{pamela.pk}/contact-policy", at="2026-11-15T11:30:00-06:00").body["kinds"]
    assert all(answer == {"allowed": True, "blocks": []} for answer in asked.values())
    out = io.StringIO()
    at = ("--at", "2026-11-15T11:30:00-06:00", "--json")
    call_command("explain", str(pamela.pk), "--club", "mf", *at, stdout=out, stderr=io.StringIO())
    assert json.loads(out.getvalue())["kinds"] == asked


def test_a_russian_reader_is_told_in_russian(club: Club, pamela: Member) -> None:
    page = reader(club, "ru").get(f"/members/{pamela.pk}/why/").content.decode()
    assert CAP not in page and HOURS not in page
    assert "19:40" in page and "11:30" in page and "Два разговора за последние 7 дней" in page


def test_an_instant_that_is_none_is_refused_by_name(club: Club, pamela: Member) -> None:
    answer = reader(club).get(f"/members/{pamela.pk}/why/?at=yesterday")
    assert answer.status_code == 422 and 'id="id_at_error"' in answer.content.decode()
    assert Api(make_user(club, "operator", "api")).get(
        f"members/{pamela.pk}/contact-policy", at="yesterday"
    ).fields == {"at"}
