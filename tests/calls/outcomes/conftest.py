from __future__ import annotations

import pytest

from memberships.models import Club, Employee, Member, User
from tests.factories import make_club, make_employee, make_member, make_user


@pytest.fixture
def club() -> Club:
    return make_club()


@pytest.fixture
def olga(club: Club) -> User:
    return make_user(club, "operator", "olga")


@pytest.fixture
def nadia(club: Club) -> User:
    return make_user(club, "operator", "nadia")


@pytest.fixture
def host(club: Club) -> Employee:
    return make_employee(club, "administrator", "anna")


@pytest.fixture
def member(club: Club) -> Member:
    return make_member(club)
