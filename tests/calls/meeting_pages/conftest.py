from __future__ import annotations

import pytest

from tests import days, factories
from tests.calls.meeting_pages.made import AT, book


@pytest.fixture(autouse=True)
def now(set_clock):
    set_clock(AT)


@pytest.fixture
def club():
    return factories.make_club()


@pytest.fixture
def anna(club):
    return factories.make_user(club, "administrator", "anna")


@pytest.fixture
def olga(club):
    return factories.make_user(club, "operator", "olga")


@pytest.fixture
def member(club):
    member = factories.make_member(club, first_name="Nils", last_name="Holm")
    factories.make_membership(member, starts_on=days.day("2025-11-25"))
    return member


@pytest.fixture
def meeting(club, anna, member):
    return book(club, anna, member)
