"""What tests of memberships begin with."""

from __future__ import annotations

import pytest

from tests.memberships.shop import Shop, make_shop


@pytest.fixture
def shop(db: None) -> Shop:
    return make_shop()
