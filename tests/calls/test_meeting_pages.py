"""The host's page and what is done on it."""

from __future__ import annotations

import datetime as dt

import pytest

from calls import meetings
from calls.models import Meeting
from memberships import quotes, sales
from memberships.models import Membership
from tests import days, factories
from tests.calls.factories import make_attempt, make_task
from tests.web import browser

pytestmark = pytest.mark.django_db

AT = days.at("2026-11-12T14:30")


@pytest.fixture(autouse=True)
def now(set_clock):
    set_clock(AT)


@pytest.fixture
def club():
    return factories.make_club()


@pytest.fixture
def anna(club):
    return factories.make_user(club, "administrator", "anna")


@pytest.fixture
def olga(club):
    return factories.make_user(club, "operator", "olga")


@pytest.fixture
def member(club):
    member = factories.make_member(club, first_name="Nils", last_name="Holm")
    factories.make_membership(member, starts_on=days.day("2025-11-25"))
    return member


@pytest.fixture
def meeting(club, anna, member):
    return book(club, anna, member)


def book(club, by, member, at=AT, **more):
    host = more.pop("host", None) or by.employees.get()
    return meetings.book(club=club, member=member, host=host, starts_at=at, by=by, now=days.NOW, **more)


def url(meeting: Meeting, verb: str = "") -> str:
    return f"/meetings/{meeting.pk}/{verb}"


# ---- the day


def test_the_hosts_page_shows_who_is_next_with_history_and_prices(club, anna, olga, member):
    task = make_task(member, "renewal", membership=member.memberships.get(), status="done")
    attempt = make_attempt(member, "2026-11-11T18:00", "booked", operator=olga, note="Comes mostly for the pool.")
    book(club, anna, member, task=task, attempt=attempt)
    book(club, anna, factories.make_member(club, last_name="Martin", phone=""), days.at("2026-11-12T16:30"))
    text = browser(anna).get("/meetings/").text
    assert "Thursday 12 November" in text
    assert '<b class="num ink">2</b> meetings' in text
    assert "Comes mostly for the pool." in text
    assert "12 days left" in text
    assert "$360.00" in text
    assert "Pamela Martin" in text
    assert "never renewed yet" in text


def test_the_line_of_the_present_stands_before_who_is_next(club, anna, meeting):
    book(club, anna, factories.make_member(club, last_name="Early", phone=""), days.at("2026-11-12T10:00"))
    text = browser(anna).get("/meetings/").text
    assert text.index("Pamela Early") < text.index("nowline") < text.index("Nils Holm")


def test_meetings_about_which_nobody_has_said_anything_head_the_page(club, anna, meeting, set_clock):
    set_clock(days.at("2026-11-14T10:00"))
    text = browser(anna).get("/meetings/").text
    assert text.index("Say how it went:") < text.index("Nils Holm") < text.index("mt-grid")


def test_a_day_and_a_host_are_named_in_the_address(club, anna, meeting):
    karin = factories.make_employee(club, "manager", "karin", name="Karin Lang")
    page = browser(anna).get(f"/meetings/?day=2026-11-13&host={karin.pk}")
    assert page.context["host"] == karin
    assert page.context["day"] == days.day("2026-11-13")
    assert page.context["lines"] == []


def test_a_host_of_another_club_is_not_there(club, anna):
    mia = factories.make_employee(factories.make_club("hill"), "manager", "mia")
    assert browser(anna).get(f"/meetings/?host={mia.pk}").status_code == 404


def test_a_strange_day_is_today(anna):
    assert browser(anna).get("/meetings/?day=tomorrow").context["day"] == days.TODAY


def test_the_week_shows_hours_meetings_and_days_off(club, anna, meeting):
    host = anna.employees.get()
    meetings.set_days_off(employee=host, days=[days.day("2026-11-13")])
    week = browser(anna).get("/meetings/").context["week"]
    assert [one.working for one in week.days] == [True, True, True, True, False, True, True]
    cells = dict(week.rows)[dt.time(14, 30)]
    assert cells[3].meeting == meeting
    assert [cell.kind for cell in cells] == ["", "", "", "sch", "off", "free", "free"]


