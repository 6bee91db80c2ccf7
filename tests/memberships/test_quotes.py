"""Quotes: EXAMPLES 1, and §3.4 through the operation."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from memberships import quotes, sales
from memberships.models import Membership, Plan, Promotion, Quote
from memberships.rules import pricing
from memberships.rules import sales as rules
from tests import days, factories
from tests.days import day
from tests.memberships.shop import Shop, english


def make(shop: Shop, member: object, plan: Plan | None = None, *, now: dt.datetime = days.NOW, **more: object) -> Quote:
    return quotes.make(member=member, plan=plan or shop.m12, now=now, by=shop.manager, **more)


def test_example_1_quotes_the_renewal_of_a_loyal_member(shop: Shop) -> None:
    quote = make(shop, shop.loyal_member())
    quote.refresh_from_db()
    assert quote.sale_kind == "renewal"
    assert (quote.sold_on, quote.list_price) == (day("2026-11-12"), Decimal("360.00"))
    lines = [
        (line["kind"], line["promotion"], english(line["label"]), line["amount"], line["days"]) for line in quote.lines
    ]
    assert lines == [
        ("amount", "LOYAL20", "20 off: 24 months with us", "-20.00", 0),
        ("percent", "EARLY10", "10 % off: renewed before 15 December", "-34.00", 0),
        ("bonus_days", "PLUS14", "14 days on us until 24 November", "0.00", 14),
    ]
    assert (quote.final_price, quote.bonus_days) == (Decimal("306.00"), 14)
    assert (quote.starts_on, quote.ends_on) == (day("2026-12-01"), day("2027-11-30"))
    assert (quote.valid_until, quote.newcomer_price, quote.not_used) == (day("2026-11-24"), Decimal("360.00"), [])


def test_without_the_gift_in_force_it_is_valid_for_fourteen_days(shop: Shop) -> None:
    Promotion.objects.filter(code="PLUS14").delete()
    assert make(shop, shop.loyal_member()).valid_until == day("2026-11-26")


def test_a_newcomer_gets_the_code_of_a_friend_only_by_naming_it(shop: Shop) -> None:
    member = shop.member()
    assert make(shop, member, shop.plans["M1"]).final_price == Decimal("40.00")
    assert make(shop, member, shop.plans["M1"], codes=[" friend15 "]).final_price == Decimal("34.00")


def test_a_named_code_that_cannot_apply_is_refused_with_why(shop: Shop) -> None:
    with pytest.raises(pricing.CodeNotApplicable, match="it is not for renewals"):
        make(shop, shop.loyal_member(), codes=["FRIEND15"])
    with pytest.raises(pricing.CodeNotApplicable, match="there is no such code"):
        make(shop, shop.loyal_member(), codes=["NOSUCH"])
    assert not Quote.objects.exists()


def test_a_promotion_of_another_club_does_not_exist_here(shop: Shop) -> None:
    other = factories.make_club("riverside")
    factories.make_promotion(other, "ELSEWHERE", value=40)
    assert make(shop, shop.loyal_member()).final_price == Decimal("306.00")
    with pytest.raises(pricing.CodeNotApplicable):
        make(shop, shop.loyal_member(), codes=["ELSEWHERE"])


def test_a_promotion_for_plans_of_another_club_only_is_for_no_plan_here(shop: Shop) -> None:
    other = factories.make_club("riverside")
    promotion = factories.make_promotion(shop.club, "BOTH", value=40, plans=(factories.make_plan(other, "M12"),))
    promotion.clubs.add(other)
    assert make(shop, shop.loyal_member()).final_price == Decimal("306.00")


def test_a_used_up_promotion_is_not_offered_and_its_code_is_a_conflict(shop: Shop) -> None:
    factories.make_promotion(shop.club, "LAST", value=40, max_uses=1, uses=1)
    assert make(shop, shop.loyal_member()).final_price == Decimal("306.00")
    with pytest.raises(pricing.UsedUp) as refusal:
        make(shop, shop.loyal_member(), codes=["LAST"])
    assert (refusal.value.code, refusal.value.status) == ("used_up", 409)


def test_the_club_limit_bites_with_a_line_of_its_own_and_a_manager_lifts_it(shop: Shop) -> None:
    factories.make_promotion(shop.club, "HUGE", value=90, stackable=False)
    quote = make(shop, shop.member())
    assert (quote.final_price, quote.lines[-1]["kind"]) == (Decimal("180.00"), "club_limit")
    assert sum(Decimal(line["amount"]) for line in quote.lines) == quote.final_price - quote.list_price
    lifted = make(shop, shop.member(), override_reason="corporate deal, agreed with the owner")
    assert (lifted.final_price, lifted.override_reason) == (Decimal("36.00"), "corporate deal, agreed with the owner")
    with pytest.raises(quotes.LimitReasonRequired):
        make(shop, shop.member(), override_reason="  ")


def test_a_renewal_dearer_than_the_newcomers_price_is_noticed(shop: Shop) -> None:
    factories.make_promotion(shop.club, "WELCOME", value=40, audience=("new",), stackable=False)
    quote = make(shop, shop.loyal_member())
    assert quote.newcomer_price == Decimal("216.00")
    assert quotes.dearer_than_newcomer(quote)
    assert not quotes.dearer_than_newcomer(make(shop, shop.member()))


def test_a_plan_not_for_sale_or_of_another_club_is_refused(shop: Shop) -> None:
    elsewhere = factories.make_plan(factories.make_club("riverside"), "M12")
    Plan.objects.filter(code="M1").update(active=False)
    for plan in (elsewhere, Plan.objects.get(code="M1")):
        with pytest.raises(quotes.PlanNotForSale):
            make(shop, shop.member(), plan)


def test_a_given_start_lies_from_the_sale_to_a_year_ahead_and_overlaps_nothing(shop: Shop) -> None:
    member = shop.loyal_member()
    for refused in ("2026-11-11", "2027-11-13"):
        with pytest.raises(rules.StartRefused):
            make(shop, member, starts_on=day(refused))
    with pytest.raises(rules.Overlap):
        make(shop, member, starts_on=day("2026-11-30"))
    late = make(shop, member, starts_on=day("2027-01-15"))
    assert (late.sale_kind, late.start_given) == ("return", True)
    assert make(shop, member, starts_on=day("2026-12-30")).sale_kind == "renewal"
    assert make(shop, member, starts_on=day("2026-12-31")).sale_kind == "return"


def test_only_a_supervisor_enters_an_earlier_sale_date_and_nobody_a_later_one(shop: Shop) -> None:
    member = shop.loyal_member()
    with pytest.raises(rules.SaleDateRefused):
        make(shop, member, sold_on=day("2026-11-01"))
    with pytest.raises(rules.SaleDateRefused):
        make(shop, member, sold_on=day("2026-11-13"), supervisor=True)
    quote = make(shop, member, sold_on=day("2026-11-01"), supervisor=True)
    assert [line["promotion"] for line in quote.lines] == ["LOYAL20", "EARLY10"]


def test_every_plan_is_offered_with_the_largest_saving_first_and_nothing_is_stored(shop: Shop) -> None:
    offers = quotes.offers(member=shop.loyal_member(), now=days.NOW)
    assert [(quote.plan.code, quote.final_price) for quote in offers] == [
        ("M12G", Decimal("414.00")),
        ("M12", Decimal("306.00")),
        ("M6", Decimal("171.00")),
        ("M1", Decimal("20.00")),
    ]
    assert not Quote.objects.exists()


def test_a_code_counts_only_in_the_offers_that_can_use_it(shop: Shop) -> None:
    factories.make_promotion(
        shop.club, "YEAR", kind="fixed_price", value=200, needs_code=True, stackable=False, plans=(shop.m12,)
    )
    offers = {quote.plan.code: quote for quote in quotes.offers(member=shop.member(), now=days.NOW, codes=["YEAR"])}
    assert (offers["M12"].final_price, offers["M6"].final_price) == (Decimal("200.00"), Decimal("210.00"))


def test_the_card_gets_the_promotions_of_a_renewal_of_the_same_plan_without_codes(shop: Shop) -> None:
    promotions = quotes.phone_promotions(
        member=shop.loyal_member(), now=days.NOW, kind=rules.SaleKind.RENEWAL, plan=shop.m12
    )
    assert [promotion.name for promotion in promotions] == ["Two weeks on us", "Early renewal", "Two years with us"]


def test_the_card_of_a_plan_that_is_sold_no_longer_has_no_promotions(shop: Shop) -> None:
    Plan.objects.filter(pk=shop.m12.pk).update(active=False)
    shop.m12.refresh_from_db()
    member = shop.loyal_member()
    assert quotes.phone_promotions(member=member, now=days.NOW, kind=rules.SaleKind.RENEWAL, plan=shop.m12) == []


def test_an_offer_keeps_its_price_and_term_whatever_is_edited_before_it_is_sold(shop: Shop) -> None:
    member = shop.loyal_member()
    quote = make(shop, member)
    Promotion.objects.filter(code="LOYAL20").update(value=1, code="OTHER")
    Plan.objects.filter(pk=shop.m12.pk).update(price=999, term_count=1, active=False)
    sold = sales.sell_quote(quote=quote, now=days.NOW, by=shop.manager)
    sold.refresh_from_db()
    assert (sold.price, sold.list_price, sold.ends_on) == (Decimal(306), Decimal(360), day("2027-11-30"))
    assert sold.promotions.count() == 3


def test_a_sold_offer_says_when_it_was_sold(shop: Shop) -> None:
    quote = make(shop, shop.loyal_member())
    sales.sell_quote(quote=quote, now=days.NOW, by=shop.manager)
    with pytest.raises(sales.QuoteUsed, match=r"^This offer was sold on 12 November 2026\.$") as refusal:
        sales.sell_quote(quote=quote, now=days.NOW, by=shop.manager)
    assert (refusal.value.code, refusal.value.status) == ("quote_used", 409)
    assert Membership.objects.filter(sold_on=day("2026-11-12")).count() == 1


def test_an_offer_is_sold_on_its_last_day_and_not_on_the_next(shop: Shop) -> None:
    quote = make(shop, shop.loyal_member())
    with pytest.raises(sales.QuoteExpired) as refusal:
        sales.sell_quote(quote=quote, now=days.at("2026-11-25T00:00"), by=shop.manager)
    assert refusal.value.code == "quote_expired"
    sales.sell_quote(quote=quote, now=days.at("2026-11-24T23:59"), by=shop.manager)


def test_an_offer_whose_given_start_has_passed_is_over(shop: Shop) -> None:
    quote = make(shop, shop.member(), starts_on=day("2026-11-14"))
    with pytest.raises(sales.QuoteExpired):
        sales.sell_quote(quote=quote, now=days.at("2026-11-15T10:00"), by=shop.manager)


def test_the_default_start_of_an_offer_is_that_of_the_day_of_sale(shop: Shop) -> None:
    quote = make(shop, shop.member())
    sold = sales.sell_quote(quote=quote, now=days.at("2026-11-20T10:00"), by=shop.manager)
    assert (sold.sold_on, sold.starts_on) == (day("2026-11-20"), day("2026-11-20"))


def test_an_offer_for_an_earlier_sale_date_is_sold_on_that_date(shop: Shop) -> None:
    quote = make(shop, shop.member(), sold_on=day("2026-11-01"), supervisor=True)
    sold = sales.sell_quote(quote=quote, now=days.NOW, by=shop.manager)
    assert (sold.sold_on, sold.starts_on) == (day("2026-11-01"), day("2026-11-01"))


def test_an_offer_for_an_earlier_sale_date_is_valid_on_that_date_for_a_manager_alone(shop: Shop) -> None:
    """FAIR ended before the offer was made, and held on the sale date."""
    factories.make_promotion(shop.club, "FAIR", value=20, stackable=False, ends_on=day("2026-11-05"))
    quote = make(shop, shop.member(), sold_on=day("2026-11-01"), supervisor=True)
    assert (quote.final_price, quote.valid_until) == (288, day("2026-11-05"))
    with pytest.raises(sales.QuoteExpired):
        sales.sell_quote(quote=quote, now=days.NOW, by=shop.manager)
    with pytest.raises(rules.SaleDateRefused):
        sales.sell_quote(quote=quote, now=days.NOW, by=None, sold_on=day("2026-11-01"))
    sold = sales.sell_quote(quote=quote, now=days.NOW, by=shop.manager, supervisor=True)
    assert (sold.sold_on, sold.price) == (day("2026-11-01"), 288)
