"""Edges of terms, freezes and money that a club meets once a year (PRODUCT.md §3.1–3.4)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from memberships import freezing, quotes, sales, standing
from memberships.models import Freeze, Membership, Plan, Promotion
from memberships.rules import freezing as freeze_rules
from memberships.rules import sales as rules
from memberships.rules.chains import FreezeInTheWay
from tests import days, factories
from tests.days import day
from tests.memberships.moving import back, dates, freeze, noon, shut
from tests.memberships.shop import Shop


def cancel(shop: Shop, row: Membership, on: str, *, today: str = "2026-11-12", **more: object) -> Membership:
    return sales.cancel(membership=row, on=day(on), reason="moved", now=noon(today), by=shop.manager, **more)


# ---- money -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "price", "paid", "too_fine", "half"),
    [("JPY", "9999", "5000", "0.5", "5000"), ("KWD", "99.999", "50.001", "0.0001", "50.000")],
)
def test_currencies_have_their_own_smallest_unit(
    db: None, currency: str, price: str, paid: str, too_fine: str, half: str
) -> None:
    club = factories.make_club("mf", currency=currency)
    plan = factories.make_plan(club, "D30", term="30d", price=price)
    member = factories.make_member(club)
    with pytest.raises(sales.PaidRefused):
        sales.sell(member=member, plan=plan, now=days.NOW, by=None, payment=sales.Payment(Decimal(too_fine)))
    sold = sales.sell(member=member, plan=plan, now=days.NOW, by=None, payment=sales.Payment(Decimal(paid)))
    assert sold.price_paid + sold.balance_due == Decimal(price)
    with pytest.raises(sales.PaidRefused):
        sales.record_payment(membership=sold, amount=Decimal(too_fine), now=days.NOW, by=None)
    # on the sixteenth day fifteen of the thirty are left
    new = sales.change_plan(membership=sold, plan=plan, now=days.at("2026-11-27T12:00"), by=None)
    assert (new.credit, new.price) == (Decimal(half), Decimal(price) - Decimal(half))


def test_a_plan_without_a_price_is_sold_changed_and_cancelled(plain: Shop) -> None:
    free = factories.make_plan(plain.club, "FREE", term="1m", price=0)
    sold = plain.sell(plain.member(), free)
    assert (sold.price, sold.price_paid, sold.balance_due) == (0, 0, 0)
    new = sales.change_plan(membership=sold, plan=plain.m12, now=noon("2026-11-20"), by=None)
    assert (new.credit, new.price) == (0, 360)
    assert cancel(plain, new, "2026-11-20", today="2026-11-20").last_covered_on == day("2026-11-19")


def test_a_credit_above_the_price_makes_it_nothing_and_stays_for_the_next_change(plain: Shop) -> None:
    sold = plain.sell(plain.member())
    cheap = sales.change_plan(membership=sold, plan=plain.plans["M1"], now=noon("2026-11-13"), by=None)
    assert (cheap.price, cheap.price_paid) == (0, 0) and cheap.credit > 40
    again = sales.change_plan(membership=cheap, plan=plain.m12, now=noon("2026-11-14"), by=None)
    assert again.credit == (cheap.credit * 29 / 30).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    assert again.chain_starts_on == days.TODAY


def test_the_last_use_comes_back_when_it_is_cancelled_before_the_start_and_is_sold_again(shop: Shop) -> None:
    factories.make_promotion(shop.club, "LAST", value=40, stackable=False, max_uses=1)
    first = shop.sell(shop.member(), starts_on=day("2026-12-01"))
    assert shop.sell(shop.member(), starts_on=day("2026-12-01")).price > first.price
    cancel(shop, first, "2026-11-30")
    assert Promotion.objects.get(code="LAST").uses == 0
    assert shop.sell(shop.member()).price == first.price
    assert Promotion.objects.get(code="LAST").uses == 1


# ---- when a sale starts ----------------------------------------------------------------------------------


def test_a_sale_behind_one_that_is_cancelled_ahead_is_a_return_and_begins_on_that_day(plain: Shop) -> None:
    running = plain.loyal_member().memberships.get(starts_on=day("2025-12-01"))
    cancel(plain, running, "2026-11-20")
    sold = plain.sell(running.member)
    assert (sold.sale_kind, sold.starts_on, sold.renewed_from_id) == ("return", day("2026-11-20"), None)
    running.refresh_from_db()
    assert standing.status_of(membership=running, on=day("2026-11-19")) == "active"
    assert standing.status_of(membership=running, on=day("2026-11-20")) == "cancelled"


def test_a_manager_sells_into_a_gap_of_the_past_and_not_a_day_over_it(plain: Shop) -> None:
    member = plain.member()
    factories.make_membership(member, plain.plans["M1"], starts_on=day("2026-08-01"))  # to 31 August
    factories.make_membership(member, plain.plans["M1"], starts_on=day("2026-10-01"))
    late = {"sold_on": day("2026-09-01"), "supervisor": True}
    sold = plain.sell(member, plain.plans["M1"], starts_on=day("2026-09-01"), **late)
    assert (sold.starts_on, sold.ends_on, sold.sale_kind) == (day("2026-09-01"), day("2026-09-30"), "renewal")
    with pytest.raises(rules.Overlap):
        plain.sell(member, plain.plans["M1"], starts_on=day("2026-09-30"), **late)
    with pytest.raises(rules.SaleDateRefused):
        plain.sell(member, sold_on=day("2026-11-13"), supervisor=True)


def test_a_renewal_may_start_a_year_ahead_and_is_then_a_return(plain: Shop) -> None:
    member = plain.loyal_member()
    with pytest.raises(rules.StartRefused):
        plain.sell(member, starts_on=day("2027-11-13"))
    assert plain.sell(member, starts_on=day("2027-11-12")).sale_kind == "return"


# ---- chains ----------------------------------------------------------------------------------------------


def test_what_follows_a_renewal_with_a_given_start_moves_with_it_only_as_far_as_it_must(plain: Shop) -> None:
    member = plain.member()
    first = factories.make_membership(member, plain.plans["M6"], starts_on=day("2026-06-01"))  # to 30 November
    given = plain.sell(member, starts_on=day("2026-12-06"))  # five days between
    behind = plain.sell(member)
    assert behind.starts_on == day("2027-12-06")
    frozen = freeze(plain, first, "2026-11-16", "2026-11-25")  # ten days: five more than there is room for
    assert (dates(first)[2], dates(given)[0], dates(behind)[0]) == ("2026-12-10", "2026-12-11", "2027-12-11")
    back(plain, frozen, "2026-11-23")  # seven of the ten are left
    assert (dates(given)[0], dates(behind)[0]) == ("2026-12-08", "2027-12-08")
    back(plain, frozen, "2026-11-18")
    assert (dates(given)[0], dates(behind)[0]) == ("2026-12-06", "2027-12-06")


def test_a_planned_freeze_of_the_renewal_refuses_what_would_leave_it_outside(plain: Shop) -> None:
    member = plain.loyal_member()
    first = member.memberships.get(starts_on=day("2025-12-01"))  # to 30 November
    renewal = plain.sell(member)
    freeze(plain, renewal, "2026-12-01", "2026-12-07")
    with pytest.raises(FreezeInTheWay):
        freeze(plain, first, "2026-11-16", "2026-11-25")
    done = shut(plain, "2026-11-20", "2026-11-21")
    assert [left.membership for left in done.left] == [first] and "outside" in str(done.left[0].why)
    assert dates(first)[2] == "2026-11-30"


def test_a_freeze_of_a_changed_membership_lies_within_what_is_left_of_it(plain: Shop) -> None:
    running = plain.loyal_member().memberships.get(starts_on=day("2025-12-01"))
    ahead = {"on": day("2026-11-25"), "supervisor": True}
    sales.change_plan(membership=running, plan=plain.plans["M12G"], now=days.NOW, by=None, **ahead)
    running.refresh_from_db()
    assert running.closed_on == running.effective_ends_on == day("2026-11-24")
    with pytest.raises(freeze_rules.FreezeOutside):
        freeze(plain, running, "2026-11-20", "2026-11-27")
    freeze(plain, running, "2026-11-14", "2026-11-20")
    running.refresh_from_db()
    assert running.effective_ends_on == day("2026-11-24")


# ---- closures --------------------------------------------------------------------------------------------


def test_a_closure_reaches_what_is_pending_and_what_a_change_has_begun(plain: Shop) -> None:
    member = plain.loyal_member()
    running = member.memberships.get(starts_on=day("2025-12-01"))
    new = sales.change_plan(membership=running, plan=plain.plans["M1"], now=days.NOW, by=None)  # to 11 December
    pending = plain.sell(member)
    done = shut(plain, "2026-12-10", "2026-12-14")
    assert {row.pk for row in done.frozen} == {new.pk}  # it is over after the closure, the next begins behind it
    assert (dates(new)[2], dates(pending)[0]) == ("2026-12-16", "2026-12-17")
    later = shut(plain, "2026-12-20", "2026-12-21", why="filters")
    assert {row.pk for row in later.frozen} == {pending.pk}


def test_an_early_return_inside_a_closure_gives_the_days_to_the_closure_and_back_to_the_allowance(plain: Shop) -> None:
    running = plain.loyal_member().memberships.get(starts_on=day("2025-12-01"))
    given = freeze(plain, running, "2026-11-16", "2026-11-29")
    shut(plain, "2026-11-20", "2026-11-24")
    end = dates(running)[2]
    back(plain, given, "2026-11-20", on="2026-11-16")  # of its ten days ahead five are the closure's
    assert dates(running)[2] == "2026-12-09" < end
    plan = freezing.preview(
        membership=running, starts_on=day("2026-11-25"), ends_on=day("2026-12-01"), now=noon("2026-11-16")
    )
    assert plan.allowance_left == 45 - 4 - 7
    assert Freeze.objects.filter(closure__isnull=False, voided=False).get().days == 5


# ---- quotes ----------------------------------------------------------------------------------------------


def test_an_offer_is_kept_whatever_becomes_of_its_plan_its_promotion_and_the_club_limit(shop: Shop) -> None:
    member = shop.loyal_member()
    offer = quotes.make(member=member, plan=shop.m12, now=days.NOW, by=None)
    Plan.objects.filter(pk=shop.m12.pk).update(price=999, active=False, term_count=1)
    Promotion.objects.update(value=1, ends_on=day("2026-11-11"))
    sold = sales.sell_quote(quote=offer, now=days.NOW, by=None)
    assert (sold.price, sold.bonus_days, sold.ends_on) == (306, 14, day("2027-11-30"))


def test_a_change_counts_early_days_to_the_old_effective_end(plain: Shop) -> None:
    running = plain.loyal_member().memberships.get(starts_on=day("2025-12-01"))  # to 30 November: 18 days early
    factories.make_promotion(plain.club, "SOON", value=10, audience=("renewal",), early_days=28)
    plain_price = sales.change_offers(membership=running, now=days.NOW, by=None)[-1].quote
    assert plain_price.final_price == plain_price.list_price
    freeze(plain, running, "2026-11-16", "2026-11-25")  # to 10 December: 28 days early
    early = sales.change_offers(membership=running, now=days.NOW, by=None)[-1].quote
    assert early.final_price == early.list_price * Decimal("0.9")
