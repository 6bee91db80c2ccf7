"""What tests of the API begin with: the club of the examples on their day, somebody of every role, a stranger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
import time_machine

from memberships.models import Member, Membership, User
from tests import days, factories
from tests.days import day
from tests.memberships.api.client import Api, next_id
from tests.memberships.shop import Shop, make_shop

A_MOMENT = dt.timedelta(milliseconds=1)


@pytest.fixture
def clock_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the clock: ``clock_at("2026-11-12T10:00")``, the club's time. It stands, but for a moment per request."""
    standing = time_machine.travel(days.NOW.astimezone(dt.UTC), tick=False)
    hands = standing.start()
    monkeypatch.setattr(Api, "tick", staticmethod(lambda: hands.shift(A_MOMENT)))
    yield lambda text: hands.move_to(days.at(text).astimezone(dt.UTC), tick=False)
    standing.stop()


@pytest.fixture
def shop(db: None, clock_at: Callable[[str], None]) -> Shop:
    clock_at("2026-11-12T10:00")
    for table in ("memberships_member", "memberships_membership", "memberships_employee"):
        next_id(table, 1000)  # the examples' own ids lie below
    return make_shop()


@pytest.fixture
def manager(shop: Shop) -> Api:
    return Api(shop.manager)


@pytest.fixture
def administrator(shop: Shop) -> Api:
    return Api(factories.make_user(shop.club, "administrator", "anna"))


@pytest.fixture
def operator(shop: Shop) -> Api:
    return Api(factories.make_user(shop.club, "operator", "olga"))


@pytest.fixture
def owner(shop: Shop) -> Api:
    return Api(factories.make_user(shop.club, "owner", "oscar"))


@pytest.fixture
def stranger(shop: Shop) -> Api:
    """The manager of another club."""
    return Api(factories.make_user(factories.make_club("elsewhere"), "manager", "charlie"))


@pytest.fixture
def nobody(shop: Shop) -> Api:
    """A login without a role anywhere."""
    return Api(User.objects.create_user("nobody"))


@pytest.fixture
def passer_by(shop: Shop) -> Api:
    """No token at all."""
    return Api(None)


@pytest.fixture
def pamela(shop: Shop) -> Member:
    """Member 12 of the examples: has held M12 since 2024-12-01, twice; the second (501) runs to 2026-11-30."""
    member = factories.make_member(shop.club, id=12, external_id="A-12", now=days.NOW)
    factories.make_membership(member, shop.m12, starts_on=day("2024-12-01"), id=500)
    factories.make_membership(member, shop.m12, starts_on=day("2025-12-01"), sold_on=day("2025-11-20"), id=501)
    return member


@pytest.fixture
def current(pamela: Member) -> Membership:
    """Membership 501."""
    return Membership.objects.get(pk=501)
