"""Whom tests of calls begin with: a club, its operators and its manager."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from memberships.models import Club, User
from tests import days
from tests.factories import make_club, make_user
from tests.web import browser


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(days.NOW)
    return make_club()


@pytest.fixture
def olga(club: Club) -> User:
    return make_user(club, "operator", "olga")


@pytest.fixture
def nadia(club: Club) -> User:
    return make_user(club, "operator", "nadia")


@pytest.fixture
def boss(club: Club) -> User:
    return make_user(club, "manager", "karin")


@pytest.fixture
def karin(boss: User) -> Client:
    return browser(boss)