def test_operators_see_the_meetings_that_they_booked(club, anna, olga, meeting):
    other = factories.make_member(club, last_name="Own", phone="")
    book(club, olga, other, days.at("2026-11-12T17:00"), host=anna.employees.get())
    text = browser(olga).get("/meetings/").text
    assert "Pamela Own" in text
    assert "Nils Holm" not in text
    assert "$" not in text


def test_a_club_without_hosts_says_so(club, anna):
    anna.employees.update(is_host=False)
    assert "Nobody receives members" in browser(anna).get("/meetings/").text


def test_a_meetings_address_leads_to_its_day(anna, meeting):
    answer = browser(anna).get(url(meeting))
    assert answer.url == f"/meetings/?day=2026-11-12&host={meeting.host_id}&meeting={meeting.pk}"


# ---- how it went


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


# ---- booking, moving, cancelling


def test_a_meeting_is_booked_from_the_members_page(club, anna, olga, member):
    client = browser(olga)
    page = client.get(f"/members/{member.pk}/meeting/")
    slot = f"{anna.employees.get().pk}|2026-11-12T17:00:00-06:00"
    assert page.status_code == 200
    assert f"/members/{member.pk}/meeting/" in client.get(f"/members/{member.pk}/").text
    client.post(f"/members/{member.pk}/meeting/", {"purpose": "review", "slot": slot})
    made = Meeting.objects.get()
    assert (made.purpose, made.starts_at, made.booked_by) == ("review", days.at("2026-11-12T17:00"), olga)


@pytest.mark.parametrize(
    "slot", ["", "x", "1|yesterday", "1|2026-11-12T17:00:00", "99999999999999999999|2026-11-12T17:00Z"]
)
def test_a_slot_that_is_none_is_said(olga, member, slot):
    page = browser(olga).post(f"/members/{member.pk}/meeting/", {"purpose": "review", "slot": slot})
    assert page.status_code == 422
    assert page.context["form"].errors["slot"]


def test_a_slot_taken_meanwhile_is_said(club, anna, olga, member):
    later = days.at("2026-11-12T17:30")
    meeting = book(club, anna, member, later)
    other = factories.make_member(club, last_name="Adams")
    asked = {"purpose": "renewal", "slot": f"{meeting.host_id}|{later.isoformat()}"}
    page = browser(olga).post(f"/members/{other.pk}/meeting/", asked)
    assert page.status_code == 409
    assert "another meeting on 12 November, 17:30" in page.text


def test_the_host_of_another_club_reads_like_a_missing_one(club, olga, member):
    mia = factories.make_employee(factories.make_club("hill"), "manager", "mia")
    pages = [
        browser(olga).post(f"/members/{member.pk}/meeting/", {"purpose": "renewal", "slot": f"{pk}|{AT.isoformat()}"})
        for pk in (mia.pk, 999_999)
    ]
    assert pages[0].context["form"].errors == pages[1].context["form"].errors != {}


def test_a_meeting_is_moved(anna, meeting):
    asked = {"slot": f"{meeting.host_id}|2026-11-13T10:00:00-06:00", "why": "ill"}
    assert browser(anna).get(url(meeting, "move/")).status_code == 200
    browser(anna).post(url(meeting, "move/"), asked)
    meeting.refresh_from_db()
    assert (meeting.status, meeting.why, meeting.moved_to.starts_at) == (
        "rescheduled",
        "ill",
        days.at("2026-11-13T10:00"),
    )


def test_operators_move_only_what_they_booked(club, anna, olga, meeting):
    asked = {"slot": f"{meeting.host_id}|2026-11-13T10:00:00-06:00"}
    assert browser(olga).post(url(meeting, "move/"), asked).status_code == 403
    Meeting.objects.update(booked_by=olga)
    assert browser(olga).post(url(meeting, "move/"), asked).status_code == 302


