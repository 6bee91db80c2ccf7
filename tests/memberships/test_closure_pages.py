"""Closures on the web: previewed, made, taken back from a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from memberships.models import Closure, Club, Freeze, Membership
from tests import days, factories, web
from tests.days import day

pytestmark = pytest.mark.django_db

CHRISTMAS = {"starts_on": "2026-11-20", "ends_on": "2026-11-24", "why": "New floor"}


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(days.NOW)
    return factories.make_club()


@pytest.fixture
def karin(club: Club) -> Client:
    return web.browser(factories.make_user(club, "manager", "karin"))


@pytest.fixture
def term(club: Club) -> Membership:
    return factories.make_membership(factories.make_member(club), starts_on=day("2025-12-01"))


def end(term: Membership) -> dt.date:
    term.refresh_from_db()
    return term.effective_ends_on


def test_a_closure_is_previewed_made_and_taken_back_from_a_day(karin: Client, term: Membership) -> None:
    url = reverse("closure_new")
    preview = karin.post(f"{url}?preview=1", CHRISTMAS).content.decode().replace("\u00a0", " ")
    assert "1 membership is frozen" in preview and "Sat 5 Dec" in preview and not Closure.objects.exists()
    assert karin.post(url, CHRISTMAS).status_code == 302
    closure = Closure.objects.get()
    assert end(term) == day("2026-12-05")
    page = reverse("closure_detail", args=[closure.pk])
    assert "Pamela Scott" in karin.get(page).content.decode()
    assert "New floor" in karin.get(reverse("closure_list")).content.decode()
    assert karin.post(page, {"on": "2026-11-22"}).status_code == 302
    assert end(term) == day("2026-12-02")
    assert "open again from" in karin.get(page).content.decode()


def test_saving_it_twice_is_one_closure(karin: Client, term: Membership) -> None:
    for _ in range(2):
        karin.post(reverse("closure_new"), CHRISTMAS)
    assert Closure.objects.count() == Freeze.objects.count() == 1 and end(term) == day("2026-12-05")


def test_it_names_those_that_it_must_leave_and_why(
    karin: Client, term: Membership, set_clock: Callable[[dt.datetime], None]
) -> None:
    factories.make_membership(term.member, starts_on=day("2026-12-01"), sold_on=day("2026-11-20"))
    set_clock(days.at("2026-12-05T12:00"))  # noted too late: the renewal has started
    preview = karin.post(f"{reverse('closure_new')}?preview=1", CHRISTMAS).content.decode()
    karin.post(reverse("closure_new"), CHRISTMAS)
    page = karin.get(reverse("closure_detail", args=[Closure.objects.get().pk])).content.decode()
    for shown in (preview, page):
        assert "Left as they are" in shown and "started on 1 December 2026" in shown
    assert end(term) == day("2026-11-30")


@pytest.mark.parametrize(
    "wrong", [{"ends_on": "2026-11-19"}, {"why": " "}, {"starts_on": "soon"}, {"ends_on": ""}], ids=str
)
def test_what_cannot_be_right_says_why(karin: Client, wrong: dict[str, str]) -> None:
    response = karin.post(reverse("closure_new"), CHRISTMAS | wrong)
    assert response.status_code == 422 and 'class="err' in response.content.decode()
    assert not Closure.objects.exists()


def test_days_that_are_over_stay_frozen(
    karin: Client, term: Membership, set_clock: Callable[[dt.datetime], None]
) -> None:
    karin.post(reverse("closure_new"), CHRISTMAS)
    page = reverse("closure_detail", args=[Closure.objects.get().pk])
    set_clock(days.at("2026-11-22T12:00"))
    assert karin.post(page, {"on": "2026-11-21"}).status_code == 422
    assert end(term) == day("2026-12-05")
    set_clock(days.at("2026-11-25T12:00"))
    assert "no days left to give back" in karin.get(page).content.decode()


def test_an_empty_list_says_so_and_administrators_do_not_see_it(karin: Client, club: Club) -> None:
    assert "has not been closed yet" in karin.get(reverse("closure_list")).content.decode()
    assert reverse("closure_list") in karin.get(reverse("membership_list")).content.decode()
    anna = web.browser(factories.make_user(club, "administrator", "anna"))
    assert anna.get(reverse("closure_list")).status_code == 403
    assert reverse("closure_list") not in anna.get(reverse("membership_list")).content.decode()
