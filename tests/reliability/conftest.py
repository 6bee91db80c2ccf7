"""Tests that move the clock of a whole system leave it as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from config import clock


@pytest.fixture(autouse=True)
def own_clock() -> Iterator[None]:
    """What a test pretended is forgotten at its end."""
    yield
    clock.pretend(None)
