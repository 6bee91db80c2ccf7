"""A list asks the database as often for many rows as for one."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calls import requests
from calls.models import Meeting
from memberships.models import Member, User
from onboarding import checklists
from tests import days, factories
from tests.calls.factories import make_attempt, make_task
from tests.days import day
from tests.memberships.api.client import Api
from tests.memberships.shop import Shop

LISTS = (
    "members?club=mf", "memberships?club=mf", "plans?club=mf", "promotions?club=mf", "employees?club=mf",
    "calls/tasks?club=mf", "calls/attempts?club=mf", "reasons?club=mf", "slots?club=mf", "meetings?club=mf",
    "onboarding/checklists?club=mf", "requests?club=mf",
)  # fmt: skip


def one_of_each(shop: Shop, number: int) -> None:
    """Another member with everything that lists show of them."""
    olga = User.objects.get(username="olga")
    member: Member = shop.member(f"Member{number}", phone=factories.phone(number), do_not_call_by=olga)
    plan = factories.make_plan(shop.club, f"P{number}")
    promotion = factories.make_promotion(shop.club, f"C{number}", plans=(plan,))
    held = factories.make_membership(member, plan, starts_on=day("2026-05-01"), promotions=(promotion,))
    task = make_task(member, "care", membership=held, promised_to=olga)
    make_attempt(member, "2026-11-10T12:00", "refused", operator=olga, task=task)
    host = factories.make_employee(shop.club, "administrator", f"host{number}")
    Meeting.objects.create(
        club=shop.club, member=member, host=host, purpose="review", task=task, booked_by=olga, booked_at=days.NOW,
        starts_at=days.at("2026-11-13T12:00"), ends_at=days.at("2026-11-13T12:30"), calendar_uid=f"{number:032}",
    )  # fmt: skip
    requests.ask(club=shop.club, member=member, text="a towel", owner=host, by=olga, now=days.NOW)
    checklists.start(member=member, by=olga, now=days.NOW)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_asks_as_often_for_ten_rows_as_for_one(path: str, shop: Shop, manager: Api, operator: Api) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert manager.send("get", path).status == 200
        return len(queries)

    one_of_each(shop, 0)
    first = asked()
    for number in range(1, 10):
        one_of_each(shop, number)

    assert asked() == first <= 12