def test_moving_what_is_over_is_said(anna, meeting):
    client = browser(anna)
    client.post(url(meeting, "attended/"))
    page = client.post(url(meeting, "move/"), {"slot": f"{meeting.host_id}|2026-11-13T10:00:00-06:00"})
    assert page.status_code == 409
    assert "recorded already" in page.text


def test_a_meeting_is_cancelled_beforehand(anna, meeting, set_clock):
    client = browser(anna)
    assert client.post(url(meeting, "cancel/"), {"why": "ill"}).status_code == 422
    set_clock(days.NOW)
    assert client.post(url(meeting, "cancel/"), {"why": "ill"}).status_code == 302
    meeting.refresh_from_db()
    assert (meeting.status, meeting.why) == ("cancelled", "ill")


# ---- hours


def test_a_manager_sets_hours_and_days_off(club, anna):
    host = anna.employees.get()
    client = browser(factories.make_user(club, "manager", "karin"))
    asked = {"day_0": "10:00–13:00, 15:00 - 20:00", "days_off": "2026-11-20\n2026-12-24 – 2026-12-26\n"}
    assert client.post(f"/employees/{host.pk}/hours/", asked).status_code == 302
    assert list(host.weekly_hours.order_by("from_time").values_list("from_time", flat=True)) == [
        dt.time(10),
        dt.time(15),
    ]
    assert host.days_off.count() == 4
    assert "10:00–13:00, 15:00–20:00" in client.get(f"/employees/{host.pk}/hours/").text


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("day_1", "ten to six"),
        ("day_1", "25:00–26:00"),
        ("day_1", "12:00–11:00"),
        ("days_off", "Christmas"),
        ("days_off", "2026-12-26 – 2026-12-24"),
    ],
)
def test_hours_that_cannot_be_read_are_said(club, anna, field, words):
    client = browser(factories.make_user(club, "manager", "karin"))
    page = client.post(f"/employees/{anna.employees.get().pk}/hours/", {field: words})
    assert page.status_code == 422
    assert page.context["form"].errors
    assert not anna.employees.get().weekly_hours.exists()


# ---- who


POSTS = ("attended/", "no-show/", "cancel/", "renewed/", "sold/")
FORMS = ("close/refused/", "move/")


def test_operators_hold_no_meetings(olga, meeting):
    client = browser(olga)
    for verb in (*POSTS, *FORMS):
        assert client.post(url(meeting, verb)).status_code == 403, verb
    assert client.get(url(meeting)).status_code == 403


def test_only_managers_set_hours(club, anna):
    assert browser(anna).get(f"/employees/{anna.employees.get().pk}/hours/").status_code == 403


def test_strangers_find_nothing(anna, member, meeting):
    client = browser(factories.make_user(factories.make_club("hill"), "manager", "mia"))
    for verb in (*POSTS, *FORMS):
        assert client.post(url(meeting, verb)).status_code == 404, verb
    assert client.get(url(meeting)).status_code == client.get("/meetings/999999/").status_code == 404
    assert client.get(f"/members/{member.pk}/meeting/").status_code == 404
    assert client.get(f"/employees/{anna.employees.get().pk}/hours/").status_code == 404


def test_passers_by_are_led_to_the_login(member, meeting):
    client = browser(None)
    for page in ("/meetings/", url(meeting), f"/members/{member.pk}/meeting/"):
        assert client.get(page).url.startswith("/accounts/login/")


def test_each_address_takes_its_own_verbs(anna, meeting):
    client = browser(anna)
    for verb in POSTS:
        assert client.get(url(meeting, verb)).status_code == 405, verb
    assert client.post(url(meeting)).status_code == 405
    assert client.post("/meetings/").status_code == 405


def test_a_full_day_asks_no_more_than_one_meeting(club, anna, django_assert_max_num_queries):
    client = browser(anna)
    for half in range(8):
        one = factories.make_member(club, last_name=f"M{half}", phone="")
        factories.make_membership(one, starts_on=days.day("2026-01-01"))
        book(club, anna, one, days.at("2026-11-12T10:00") + half * dt.timedelta(minutes=30))
    client.get("/meetings/")
    with django_assert_max_num_queries(50):
        client.get("/meetings/")
