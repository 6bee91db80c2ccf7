"""One world per module: made once, inside a transaction that is taken back; each test in its own.

Whatever is asked of the world is answered by the application's own database role, as in a running system.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection, transaction

from config import clock
from tests import days
from tests.trust.walking import Caller, caller
from tests.trust.world import ROLES, World, make_world


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: pytest.FixtureDef) -> Iterator[World]:
    with django_db_blocker.unblock():
        clock.pretend(days.NOW)
        try:
            with transaction.atomic():
                made = make_world()
                with connection.cursor() as cursor:
                    cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL ROLE {settings.APP_ROLE}")
                yield made
                transaction.set_rollback(True)
        finally:
            clock.pretend(None)


@pytest.fixture
def apart(world: World) -> Iterator[World]:
    """The world for one test: what it does is taken back."""
    with transaction.atomic():
        yield world
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def callers(world: World) -> dict[str, Caller]:
    """Everybody who may come, by name: nobody's login, the four roles, another club's manager, one who left, …"""
    own = world.own
    known = {role: caller(role, own.people[role], role, own.tokens[role]) for role in ROLES}
    other = world.foreign
    return known | {
        "none": caller("none", None),
        "other": caller("other", other.people["manager"], "", other.tokens["manager"]),
        "left": caller("left", world.left),
        "torn": caller("torn", world.torn, "operator", club=own.club.slug),
    }
