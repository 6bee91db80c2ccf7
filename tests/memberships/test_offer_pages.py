"""The offer sheet: making, showing, selling."""

from __future__ import annotations

from decimal import Decimal

import pytest

from memberships import quotes
from memberships.models import Membership, Quote
from tests import days, factories
from tests.web import browser

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(set_clock):
    set_clock(days.NOW)


@pytest.fixture
def club():
    return factories.make_club(currency="EUR")


@pytest.fixture
def member(club):
    member = factories.make_member(club, first_name="Marina", last_name="Orlova")
    factories.make_membership(member, starts_on=days.day("2025-12-01"))
    return member


@pytest.fixture
def anna(club):
    return factories.make_user(club, "administrator", "anna")


@pytest.fixture
def quote(club, member, anna):
    factories.make_promotion(club, "EARLY10", name="Early renewal")
    plan = factories.make_plan(club)
    return quotes.make(member=member, plan=plan, now=days.NOW, by=anna)


def url(quote: Quote, verb: str = "") -> str:
    return f"/offers/{quote.pk}/{verb}"


# ---- choosing


def test_every_plan_on_sale_stands_with_the_members_price(club, member, anna):
    factories.make_plan(club, "M6", term="6m", price=200, name="Half a year")
    factories.make_plan(club, "OLD", active=False, name="Gone")
    page = browser(anna).get(f"/members/{member.pk}/offer/")
    assert page.status_code == 200
    assert "12 months" in page.text
    assert "Half a year" in page.text
    assert "€360.00" in page.text
    assert "Gone" not in page.text


def test_plans_without_a_zone_that_the_member_uses_come_last_and_say_so(club, member, anna):
    factories.make_plan(club, "POOL", name="With pool", zones=("gym", "pool"), price=600)
    for day in (9, 10, 11):
        factories.make_visit(member, f"2026-11-{day:02}T18:00", "pool")
    text = browser(anna).get(f"/members/{member.pk}/offer/").text
    assert text.index("With pool") < text.index("without pool: 3 visits in 12 weeks")


def test_how_the_member_comes_stands_beside_the_plans(club, member, anna):
    factories.make_plan(club)
    for when in ("2026-11-09T09:00", "2026-11-10T18:00", "2026-11-11T18:00"):
        factories.make_visit(member, when, "pool")
    factories.make_visit(member, "2026-08-01T09:00", "sauna")
    page = browser(anna).get(f"/members/{member.pk}/offer/")
    assert page.context["use"] == [
        ("Zones", [("pool", 3)]),
        ("Days", [("Mon", 1), ("Tue", 1), ("Wed", 1)]),
        ("Hours", [("before 13:00", 1), ("from 17:00", 2)]),
    ]
    quiet = factories.make_member(club, last_name="Quiet", phone="")
    assert "nothing to go by" in browser(anna).get(f"/members/{quiet.pk}/offer/").text


def test_the_largest_saving_stands_first_with_its_reasons_and_the_plan_they_have_is_chosen(club, member, anna):
    has = factories.make_plan(club)
    dearer = factories.make_plan(club, "M24", term="24m", price=700, name="Two years")
    factories.make_promotion(club, "TWO", name="Two years", value=30, plans=(dearer,))
    factories.make_promotion(club, "EARLY", name="Early", value=5, plans=(has,))
    page = browser(anna).get(f"/members/{member.pk}/offer/")
    choices = page.context["choices"]
    assert [choice.quote.plan.code for choice in choices] == ["M24", "M12"]
    assert [choice.saved for choice in choices] == [Decimal("210.00"), Decimal("18.00")]
    assert [(choice.current, choice.preferred) for choice in choices] == [(False, False), (True, True)]
    assert (
        "30 % off: Two years" in page.text.replace("\u00a0", " ")
        and f'value="{has.pk}" class="chk" checked' in page.text
    )


def test_what_a_plan_would_cost_is_no_operators_business(club, member):
    assert (
        browser(factories.make_user(club, "operator", "nadia")).get(f"/members/{member.pk}/offer/").status_code == 403
    )


def test_an_offer_is_made_and_leads_to_its_sheet(club, member, anna):
    plan = factories.make_plan(club)
    answer = browser(anna).post(f"/members/{member.pk}/offer/", {"plan": plan.pk})
    made = Quote.objects.get()
    assert answer.url == url(made)
    assert (made.made_by, made.starts_on) == (anna, days.day("2026-12-01"))


def test_a_code_that_cannot_apply_is_said_beside_its_field(club, member, anna):
    plan = factories.make_plan(club)
    page = browser(anna).post(f"/members/{member.pk}/offer/", {"plan": plan.pk, "codes": "NOPE"})
    assert page.status_code == 422
    assert page.context["form"].errors["codes"]
    assert not Quote.objects.exists()


def test_a_plan_of_another_club_reads_like_a_missing_one(member, anna):
    foreign = factories.make_plan(factories.make_club("hill"))
    page = browser(anna).post(f"/members/{member.pk}/offer/", {"plan": foreign.pk})
    missing = browser(anna).post(f"/members/{member.pk}/offer/", {"plan": 999_999})
    assert page.status_code == missing.status_code == 422
    assert page.context["form"].errors == missing.context["form"].errors


