"""How a meeting went, said on its page."""

from __future__ import annotations

import datetime as dt

import pytest

from memberships import quotes, sales
from memberships.models import Membership
from tests import days, factories
from tests.calls.meeting_pages.made import AT, book, url
from tests.web import browser

pytestmark = pytest.mark.django_db


def test_who_came_is_marked(anna, meeting):
    browser(anna).post(url(meeting, "attended/"))
    meeting.refresh_from_db()
    assert meeting.status == "attended"
    assert meeting.attended_at - AT < dt.timedelta(minutes=1)


def test_who_did_not_come_is_marked_at_the_end_only(anna, meeting, set_clock):
    client = browser(anna)
    page = client.post(url(meeting, "no-show/"))
    assert page.status_code == 422
    assert "only then can it be said that nobody came" in page.text
    set_clock(days.at("2026-11-12T15:00"))
    assert client.post(url(meeting, "no-show/")).status_code == 302
    meeting.refresh_from_db()
    assert meeting.status == "no_show"


def test_what_is_recorded_already_is_said(anna, meeting):
    client = browser(anna)
    client.post(url(meeting, "attended/"))
    page = client.post(url(meeting, "attended/"))
    assert page.status_code == 409
    assert "recorded already" in page.text


def test_refusing_takes_a_reason_and_marks_the_member_as_come(anna, meeting):
    client = browser(anna)
    form = client.get(url(meeting, "close/refused/"))
    assert form.status_code == 200
    assert '<option value="price">Price</option>' in form.text
    page = client.post(url(meeting, "close/refused/"), {"reason": "staff"})
    assert page.status_code == 422
    assert page.context["form"].errors["note"]
    meeting.refresh_from_db()
    assert meeting.status == "scheduled"
    client.post(url(meeting, "close/refused/"), {"reason": "closer", "competitor": "GymBox", "satisfied": "no"})
    meeting.refresh_from_db()
    assert (meeting.status, meeting.result, meeting.reason.code) == ("attended", "refused", "closer")
    assert (meeting.competitor, meeting.satisfied) == ("GymBox", False)


def test_without_a_reason_the_field_says_so(anna, meeting):
    page = browser(anna).post(url(meeting, "close/refused/"), {})
    assert page.context["form"].errors["reason"] == ["Choose why the member refused."]


def test_thinking_takes_a_day_to_ring(anna, meeting):
    client = browser(anna)
    assert client.post(url(meeting, "close/thinking/"), {"ring_on": "2026-11-11"}).status_code == 422
    client.post(url(meeting, "close/thinking/"), {"ring_on": "2026-11-19"})
    meeting.refresh_from_db()
    assert (meeting.result, meeting.ring_on) == ("thinking", days.day("2026-11-19"))
    assert "thinking, ring 19" in client.get("/meetings/").text


def test_a_session_is_closed_without_a_sale(club, anna):
    new = factories.make_member(club, last_name="Stein", phone="")
    meeting = book(club, anna, new, purpose="session")
    browser(anna).post(url(meeting, "close/held/"), {"satisfied": "yes", "note": "likes the racks"})
    meeting.refresh_from_db()
    assert (meeting.result, meeting.satisfied, meeting.note) == ("", True, "likes the racks")


def test_changing_the_plan_closes_the_meeting(club, anna, member, meeting):
    plan = factories.make_plan(club, "DAY12", price=480)
    browser(anna).post(url(meeting, "close/changed-plan/"), {"plan": plan.pk})
    meeting.refresh_from_db()
    assert (meeting.result, meeting.membership.plan) == ("changed_plan", plan)


def test_the_price_of_a_change_is_shown_before_anything_is_stored(club, anna, member, meeting):
    plan = factories.make_plan(club, "DAY12", price=480)
    page = browser(anna).post(url(meeting, "close/changed-plan/"), {"plan": plan.pk, "preview": "1"})
    assert page.status_code == 200
    assert "Credit for the days left: $12.82" in page.text
    assert "$467.18" in page.text
    meeting.refresh_from_db()
    assert (meeting.status, meeting.result, Membership.objects.count()) == ("scheduled", "", 1)


def test_a_plan_that_cannot_change_is_said_and_nothing_is_stored(club, anna, member, meeting):
    sales.sell(member=member, plan=factories.make_plan(club), now=AT, by=anna)
    page = browser(anna).post(url(meeting, "close/changed-plan/"), {"plan": factories.make_plan(club).pk})
    assert page.status_code == 409
    meeting.refresh_from_db()
    assert (meeting.status, meeting.result) == ("scheduled", "")


def test_selling_the_offer_beside_the_meeting_closes_it(club, anna, member, meeting):
    quote = quotes.make(member=member, plan=factories.make_plan(club), now=AT, by=anna)
    client = browser(anna)
    assert url(meeting, "renewed/") in client.get(f"/offers/{quote.pk}/").text
    client.post(url(meeting, "renewed/"), {"quote": quote.pk, "price_paid": "100"})
    meeting.refresh_from_db()
    assert (meeting.status, meeting.result, meeting.membership.quote) == ("attended", "renewed", quote)
    assert meeting.membership.balance_due == 260


def test_the_offer_of_somebody_else_is_not_there(club, anna, meeting):
    other = factories.make_member(club, last_name="Adams")
    quote = quotes.make(member=other, plan=factories.make_plan(club), now=AT, by=anna)
    for asked in (quote.pk, 999_999, "x"):
        assert browser(anna).post(url(meeting, "renewed/"), {"quote": asked}).status_code == 404


def test_an_offer_already_sold_is_said_on_its_sheet(club, anna, member, meeting):
    quote = quotes.make(member=member, plan=factories.make_plan(club), now=AT, by=anna)
    sales.sell_quote(quote=quote, now=AT, by=anna)
    page = browser(anna).post(url(meeting, "renewed/"), {"quote": quote.pk})
    assert page.status_code == 409
    meeting.refresh_from_db()
    assert meeting.status == "scheduled"


def test_a_sale_made_beside_the_page_closes_the_meeting(club, anna, member, meeting):
    sold = sales.sell(member=member, plan=factories.make_plan(club), now=AT, by=anna)
    client = browser(anna)
    assert url(meeting, "sold/") in client.get("/meetings/").text
    client.post(url(meeting, "sold/"), {"membership": sold.pk})
    meeting.refresh_from_db()
    assert (meeting.result, meeting.membership) == ("renewed", sold)


def test_an_old_sale_closes_no_meeting(anna, member, meeting):
    old = Membership.objects.get(member=member)
    assert browser(anna).post(url(meeting, "sold/"), {"membership": old.pk}).status_code == 422


def test_an_unknown_close_is_not_there(anna, meeting):
    assert browser(anna).get(url(meeting, "close/later/")).status_code == 404
