"""Two desks at once: the last use of a promotion, one offer, one gap. Each with its negative control."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from memberships import freezing, holding, quotes, sales
from memberships.models import Freeze, Membership, Promotion, Quote
from memberships.rules import pricing
from memberships.rules import sales as rules
from memberships.rules.errors import Refused
from memberships.sales import selling
from tests import days, factories
from tests.days import day
from tests.memberships.shop import Shop, make_shop

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 32


@pytest.fixture
def shop(transactional_db: None) -> Shop:
    return make_shop()


def at_once(works: list[Callable[[], object]]) -> list[object]:
    """Run all at the same moment, each on its own connection; answers or exceptions in their order."""
    start = threading.Barrier(len(works))
    answers: list[object] = [None] * len(works)

    def run(index: int, work: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            start.wait(30)
            answers[index] = work()
        except Exception as error:
            answers[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def codes(answers: list[object]) -> set[str]:
    assert all(isinstance(answer, Refused) for answer in answers), answers
    return {answer.code for answer in answers}  # type: ignore[attr-defined]


def sales_of_the_last_use(shop: Shop) -> list[Callable[[], object]]:
    factories.make_promotion(shop.club, "LAST", value=40, stackable=False, max_uses=1)
    offers = [quotes.make(member=shop.member(), plan=shop.m12, now=days.NOW, by=None) for _ in range(MANY)]
    return [lambda quote=quote: sales.sell_quote(quote=quote, now=days.NOW, by=None) for quote in offers]


def test_the_last_use_of_a_promotion_is_sold_once_among_many(shop: Shop) -> None:
    answers = at_once(sales_of_the_last_use(shop))
    assert Membership.objects.count() == 1
    assert Promotion.objects.get(code="LAST").uses == 1
    assert codes([answer for answer in answers if not isinstance(answer, Membership)]) == {"used_up"}


def test_control_counting_without_the_guard_sells_the_last_use_more_than_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody_has_read = threading.Barrier(MANY)

    def count_by_reading_first(quote: Quote) -> None:
        for promotion in Promotion.objects.filter(pk__in=selling._promotion_ids(quote)):
            everybody_has_read.wait(30)
            if promotion.max_uses is not None and promotion.uses >= promotion.max_uses:
                raise pricing.UsedUp
            promotion.uses += 1
            promotion.save(update_fields=["uses"])

    monkeypatch.setattr(selling, "_count_uses", count_by_reading_first)
    at_once(sales_of_the_last_use(shop))
    assert Membership.objects.count() == MANY
    assert Promotion.objects.get(code="LAST").uses == 1


def test_one_offer_sold_at_two_desks_is_sold_once(shop: Shop) -> None:
    offer = quotes.make(member=shop.loyal_member(), plan=shop.m12, now=days.NOW, by=None)
    answers = at_once([lambda: sales.sell_quote(quote=offer, now=days.NOW, by=None)] * 8)
    assert Membership.objects.filter(quote=offer).count() == 1
    assert codes([answer for answer in answers if not isinstance(answer, Membership)]) == {"quote_used"}
    assert Promotion.objects.get(code="LOYAL20").uses == 1


def test_control_both_desks_find_the_offer_unsold_when_they_do_not_wait(shop: Shop) -> None:
    offer = quotes.make(member=shop.loyal_member(), plan=shop.m12, now=days.NOW, by=None)
    both_have_looked = threading.Barrier(2)
    unsold: list[bool] = []

    def look_then_sell() -> None:
        unsold.append(not Membership.objects.filter(quote=offer).exists())
        both_have_looked.wait(30)
        sales.sell_quote(quote=offer, now=days.NOW, by=None)

    at_once([look_then_sell] * 2)
    assert unsold == [True, True]


def test_the_database_itself_knows_that_an_offer_is_sold_once(shop: Shop) -> None:
    offer = quotes.make(member=shop.loyal_member(), plan=shop.m12, now=days.NOW, by=None)
    sold = sales.sell_quote(quote=offer, now=days.NOW, by=None)
    with pytest.raises(sales.QuoteUsed), holding.operation(by=None):
        other = shop.sell(shop.member())
        Membership.objects.filter(pk=other.pk).update(quote=sold.quote)


def test_two_renewals_sold_at_once_lie_one_behind_the_other(shop: Shop) -> None:
    member = shop.loyal_member()
    answers = at_once([lambda: shop.sell(member, sold_on=days.TODAY)] * 2)
    assert sorted(row.starts_on for row in answers if isinstance(row, Membership)) == [
        day("2026-12-01"),
        day("2027-12-15"),
    ]


def test_one_gap_is_sold_once(shop: Shop) -> None:
    member = shop.member()
    answers = at_once([lambda: shop.sell(member, starts_on=day("2026-12-01"))] * 4)
    assert Membership.objects.count() == 1
    assert codes([answer for answer in answers if not isinstance(answer, Membership)]) == {"overlap"}
    assert any(isinstance(answer, rules.Overlap) for answer in answers)


def test_a_sale_and_a_closure_at_once_leave_no_day_unfrozen(shop: Shop) -> None:
    members = [shop.member() for _ in range(6)]
    works: list[Callable[[], object]] = [lambda member=member: shop.sell(member) for member in members]
    closing = {"club": shop.club, "starts_on": day("2026-12-24"), "ends_on": day("2026-12-26"), "why": "boiler"}
    works.insert(3, lambda: freezing.close_club(**closing, now=days.NOW, by=None))
    answers = at_once(works)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert Freeze.objects.count() == 6
    assert set(Membership.objects.values_list("frozen_days", flat=True)) == {3}
