"""Terms on the web: another plan with its credit, what cancelling does, a payment of a balance, the preview's lines."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from memberships import audit, sales
from memberships.models import Member, Membership, Quote
from tests import days, factories, web
from tests.days import day
from tests.memberships.shop import Shop


@pytest.fixture
def plain_today(plain: Shop, set_clock: Callable[[dt.datetime], None]) -> Shop:
    set_clock(days.NOW)
    return plain


@pytest.fixture
def anna(plain_today: Shop) -> Client:
    return web.browser(factories.make_user(plain_today.club, "administrator", "anna"))


@pytest.fixture
def karin(plain_today: Shop) -> Client:
    return web.browser(plain_today.manager)


@pytest.fixture
def half_a_year(plain_today: Shop) -> Membership:
    """210.00 for 181 days from 2026-10-01: 42 days are over, 139 are left with today."""
    return factories.make_membership(plain_today.member(), plain_today.plans["M6"], starts_on=day("2026-10-01"))


def text(response: object) -> str:
    page = response.content.decode()  # type: ignore[attr-defined]
    return html.unescape(page).replace("\N{NO-BREAK SPACE}", " ")


# ---- another plan ----------------------------------------------------------------------------------------


def test_every_plan_stands_with_price_credit_and_the_rest_to_pay(anna: Client, half_a_year: Membership) -> None:
    assert half_a_year.effective_ends_on == day("2027-03-31")
    page = text(anna.get(reverse("membership_change", args=[half_a_year.pk])))
    credit = (Decimal(210) * 140 / 182).quantize(Decimal("0.01"))
    assert f"Credit ${credit}" in page and "140 of 182 days are left" in page
    assert f"${360 - credit}" in page and f"−${credit}" in page
    assert not Quote.objects.exists()


def test_the_plan_is_changed_at_that_price(anna: Client, plain_today: Shop, half_a_year: Membership) -> None:
    url = reverse("membership_change", args=[half_a_year.pk])
    assert anna.post(url, {"plan": plain_today.m12.pk}).status_code == 302
    new = Membership.objects.get(plan=plain_today.m12)
    half_a_year.refresh_from_db()
    assert (half_a_year.closed_on, new.starts_on, new.sale_kind) == (day("2026-11-11"), days.TODAY, "change")
    assert new.price == Decimal(360) - new.credit == new.price_paid


def test_only_a_manager_chooses_another_day_and_sees_its_credit(
    anna: Client, karin: Client, plain_today: Shop, half_a_year: Membership
) -> None:
    url = reverse("membership_change", args=[half_a_year.pk])
    assert 'name="on"' not in text(anna.get(url)) and 'name="on"' in text(karin.get(url))
    preview = text(karin.post(f"{url}?preview=1", {"on": "2027-03-31"}))
    assert "1 of 182 days are left" in preview and "<html" not in preview
    assert "The plan can change from" in text(karin.post(f"{url}?preview=1", {"on": "2027-04-01"}))
    assert karin.post(url, {"on": "2027-03-31", "plan": plain_today.m12.pk}).status_code == 302
    assert Membership.objects.get(plan=plain_today.m12).starts_on == day("2027-03-31")
    pending = Membership.objects.get(plan=plain_today.m12)
    assert "Only a running membership" in text(karin.get(reverse("membership_change", args=[pending.pk])))


def test_a_change_without_a_plan_or_with_too_much_paid_says_so(
    anna: Client, plain_today: Shop, half_a_year: Membership
) -> None:
    url = reverse("membership_change", args=[half_a_year.pk])
    assert anna.post(url, {}).status_code == 422
    over = anna.post(url, {"plan": plain_today.m12.pk, "price_paid": "999"})
    assert over.status_code == 422 and "Paid is between 0 and the price" in text(over)
    half_a_year.refresh_from_db()
    assert half_a_year.closed_on is None and Membership.objects.count() == 1


# ---- cancelling ------------------------------------------------------------------------------------------


def test_before_cancelling_the_page_says_what_it_does(anna: Client, half_a_year: Membership) -> None:
    url = reverse("membership_cancel", args=[half_a_year.pk])
    page = text(anna.get(url))
    assert "Last covered day" in page and "Wed 11 Nov" in page and "140 days given up" in page
    later = text(anna.post(f"{url}?preview=1", {"on": "2027-03-31"}))
    assert "1 day given up" in later and "<html" not in later
    assert "It can be cancelled from" in text(anna.post(f"{url}?preview=1", {"on": "2027-04-01"}))
    half_a_year.refresh_from_db()
    assert half_a_year.cancelled_on is None
    Membership.objects.update(cancelled_on=day("2026-12-01"))
    assert "is cancelled as of 1 December 2026" in text(anna.get(url))


def test_cancelling_before_the_start_names_the_uses_that_go_back(plain_today: Shop, anna: Client) -> None:
    factories.make_promotion(plain_today.club, "GIFT", name="A towel", kind="gift", value=0, gift="towel")
    member: Member = plain_today.member()
    sold = plain_today.sell(member, starts_on=day("2026-12-01"))
    page = text(anna.get(reverse("membership_cancel", args=[sold.pk])))
    assert "covers no day" in page and "A towel" in page and "the use is given back" in page


# ---- a balance -------------------------------------------------------------------------------------------


def test_a_balance_is_paid_in_parts_and_the_history_says_by_whom(anna: Client, plain_today: Shop) -> None:
    half = sales.Payment(Decimal(200), day("2026-12-01"))
    sold = plain_today.sell(plain_today.member(), payment=half)
    url = reverse("membership_payment", args=[sold.pk])
    assert url in text(anna.get(reverse("member_terms", args=[sold.member_id])))
    assert anna.post(url, {"amount": "60"}).status_code == 302
    sold.refresh_from_db()
    assert (sold.price_paid, sold.balance_due, sold.balance_due_on) == (260, 100, day("2026-12-01"))
    for wrong in ("0", "-1", "100.01", "0.001", "much"):
        assert anna.post(url, {"amount": wrong}).status_code == 422, wrong
    assert anna.post(url, {"amount": "100"}).status_code == 302
    sold.refresh_from_db()
    assert (sold.price_paid, sold.balance_due, sold.balance_due_on) == (360, 0, None)
    assert "Nothing is due" in text(anna.get(url))
    newest = audit.changes([sold])[0]
    assert "Anna" in newest.by


def test_operators_note_no_payments_and_change_no_plans(plain_today: Shop, half_a_year: Membership) -> None:
    olga = web.browser(factories.make_user(plain_today.club, "operator", "olga"))
    for name in ("membership_payment", "membership_change", "membership_cancel"):
        assert olga.get(reverse(name, args=[half_a_year.pk])).status_code == 403
