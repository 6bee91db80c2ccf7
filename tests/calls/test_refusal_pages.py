"""The manager's report of refusals, and the members behind it."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from calls.models import RefusalReason
from tests import days, factories
from tests.calls.factories import make_attempt
from tests.web import browser

pytestmark = pytest.mark.django_db

PAGE, MEMBERS = "/reports/refusals/", "/reports/refusals/members/"


@pytest.fixture(autouse=True)
def now(set_clock):
    set_clock(days.NOW)


@pytest.fixture
def club():
    return factories.make_club()


@pytest.fixture
def karin(club):
    return factories.make_user(club, "manager", "karin")


@pytest.fixture
def olga(club):
    return factories.make_employee(club, "operator", "olga", name="Olga Maier").user


@pytest.fixture
def member(club):
    member = factories.make_member(club)
    factories.make_membership(member, starts_on=days.day("2024-12-01"))
    return member


def refuse(member, at, reason="price", **more):
    known = RefusalReason.objects.get(club=member.club, code=reason)
    membership = member.memberships.order_by("starts_on").first()
    return make_attempt(member, at, "refused", membership=membership, reason=known, **more)


def refuse_often(member, reason, on, times, **more):
    for minute in range(times):
        refuse(member, f"{on}T12:{minute:02}", reason, **more)


# ---- the report


def test_reasons_stand_in_order_of_size_beside_the_period_before(club, karin, member):
    refuse_often(member, "price", "2026-11-02", 3)
    refuse_often(member, "moved", "2026-11-03", 5)
    refuse_often(member, "price", "2026-08-25", 4)
    page = browser(karin).get(PAGE)
    rows = [(row.reason.label, row.reason.now, row.reason.earlier, row.change) for row in page.context["rows"]]
    assert rows == [("Moved", 5, 0, 5), ("Price", 3, 4, -1)]
    assert (page.context["total"], page.context["change"]) == (8, 4)


def test_what_changed_most_is_said_with_the_members_behind_it(club, karin, member):
    refuse_often(member, "crowding", "2026-11-02", 7)
    refuse_often(member, "crowding", "2026-08-25", 3)
    text = browser(karin).get(PAGE).text
    assert "Crowding more than doubled, 3 → 7." in text
    assert "reason=crowding" in text
    assert "1 member</a>" in text


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (0, 4, "Crowding is new: 4."),
        (4, 0, "Crowding was named no more, after 4."),
        (2, 4, "Crowding doubled, 2 → 4."),
        (4, 6, "Crowding rose, 4 → 6."),
        (6, 4, "Crowding fell, 6 → 4."),
        (6, 2, "Crowding more than halved, 6 → 2."),
    ],
)
def test_changes_are_named_for_what_they_are(karin, member, before, after, words):
    refuse_often(member, "crowding", "2026-08-25", before)
    refuse_often(member, "crowding", "2026-11-02", after)
    refuse(member, "2026-11-03T12:00")
    assert words in browser(karin).get(PAGE).text


def test_too_many_without_a_reason_are_a_warning_for_the_club_and_for_operators(club, karin, olga, member):
    refuse_often(member, "declined", "2026-11-02", 4, operator=olga)
    refuse_often(member, "price", "2026-11-03", 6, operator=olga)
    text = browser(karin).get(PAGE).text
    assert "above the club&#x27;s limit of 15 %" in text
    assert "Olga Maier: 40\u00a0% unsaid, 4 of 10." in text


def test_the_period_is_named_in_the_address(karin, member):
    refuse(member, "2026-09-10T12:00")
    client = browser(karin)
    assert client.get(f"{PAGE}?from=2026-09-10&to=2026-09-10").context["total"] == 1
    assert client.get(f"{PAGE}?from=2026-09-11&to=2026-09-30").context["total"] == 0


@pytest.mark.parametrize("period", ["from=yesterday", "from=2026-11-12&to=2026-11-01", "from=1900-01-01&to=2026-11-01"])
def test_a_period_that_cannot_be_is_the_usual_one(karin, period):
    asked = browser(karin).get(f"{PAGE}?{period}").context["asked"]
    assert (asked.first, asked.last) == (days.day("2026-09-01"), days.TODAY)


def test_filters_narrow_the_report(club, karin, olga, member):
    refuse(member, "2026-11-02T12:00", operator=olga)
    refuse(member, "2026-11-03T12:00", kind="winback")
    client = browser(karin)
    assert client.get(f"{PAGE}?operator=olga").context["total"] == 1
    assert client.get(f"{PAGE}?kind=winback&kind=renewal").context["total"] == 2
    assert client.get(f"{PAGE}?plan=NONE").context["total"] == 0


def test_the_crossed_table_counts_by_tenure_plan_segment_operator_and_call(club, karin, olga, member):
    refuse_often(member, "price", "2026-11-02", 2, operator=olga)
    client = browser(karin)
    for crossing, column in [("tenure", "1–2 years"), ("plan", "12 months"), ("operator", "Olga Maier")]:
        crossed = client.get(f"{PAGE}?with={crossing}").context["crossed"]
        assert crossed.columns == [column]
        label, cells, total, _url = crossed.rows[0]
        assert (label, [cell.count for cell in cells], total) == ("Price", [2], 2)
    assert client.get(f"{PAGE}?with=weather").context["crossing"] == "tenure"


def test_members_words_stand_on_the_page(karin, member):
    refuse(member, "2026-11-02T12:00", note="Same money as last year.")
    assert "“Same money as last year.”" in browser(karin).get(PAGE).text


def test_an_empty_period_says_so(karin):
    assert "Nobody refused in this period." in browser(karin).get(PAGE).text


def test_the_report_asks_as_much_for_many_as_for_one(karin, member, django_assert_max_num_queries):
    refuse_often(member, "price", "2026-11-02", 30)
    client = browser(karin)
    client.get(PAGE)
    with django_assert_max_num_queries(24):
        client.get(PAGE)


# ---- behind it


def test_a_bar_opens_its_members(club, karin, olga, member):
    refuse(member, "2026-11-02T12:00", "closer", operator=olga, competitor="GymBox", note="in my street")
    refuse(factories.make_member(club, last_name="Other", phone=""), "2026-11-03T12:00", "price")
    client = browser(karin)
    url = client.get(PAGE).context["rows"][0].reason.href
    text = client.get(url).text
    assert "Pamela Scott" in text
    assert "GymBox" in text
    assert "in my street" in text
    assert "Olga Maier" in text
    assert "Pamela Other" not in text


def test_every_cell_opens_as_many_as_it_counts(karin, member):
    refuse_often(member, "price", "2026-11-02", 3)
    refuse_often(member, "moved", "2026-11-03", 2, kind="winback")
    client = browser(karin)
    page = client.get(PAGE)
    for _label, cells, total, url in page.context["crossed"].rows:
        assert client.get(url).context["total"] == total
        for cell in cells:
            assert client.get(cell.url).context["total"] == cell.count
    for _key, _css, _label, count, url in page.context["legend"]:
        assert client.get(url).context["total"] == count


def test_only_those_with_words_are_listed_on_demand(karin, member):
    refuse(member, "2026-11-02T12:00", note="too full")
    refuse(member, "2026-11-03T12:00")
    client = browser(karin)
    assert client.get(f"{MEMBERS}?note=1").context["total"] == 1


def test_long_lists_are_paged(karin, member):
    refuse_often(member, "price", "2026-11-02", 55)
    client = browser(karin)
    first = client.get(MEMBERS)
    assert (len(first.context["rows"]), first.context["total"]) == (50, 55)
    assert len(client.get(f"{MEMBERS}{first.context['older']}").context["rows"]) == 5
    assert client.get(f"{MEMBERS}?page=x").status_code == client.get(f"{MEMBERS}?page=999").status_code == 200


# ---- files


def text_of(answer) -> str:
    return b"".join(answer.streaming_content).decode("utf-8-sig") if answer.streaming else answer.content.decode()


def test_the_reasons_are_exported(karin, member):
    refuse_often(member, "price", "2026-11-02", 3)
    answer = browser(karin).get(f"{PAGE}?export=csv")
    assert "riverside-refusals-" in answer["Content-Disposition"]
    lines = text_of(answer).splitlines()
    assert lines[0].split(",")[:3] == ["Reason", "Who can act", "Now"]
    assert lines[1].split(",")[:3] == ["Price", "The club", "3"]


def test_the_crossed_table_and_the_members_are_exported(karin, member):
    refuse(member, "2026-11-02T12:00", note="=1+1")
    client = browser(karin)
    assert "Price,1,1" in text_of(client.get(f"{PAGE}?export=csv&table=crossed"))
    answer = client.get(f"{MEMBERS}?export=xlsx")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1][1] == "Pamela Scott"
    assert rows[1][-1] == "'=1+1"


# ---- who


@pytest.mark.parametrize("role", ["operator", "administrator"])
def test_only_managers_and_owners_read_reports(club, role):
    client = browser(factories.make_user(club, role, "somebody"))
    for url in (PAGE, MEMBERS, f"{PAGE}?export=csv"):
        assert client.get(url).status_code == 403


def test_owners_read_reports(club):
    assert browser(factories.make_user(club, "owner", "ida")).get(PAGE).status_code == 200


def test_a_strangers_report_is_their_own_clubs(member):
    refuse(member, "2026-11-02T12:00")
    mia = factories.make_user(factories.make_club("hill"), "manager", "mia")
    assert browser(mia).get(PAGE).context["total"] == browser(mia).get(MEMBERS).context["total"] == 0


def test_passers_by_are_led_to_the_login():
    for url in (PAGE, MEMBERS):
        assert browser(None).get(url).url.startswith("/accounts/login/")


def test_reports_are_only_read(karin):
    for url in (PAGE, MEMBERS):
        assert browser(karin).post(url).status_code == 405
