from __future__ import annotations

import pytest

from memberships.models import Club
from tests.factories import (
    make_club,
)


@pytest.fixture
def club() -> Club:
    return make_club()
