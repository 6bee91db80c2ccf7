from __future__ import annotations

import pytest

from memberships.models import Club, Employee, Member
from tests.factories import make_club, make_employee, make_member


@pytest.fixture
def club() -> Club:
    return make_club()


@pytest.fixture
def host(club: Club) -> Employee:
    return make_employee(club, "administrator", "anna")


@pytest.fixture
def member(club: Club) -> Member:
    return make_member(club)