def test_only_a_manager_goes_below_the_clubs_limit_or_back_in_time(club, member, anna):
    factories.make_promotion(club, "HALF", value=80)
    asked = {"plan": factories.make_plan(club).pk, "override_reason": "ten years with us", "sold_on": "2026-11-10"}
    browser(anna).post(f"/members/{member.pk}/offer/", asked)
    browser(factories.make_user(club, "manager", "karin")).post(f"/members/{member.pk}/offer/", asked)
    first, second = Quote.objects.order_by("pk")
    assert (first.final_price, first.sold_on) == (Decimal("180.00"), days.TODAY)
    assert (second.final_price, second.sold_on) == (Decimal("72.00"), days.day("2026-11-10"))


# ---- the sheet


def test_the_sheet_shows_struck_out_list_price_reductions_and_the_last_day(quote, anna):
    text = browser(anna).get(url(quote)).text
    assert '<s class="num">€360.00</s>' in text
    assert "Early renewal" in text
    assert "−36.00" in text
    assert "€324.00" in text
    assert "26\u00a0November\u00a02026" in text
    assert "the day after your membership ends" in text
    assert "A newcomer pays" in text
    assert "Sell for €324.00" in text


def test_a_renewal_dearer_than_a_newcomers_price_is_warned_of(club, member, anna):
    factories.make_promotion(club, "HELLO", value=20, audience=("new",))
    quote = quotes.make(member=member, plan=factories.make_plan(club), now=days.NOW, by=anna)
    assert "A newcomer would pay €288.00." in browser(anna).get(url(quote)).text


def test_what_was_not_used_is_said(club, member, quote, anna):
    factories.make_promotion(club, "SMALL", kind="amount", value=1, stackable=False)
    plan = factories.make_plan(club)
    again = quotes.make(member=member, plan=plan, now=days.NOW, by=anna)
    assert "SMALL" in browser(anna).get(url(again)).text


# ---- selling


def test_the_offer_is_sold_at_its_price(quote, member, anna):
    answer = browser(anna).post(url(quote, "sell/"))
    sold = Membership.objects.get(quote=quote)
    assert answer.url == f"/members/{member.pk}/"
    assert (sold.price, sold.price_paid, sold.sold_by) == (Decimal("324.00"), Decimal("324.00"), anna)
    assert "was sold on" in browser(anna).get(url(quote)).text


def test_a_sale_may_be_paid_in_part(quote, anna):
    asked = {"price_paid": "100", "balance_due_on": "2026-12-01", "special_terms": "keeps the evening zone"}
    browser(anna).post(url(quote, "sell/"), asked)
    sold = Membership.objects.get(quote=quote)
    assert (sold.price_paid, sold.balance_due) == (Decimal("100"), Decimal("224"))
    assert (sold.balance_due_on, sold.special_terms) == (days.day("2026-12-01"), "keeps the evening zone")


def test_too_much_paid_is_said_on_the_sheet_and_nothing_is_stored(quote, anna):
    page = browser(anna).post(url(quote, "sell/"), {"price_paid": "1000"})
    assert page.status_code == 422
    assert page.context["sell"].errors["price_paid"]
    assert not Membership.objects.filter(quote=quote).exists()


def test_the_same_offer_is_not_sold_twice(quote, anna):
    browser(anna).post(url(quote, "sell/"))
    page = browser(anna).post(url(quote, "sell/"))
    assert page.status_code == 409
    assert "This offer was sold on" in page.text
    assert Membership.objects.filter(quote=quote).count() == 1


def test_an_offer_that_is_over_is_not_sold(quote, anna, set_clock):
    set_clock(days.at("2026-11-27T10:00"))
    client = browser(anna)
    assert "Make a new one" in client.get(url(quote)).text
    assert client.post(url(quote, "sell/")).status_code == 409


# ---- who


def test_operators_see_no_offer(club, quote, member):
    olga = browser(factories.make_user(club, "operator", "olga"))
    assert olga.get(url(quote)).status_code == 403
    assert olga.post(url(quote, "sell/")).status_code == 403
    assert olga.get(f"/members/{member.pk}/offer/").status_code == 403


def test_strangers_find_nothing(quote, member):
    mia = browser(factories.make_user(factories.make_club("hill"), "manager", "mia"))
    assert mia.get(url(quote)).status_code == mia.get("/offers/999999/").status_code == 404
    assert mia.post(url(quote, "sell/")).status_code == 404
    assert mia.post(f"/members/{member.pk}/offer/").status_code == 404


def test_passers_by_are_led_to_the_login(quote, member):
    for page in (url(quote), f"/members/{member.pk}/offer/"):
        assert browser(None).get(page).url.startswith("/accounts/login/")


def test_each_address_takes_its_own_verbs(quote, anna):
    client = browser(anna)
    assert client.get(url(quote, "sell/")).status_code == 405
    assert client.post(url(quote)).status_code == 405
