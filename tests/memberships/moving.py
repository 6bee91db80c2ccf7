"""Freezes and closures of the shop's members, by days as text."""

from __future__ import annotations

import datetime as dt

from memberships import freezing
from memberships.models import Freeze, Membership
from tests import days
from tests.days import day
from tests.memberships.shop import Shop


def noon(text: str) -> dt.datetime:
    return days.at(f"{text}T12:00")


def freeze(
    shop: Shop, membership: Membership, first: str, last: str, *, on: str = "2026-11-12", **more: object
) -> Freeze:
    return freezing.give(
        membership=membership, starts_on=day(first), ends_on=day(last), now=noon(on), by=shop.manager, **more
    )


def back(shop: Shop, given: Freeze, returned_on: str, *, on: str = "2026-11-12", **more: object) -> Freeze:
    return freezing.end(freeze=given, returned_on=day(returned_on), now=noon(on), by=shop.manager, **more)


def shut(shop: Shop, first: str, last: str, *, on: str = "2026-11-12", why: str = "boiler") -> freezing.Closed:
    return freezing.close_club(
        club=shop.club, starts_on=day(first), ends_on=day(last), why=why, now=noon(on), by=shop.manager
    )


def dates(membership: Membership) -> tuple[str, str, str]:
    membership.refresh_from_db()
    return str(membership.starts_on), str(membership.ends_on), str(membership.effective_ends_on)
