"""A system with real addresses for whole stories: committed data, a live server, people with windows of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache

from config import clock
from tests.factories import PASSWORD
from tests.journeys.people import Person


@pytest.fixture
def system(transactional_db: None, live_server: Any, settings: Any) -> Iterator[str]:
    """An empty demo system, whose clock the story sets by command; its address."""
    settings.RINGBACK_DEMO = True
    cache.clear()
    yield live_server.url
    clock.pretend(None)


@pytest.fixture
def person(system: str, new_context: Callable[..., Any]) -> Iterator[Callable[..., Person]]:
    """``person("olga")``: signed in, in a browser of their own. Nobody may have seen a fault at the end."""
    known: list[Person] = []

    def sign_in(user: str, password: str = PASSWORD, **browser: Any) -> Person:
        known.append(Person(new_context(**browser), system, user))
        return known[-1].sign_in(password)

    yield sign_in
    assert {one.user: one.troubles for one in known if one.troubles} == {}
