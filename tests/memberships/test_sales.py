"""Sale, renewal, return, change of plan, cancel: EXAMPLES 2, and §3.2 through the operations."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import transaction

from memberships import events, quotes, sales
from memberships.models import Freeze, Member, Membership, Promotion, PromotionUse, Quote
from memberships.rules import pricing
from memberships.rules import sales as rules
from tests import days, factories
from tests.days import day
from tests.memberships.shop import Shop


def noon(text: str) -> dt.datetime:
    return days.at(f"{text}T12:00")


@pytest.fixture
def told() -> Iterator[list[tuple[str, int]]]:
    """What listeners hear: the event and the membership."""
    heard: list[tuple[str, int]] = []

    def hear(name: str):  # type: ignore[no-untyped-def]
        def listener(*, membership: Membership | None = None, new: Membership | None = None, **_: object) -> None:
            heard.append((name, (membership or new).pk))  # type: ignore[union-attr]

        return listener

    mine = {name: hear(name) for name in ("sold", "changed", "cancelled")}
    for name, listener in mine.items():
        getattr(events, name).append(listener)
    yield heard
    for name, listener in mine.items():
        getattr(events, name).remove(listener)


# ---- sale ------------------------------------------------------------------------------------------------


def test_example_2_sells_the_quote_as_a_renewal(shop: Shop, told: list[tuple[str, int]]) -> None:
    member = shop.loyal_member()
    prior = member.memberships.get(starts_on=day("2025-12-01"))
    quote = quotes.make(member=member, plan=shop.m12, now=days.NOW, by=shop.manager)
    sold = sales.sell_quote(quote=quote, now=days.NOW, by=shop.manager)
    sold.refresh_from_db()
    assert (sold.sale_kind, sold.sold_on) == ("renewal", day("2026-11-12"))
    assert (sold.starts_on, sold.ends_on) == (day("2026-12-01"), day("2027-11-30"))
    assert (sold.bonus_days, sold.frozen_days, sold.effective_ends_on) == (14, 0, day("2027-12-14"))
    assert (sold.list_price, sold.price, sold.price_paid, sold.balance_due) == (360, 306, 306, 0)
    assert sorted(sold.promotions.values_list("code", flat=True)) == ["EARLY10", "LOYAL20", "PLUS14"]
    assert (sold.renewed_from, sold.follows, sold.chain_starts_on) == (prior, True, day("2024-12-01"))
    assert (sold.cancelled_on, sold.closed_on, sold.special_terms) == (None, None, "")
    member.refresh_from_db()
    assert member.last_covered_on == day("2027-12-14")
    assert told == [("sold", sold.pk)]


def test_a_first_sale_is_new_and_starts_today(shop: Shop) -> None:
    sold = shop.sell(shop.member())
    assert (sold.sale_kind, sold.starts_on, sold.renewed_from, sold.follows) == ("new", days.TODAY, None, False)
    assert sold.effective_ends_on == day("2027-11-25")  # 14 bonus days


def test_thirty_days_after_the_end_it_is_a_renewal_and_then_a_return(shop: Shop) -> None:
    for start, kind in (("2026-12-30", "renewal"), ("2026-12-31", "return")):
        sold = shop.sell(shop.loyal_member(), starts_on=day(start))
        assert (sold.sale_kind, sold.follows) == (kind, False)


def test_a_second_renewal_starts_behind_the_first(shop: Shop) -> None:
    member = shop.loyal_member()
    first = shop.sell(member)
    second = shop.sell(member)
    assert (second.starts_on, second.renewed_from_id, second.follows) == (day("2027-12-15"), first.pk, True)
    assert second.chain_starts_on == day("2024-12-01")


def test_a_sale_after_a_cancelled_membership_is_a_return_even_before_it_ends(shop: Shop) -> None:
    member = shop.loyal_member()
    running = member.memberships.get(starts_on=day("2025-12-01"))
    sales.cancel(membership=running, on=day("2026-11-20"), reason="moves away", now=days.NOW, by=shop.manager)
    sold = shop.sell(member)
    assert (sold.sale_kind, sold.starts_on, sold.renewed_from_id) == ("return", day("2026-11-20"), None)
    assert sold.chain_starts_on == day("2026-11-20")


def test_days_that_another_membership_covers_are_refused(shop: Shop) -> None:
    member = shop.loyal_member()
    with pytest.raises(rules.Overlap) as refusal:
        shop.sell(member, starts_on=day("2026-11-30"))
    assert (refusal.value.code, refusal.value.status) == ("overlap", 409)
    assert not Quote.objects.exists()


def test_a_gap_too_short_for_the_term_is_an_overlap(shop: Shop) -> None:
    member = shop.member()
    shop.sell(member, starts_on=day("2027-01-10"))
    with pytest.raises(rules.Overlap):
        shop.sell(member, starts_on=days.TODAY)
    month = shop.sell(member, shop.plans["M1"], starts_on=days.TODAY)
    assert (month.sale_kind, month.effective_ends_on) == ("new", day("2026-12-11"))


def test_the_rest_of_the_price_is_the_balance_with_its_day(shop: Shop) -> None:
    payment = sales.Payment(Decimal("60.50"), day("2026-12-24"))
    sold = shop.sell(shop.member(), payment=payment)
    assert (sold.price_paid, sold.balance_due, sold.balance_due_on) == (
        Decimal("60.50"),
        Decimal("299.50"),
        day("2026-12-24"),
    )
    paid = sales.record_payment(membership=sold, amount=Decimal("299.50"), now=days.NOW, by=shop.manager)
    assert (paid.price_paid, paid.balance_due, paid.balance_due_on) == (360, 0, None)
    with pytest.raises(sales.PaidRefused):
        sales.record_payment(membership=sold, amount=Decimal(1), now=days.NOW, by=shop.manager)


@pytest.mark.parametrize("paid", ["-1", "360.01", "10.001"])
def test_an_amount_paid_that_cannot_be_is_refused(shop: Shop, paid: str) -> None:
    with pytest.raises(sales.PaidRefused):
        shop.sell(shop.member(), payment=sales.Payment(Decimal(paid)))
    assert not Membership.objects.exists()


def test_a_balance_is_not_due_before_the_sale(shop: Shop) -> None:
    with pytest.raises(sales.BalanceDateRefused):
        shop.sell(shop.member(), payment=sales.Payment(Decimal(1), day("2026-11-11")))


def test_special_terms_name_no_amount(shop: Shop) -> None:
    assert shop.sell(shop.member(), special_terms=" corporate terms ").special_terms == "corporate terms"
    with pytest.raises(sales.AmountInText):
        shop.sell(shop.member(), special_terms="20 % off for ever")


def test_nothing_is_sold_to_the_deceased(shop: Shop) -> None:
    with pytest.raises(sales.Deceased):
        shop.sell(shop.member(deceased_on=day("2026-01-01")))


def test_what_was_sold_keeps_its_own_terms_when_the_plan_changes(shop: Shop) -> None:
    sold = shop.sell(shop.member())
    shop.m12.freeze_days, shop.m12.price, shop.m12.term_count = 0, Decimal(1), 1
    shop.m12.save()
    sold.refresh_from_db()
    assert (sold.freeze_allowance, sold.price, sold.term_count) == (45, 360, 12)


def test_a_listener_that_refuses_takes_the_sale_back(shop: Shop) -> None:
    def refuse(**_: object) -> None:
        raise RuntimeError("no checklist")

    events.sold.append(refuse)
    try:
        with pytest.raises(RuntimeError):
            shop.sell(shop.member(), shop.plans["M12"])
    finally:
        events.sold.remove(refuse)
    assert not Membership.objects.exists()
    assert Promotion.objects.get(code="PLUS14").uses == 0


def test_a_sale_inside_a_larger_transaction_goes_back_with_it(shop: Shop) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        shop.sell(shop.loyal_member())
        raise RuntimeError("the meeting was closed meanwhile")
    assert (Membership.objects.count(), Quote.objects.count(), Promotion.objects.get(code="LOYAL20").uses) == (0, 0, 0)


# ---- uses ------------------------------------------------------------------------------------------------


def test_a_use_is_counted_at_the_sale_and_not_at_the_quote(shop: Shop) -> None:
    quote = quotes.make(member=shop.loyal_member(), plan=shop.m12, now=days.NOW, by=shop.manager)
    assert Promotion.objects.get(code="LOYAL20").uses == 0
    sales.sell_quote(quote=quote, now=days.NOW, by=shop.manager)
    assert Promotion.objects.get(code="LOYAL20").uses == 1


def test_an_offer_whose_promotion_was_used_up_meanwhile_is_not_sold(shop: Shop) -> None:
    factories.make_promotion(shop.club, "LAST", value=40, stackable=False, max_uses=1)
    mine = quotes.make(member=shop.member(), plan=shop.m12, now=days.NOW, by=shop.manager)
    shop.sell(shop.member())
    with pytest.raises(pricing.UsedUp):
        sales.sell_quote(quote=mine, now=days.NOW, by=shop.manager)
    assert Membership.objects.filter(member=mine.member).count() == 0


def test_cancelling_before_the_start_gives_the_use_back_and_later_does_not(shop: Shop) -> None:
    factories.make_promotion(shop.club, "LAST", value=40, stackable=False, max_uses=1)
    ahead = shop.sell(shop.member(), starts_on=day("2026-12-01"))
    sales.cancel(membership=ahead, on=days.TODAY, reason="changed his mind", now=days.NOW, by=shop.manager)
    assert Promotion.objects.get(code="LAST").uses == 0
    assert PromotionUse.objects.get(membership=ahead).given_back
    running = shop.sell(shop.member())
    assert running.price == Decimal(216)
    sales.cancel(membership=running, on=day("2026-11-13"), reason="moved", now=noon("2026-11-13"), by=shop.manager)
    assert Promotion.objects.get(code="LAST").uses == 1


# ---- cancel ----------------------------------------------------------------------------------------------


def test_a_cancelled_membership_covers_up_to_the_day_before(shop: Shop, told: list[tuple[str, int]]) -> None:
    member = shop.member()
    sold = shop.sell(member)
    cancelled = sales.cancel(membership=sold, on=day("2026-12-01"), reason=" moved ", now=days.NOW, by=shop.manager)
    assert (cancelled.cancelled_on, cancelled.cancel_reason) == (day("2026-12-01"), "moved")
    assert (cancelled.last_covered_on, cancelled.effective_ends_on) == (day("2026-11-30"), day("2027-11-25"))
    member.refresh_from_db()
    assert member.last_covered_on == day("2026-11-30")
    assert told[-1] == ("cancelled", sold.pk)
    with pytest.raises(rules.AlreadyCancelled):
        sales.cancel(membership=sold, on=day("2026-12-02"), reason="again", now=days.NOW, by=shop.manager)


def test_a_pending_one_cancelled_covers_no_day_and_is_no_prior(shop: Shop) -> None:
    member = shop.loyal_member()
    renewal = shop.sell(member)
    sales.cancel(membership=renewal, on=days.TODAY, reason="dearer than he thought", now=days.NOW, by=shop.manager)
    member.refresh_from_db()
    assert member.last_covered_on == day("2026-11-30")
    again = shop.sell(member)
    assert (again.sale_kind, again.starts_on) == ("renewal", day("2026-12-01"))


def test_a_cancellation_has_its_days_and_its_reason(shop: Shop) -> None:
    sold = shop.sell(shop.member())
    later = noon("2026-11-20")
    for on in (day("2026-11-19"), day("2027-11-26")):
        with pytest.raises(rules.CancelDateRefused) as refusal:
            sales.cancel(membership=sold, on=on, reason="moved", now=later, by=shop.manager)
        assert (refusal.value.code, refusal.value.status) == ("cancel_date", 422)
    with pytest.raises(rules.ReasonRequired):
        sales.cancel(membership=sold, on=day("2026-11-20"), reason=" ", now=later, by=shop.manager)
    back = sales.cancel(
        membership=sold, on=day("2026-11-12"), reason="never came", now=later, by=shop.manager, supervisor=True
    )
    assert back.last_covered_on < back.starts_on


def test_freezes_from_the_cancellation_on_are_void(shop: Shop) -> None:
    sold = shop.sell(shop.member())
    over = factories.make_freeze(sold, day("2026-11-20"), day("2026-11-29"))
    ahead = factories.make_freeze(sold, day("2027-03-01"), day("2027-03-10"))
    cancelled = sales.cancel(membership=sold, on=day("2026-11-25"), reason="moved", now=days.NOW, by=shop.manager)
    over.refresh_from_db()
    ahead.refresh_from_db()
    assert (over.ends_on, over.voided, ahead.voided) == (day("2026-11-24"), False, True)
    assert (cancelled.frozen_days, cancelled.effective_ends_on) == (5, day("2027-11-30"))


def test_a_sold_renewal_stays_where_it_is_and_follows_no_longer(shop: Shop) -> None:
    member = shop.loyal_member()
    renewal = shop.sell(member)
    prior = member.memberships.get(pk=renewal.renewed_from_id)
    sales.cancel(membership=prior, on=day("2026-11-20"), reason="moved", now=days.NOW, by=shop.manager)
    renewal.refresh_from_db()
    assert (renewal.starts_on, renewal.follows, renewal.sale_kind) == (day("2026-12-01"), False, "renewal")


# ---- change of plan --------------------------------------------------------------------------------------


def change(shop: Shop, membership: Membership, code: str = "M12G", *, now: dt.datetime = days.NOW, **more: object):  # type: ignore[no-untyped-def]
    return sales.change_plan(membership=membership, plan=shop.plans[code], now=now, by=shop.manager, **more)


def plain(shop: Shop) -> None:
    Promotion.objects.all().delete()


def test_a_change_credits_the_days_left_and_closes_the_old_one(shop: Shop, told: list[tuple[str, int]]) -> None:
    plain(shop)
    member = shop.member()
    old = shop.sell(member, now=noon("2026-11-12"))
    new = change(shop, old, now=noon("2027-02-20"))
    old.refresh_from_db()
    # 265 of 365 days are left: 360 × 265 ÷ 365 = 261.369…
    assert (new.credit, new.price, new.list_price) == (Decimal("261.37"), Decimal("218.63"), 480)
    assert (old.closed_on, old.effective_ends_on, old.last_covered_on) == (day("2027-02-19"),) * 3
    assert (new.sale_kind, new.sold_on, new.starts_on) == ("change", day("2027-02-20"), day("2027-02-20"))
    assert (new.ends_on, new.renewed_from_id, new.chain_starts_on) == (day("2028-02-19"), old.pk, day("2026-11-12"))
    assert told == [("sold", old.pk), ("changed", new.pk)]


def test_a_second_change_brings_the_first_credit_in(shop: Shop) -> None:
    plain(shop)
    first = shop.sell(shop.member(), shop.plans["M12G"])
    second = change(shop, first, "M12", now=noon("2026-11-13"))
    assert (second.credit, second.price, second.price_paid) == (Decimal("478.68"), 0, 0)
    third = change(shop, second, "M12G", now=noon("2026-11-14"))
    assert third.credit == Decimal("477.37")  # 478.68 × 364 ÷ 365
    assert third.price == Decimal("2.63")


def test_bonus_days_count_in_the_credit_and_frozen_days_do_not(shop: Shop) -> None:
    plain(shop)
    old = shop.sell(shop.member(), shop.plans["M1"])  # 12 November … 11 December, 30 days
    Membership.objects.filter(pk=old.pk).update(
        bonus_days=10, effective_ends_on=day("2026-12-21"), last_covered_on=day("2026-12-21")
    )
    old.refresh_from_db()
    freeze = factories.make_freeze(old, day("2026-11-20"), day("2026-11-29"))
    new = change(shop, old, "M6", now=noon("2026-11-25"))
    # 40 days run in all, 8 of them before the freeze: 32 are left
    assert (new.credit, new.price) == (Decimal("32.00"), Decimal("178.00"))
    freeze.refresh_from_db()
    old.refresh_from_db()
    assert (freeze.ends_on, freeze.voided) == (day("2026-11-24"), False)
    assert (old.frozen_days, old.effective_ends_on) == (5, day("2026-11-24"))


def test_a_freeze_that_lies_ahead_is_void_after_a_change(shop: Shop) -> None:
    plain(shop)
    old = shop.sell(shop.member())
    freeze = factories.make_freeze(old, day("2027-01-10"), day("2027-01-20"))
    change(shop, old, now=noon("2026-12-01"))
    freeze.refresh_from_db()
    assert freeze.voided


def test_the_balance_that_is_due_counts_in_the_value(shop: Shop) -> None:
    plain(shop)
    old = shop.sell(shop.member(), payment=sales.Payment(Decimal(60)))
    new = change(shop, old, now=noon("2026-11-13"))
    assert new.credit == Decimal("359.01")


def test_a_change_is_quoted_as_a_renewal_with_tenure_and_early_days(shop: Shop) -> None:
    member = shop.loyal_member()
    running = member.memberships.get(starts_on=day("2025-12-01"))
    factories.make_promotion(shop.club, "FAR", kind="amount", value=7, audience=("renewal",), early_days=18)
    factories.make_promotion(shop.club, "FARTHER", kind="amount", value=9, audience=("renewal",), early_days=19)
    new = change(shop, running)
    # 23 months on 12 November: LOYAL20 wants 24; 18 days to the old end
    assert [line["promotion"] for line in new.quote.lines] == ["FAR", "EARLY10", "PLUS14"]
    assert new.quote.final_price == Decimal("425.70")
    assert new.credit == Decimal("18.74")  # 360 × 19 ÷ 365


def test_a_change_is_refused_behind_a_sold_renewal_or_outside_the_days(shop: Shop) -> None:
    member = shop.loyal_member()
    running = member.memberships.get(starts_on=day("2025-12-01"))
    renewal = shop.sell(member)
    with pytest.raises(rules.AlreadyRenewed) as refusal:
        change(shop, running)
    assert (refusal.value.code, refusal.value.status) == ("already_renewed", 409)
    with pytest.raises(rules.ChangeDateRefused):
        change(shop, renewal)  # pending
    fresh = shop.sell(shop.member())
    with pytest.raises(rules.ChangeDateRefused):
        change(shop, fresh)  # its first day
    with pytest.raises(rules.ChangeDateRefused):
        change(shop, fresh, now=noon("2026-11-20"), on=day("2026-11-21"))
    ahead = change(shop, fresh, now=noon("2026-11-20"), on=day("2026-11-25"), supervisor=True)
    assert (ahead.sold_on, ahead.starts_on) == (day("2026-11-20"), day("2026-11-25"))


def test_a_renewal_of_a_changed_membership_goes_on_with_the_chain(shop: Shop) -> None:
    plain(shop)
    member = shop.member()
    old = shop.sell(member, shop.plans["M1"])
    new = change(shop, old, "M6", now=noon("2026-11-20"))
    renewal = shop.sell(member, shop.plans["M6"], now=noon("2027-05-01"))
    assert (renewal.sale_kind, renewal.renewed_from_id, renewal.chain_starts_on) == (
        "renewal",
        new.pk,
        day("2026-11-12"),
    )


def test_a_refused_change_leaves_the_old_one_open(shop: Shop) -> None:
    old = shop.sell(shop.member())
    with pytest.raises(pricing.CodeNotApplicable):
        change(shop, old, now=noon("2026-11-20"), codes=["NOSUCH"])
    old.refresh_from_db()
    assert (old.closed_on, Freeze.objects.count(), Member.objects.count()) == (None, 0, 1)
