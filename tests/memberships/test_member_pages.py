"""Members on the web: the list, the page, details, freezes and cancellations, the changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from memberships.models import Club, Freeze, Member, User
from tests import days
from tests.factories import (
    make_club,
    make_freeze,
    make_member,
    make_membership,
    make_plan,
    make_user,
    make_visits,
    phone,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(days.NOW)
    return make_club()


def signed_in(club: Club, role: str = "administrator") -> Client:
    client = Client()
    client.force_login(make_user(club, role, f"{role}-{club.slug}"))
    session = client.session
    session["second_factor_enrolled"] = True
    session.save()
    return client


@pytest.fixture
def anna(club: Club) -> Client:
    return signed_in(club)


def member_with_term(club: Club, number: int = 7, **fields: object) -> Member:
    member = make_member(club, last_name=f"Member {number}", phone=phone(number), **fields)
    make_membership(member, make_plan(club), starts_on=dt.date(2025, 12, 1))
    return member


@pytest.mark.parametrize("query", ["Ada", "ada scott", "SCOTT Ada", "0107", "(319) 555-0107", "319 555 0107", "20431"])
def test_a_member_is_found_by_part_of_name_or_number(anna: Client, club: Club, query: str) -> None:
    make_member(club, first_name="Ada", last_name="Scott", phone=phone(7), external_id="20431")
    make_member(club, first_name="Pamela", last_name="Boone", phone=phone(8))
    page = anna.get("/members/", {"q": query}).content.decode()
    assert "Ada Scott" in page and "Pamela Boone" not in page


def test_filters_live_in_the_address(anna: Client, club: Club) -> None:
    member_with_term(club, 1)
    make_member(club, last_name="Nobody", phone="")
    assert "Member 1" in anna.get("/members/?ends=30").content.decode()
    assert "Nobody" not in anna.get("/members/?ends=30").content.decode()
    assert "Nobody" in anna.get("/members/?phone=none").content.decode()
    assert "Member 1" in anna.get("/members/?status=active&plan=M12").content.decode()
    assert "No member fits" in anna.get("/members/?status=frozen").content.decode()
    assert "No member fits" in anna.get("/members/?status=nonsense").content.decode()


def test_an_empty_club_says_so(anna: Client) -> None:
    assert "No members yet" in anna.get("/members/").content.decode()


@pytest.mark.parametrize("many", [1, 25])
def test_the_list_asks_as_much_for_one_row_as_for_many(
    anna: Client, club: Club, many: int, django_assert_max_num_queries: Callable
) -> None:
    for number in range(many):
        make_visits(member_with_term(club, number), days.TODAY, [1])
    with django_assert_max_num_queries(19):
        assert anna.get("/members/").status_code == 200


def test_the_page_shows_terms_visits_and_history(anna: Client, club: Club) -> None:
    member = member_with_term(club)
    make_visits(member, days.TODAY, [2, 3])
    page = anna.get(reverse("member_detail", args=[member.pk])).content.decode()
    for words in ("Now running", "12 months", "Why (not) call?", "$360.00", "18 days left", "Visit, gym"):
        assert words in page.replace("\u00a0", " "), words


def test_operators_see_no_money(club: Club) -> None:
    member = member_with_term(club)
    nadia = signed_in(club, "operator")
    for name in ("member_detail", "member_terms"):
        assert "360.00" not in nadia.get(reverse(name, args=[member.pk])).content.decode()
    for name in ("member_edit", "member_do_not_call", "member_changes"):
        assert nadia.get(reverse(name, args=[member.pk])).status_code == 403


def test_strangers_find_nothing(club: Club) -> None:
    member = member_with_term(club)
    eve = signed_in(make_club("harbour"), "manager")
    for name in ("member_detail", "member_terms", "member_edit", "member_changes", "member_why"):
        assert eve.get(reverse(name, args=[member.pk])).status_code == 404
    assert "Member 7" not in eve.get("/members/").content.decode()


def test_a_member_is_typed_in_and_changed(anna: Client, club: Club) -> None:
    response = anna.post("/members/new/", {"last_name": "Orlova", "first_name": "Marina", "phone": "(319) 555-0142"})
    member = Member.objects.get()
    assert response["Location"] == reverse("member_detail", args=[member.pk])
    assert member.phone == "+13195550142"
    edited = anna.post(
        reverse("member_edit", args=[member.pk]), {"last_name": "Orlova", "phone": member.phone, "consent_sms": "yes"}
    )
    assert edited.status_code == 302
    member.refresh_from_db()
    assert member.consent_sms is True and member.first_name == ""


def test_a_bad_number_is_named_beside_its_field_and_nothing_is_lost(anna: Client) -> None:
    response = anna.post("/members/new/", {"last_name": "Orlova", "phone": "12"})
    page = response.content.decode()
    assert response.status_code == 422 and 'value="Orlova"' in page and 'aria-invalid="true"' in page
    assert not Member.objects.exists()


def test_do_not_call_is_set_by_the_desk_and_cleared_by_a_manager_only(anna: Client, club: Club) -> None:
    member = member_with_term(club)
    url = reverse("member_do_not_call", args=[member.pk])
    assert anna.post(url, {"reason": "asked for it"}).status_code == 302
    member.refresh_from_db()
    assert member.do_not_call and member.do_not_call_note == "asked for it"
    assert anna.post(url, {"reason": "changed their mind"}).status_code == 403
    karin = signed_in(club, "manager")
    assert karin.post(url, {"reason": ""}).status_code == 422
    assert karin.post(url, {"reason": "asked in writing"}).status_code == 302
    member.refresh_from_db()
    assert not member.do_not_call


def test_a_freeze_is_previewed_then_given_then_ended(anna: Client, club: Club) -> None:
    member = member_with_term(club)
    term = member.memberships.get()
    url = reverse("freeze_new", args=[term.pk])
    asked = {"starts_on": "2026-11-16", "ends_on": "2026-11-25", "reason": "travel"}
    preview = anna.post(f"{url}?preview=1", asked).content.decode().replace("\u00a0", " ")
    assert "Thu 10 Dec" in preview and not Freeze.objects.exists()
    assert anna.post(url, asked).status_code == 302
    freeze = Freeze.objects.get()
    term.refresh_from_db()
    assert term.effective_ends_on == dt.date(2026, 12, 10)
    assert anna.post(reverse("freeze_end", args=[freeze.pk]), {"returned_on": "2026-11-21"}).status_code == 302
    term.refresh_from_db()
    assert term.effective_ends_on == dt.date(2026, 12, 5)


def test_the_page_of_a_freeze_offers_lengths_that_fit_and_shows_the_allowance(anna: Client, club: Club) -> None:
    term = member_with_term(club).memberships.get()
    make_freeze(term, dt.date(2026, 3, 1), dt.date(2026, 3, 20))
    url = reverse("freeze_new", args=[term.pk])
    page = anna.get(url)
    allowance = page.context["allowance"]
    assert (allowance.used, allowance.left, allowance.all, allowance.count) == (20, 25, 45, 2)
    assert allowance.lengths == [7, 14, 21, 25]
    text = page.content.decode()
    assert "all 25 left" in text and "freeze 2 of 3" in text and "20 days used, 0 in this freeze, 25 left" in text
    sent = {"starts_on": "2026-11-16", "ends_on": "2026-11-29"}
    preview = anna.post(f"{url}?preview=1", sent).content.decode()
    assert "20 days used, 14 in this freeze, 11 left" in preview and preview.count("hx-swap-oob") == 2
    make_freeze(term, dt.date(2026, 4, 1), dt.date(2026, 4, 19))
    assert anna.get(url).context["allowance"].lengths == [], "six days left are fewer than the shortest freeze"


@pytest.mark.parametrize(
    ("starts_on", "ends_on"), [("2026-11-16", "2026-11-17"), ("2026-11-10", "2026-11-20"), ("2027-03-01", "2027-03-10")]
)
def test_a_freeze_beyond_the_rules_says_why(anna: Client, club: Club, starts_on: str, ends_on: str) -> None:
    term = member_with_term(club).memberships.get()
    response = anna.post(reverse("freeze_new", args=[term.pk]), {"starts_on": starts_on, "ends_on": ends_on})
    assert response.status_code == 422 and 'class="err' in response.content.decode()
    assert not Freeze.objects.exists()


def test_a_membership_is_cancelled_with_a_reason(anna: Client, club: Club) -> None:
    term = member_with_term(club).memberships.get()
    url = reverse("membership_cancel", args=[term.pk])
    assert anna.post(url, {"on": "2026-11-20", "reason": ""}).status_code == 422
    assert anna.post(url, {"on": "2026-11-01", "reason": "moved"}).status_code == 422
    assert anna.post(url, {"on": "2026-11-20", "reason": "moved"}).status_code == 302
    term.refresh_from_db()
    assert term.last_covered_on == dt.date(2026, 11, 19)


def test_changes_show_who_and_both_values(anna: Client, club: Club) -> None:
    member = member_with_term(club)
    anna.post(reverse("member_edit", args=[member.pk]), {"last_name": "Renamed", "phone": member.phone})
    page = anna.get(reverse("member_changes", args=[member.pk])).content.decode()
    assert "Renamed" in page and "Member 7" in page and "Administrator" in page


def test_the_export_is_a_managers(anna: Client, club: Club) -> None:
    make_member(club, last_name="=cmd|' /C calc'!A0")
    assert anna.get("/members/?export=csv").status_code == 403
    response = signed_in(club, "manager").get("/members/?export=csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "'=cmd" in text and "+13195550107" in text


def test_why_not_call_answers_for_any_time(anna: Client, club: Club) -> None:
    member = member_with_term(club)
    url = reverse("member_why", args=[member.pk])
    assert "may be rung" in anna.get(url).content.decode()
    assert "not now" in anna.get(url, {"at": "2026-11-12T22:30"}).content.decode()
    assert anna.get(url, {"at": "soon"}).status_code == 422


def test_the_switcher_changes_the_club(club: Club) -> None:
    anna: User = make_user(club, "administrator", "anna")
    harbour = make_club("harbour")
    make_user(harbour, "operator", "anna", password="")
    client = Client()
    client.force_login(anna)
    make_member(harbour, last_name="Sailor")
    assert client.post("/club/", {"club": "harbour"}).status_code == 302
    assert "Sailor" in client.get("/members/").content.decode()
    assert client.post("/club/", {"club": "elsewhere"}).status_code == 404


def test_the_list_of_memberships_filters_and_counts(anna: Client, club: Club) -> None:
    term = member_with_term(club, 1).memberships.get()
    other = member_with_term(club, 2).memberships.get()
    type(term).objects.filter(pk=term.pk).update(balance_due="20", special_terms="corporate terms")
    page = anna.get("/memberships/?due=1").content.decode()
    assert "Member 1" in page and "Member 2" not in page and "$20.00" in page
    assert "corporate terms" in anna.get("/memberships/?special=1").content.decode()
    assert "No membership fits" in anna.get("/memberships/?status=frozen").content.decode()
    Freeze.objects.create(
        membership=other, starts_on=days.TODAY, ends_on=days.TODAY + 9 * days.DAY, made_at=days.NOW, history=True
    )
    assert "Member 2" in anna.get("/memberships/?status=frozen").content.decode()


def test_operators_read_memberships_without_money(club: Club) -> None:
    term = member_with_term(club).memberships.get()
    type(term).objects.filter(pk=term.pk).update(balance_due="20", special_terms="20 $ off")
    page = signed_in(club, "operator").get("/memberships/?due=1&sort=due").content.decode()
    assert "Member 7" in page and "20.00" not in page and "20 $" not in page and "360.00" not in page


def test_from_a_list_one_goes_on_to_the_next_and_back(anna: Client, club: Club) -> None:
    first, second, third = (member_with_term(club, number) for number in (1, 2, 3))
    member_with_term(club, 4, segment="gold")
    row = anna.get("/members/?segment=gold").content.decode()
    assert "?of=segment%3Dgold" in row and "?of=" not in anna.get("/members/?q=Member").content.decode()
    page = anna.get(f"/members/{second.pk}/?of=sort%3Dname").context
    assert (page["before"], page["after"]) == (first, third)
    assert anna.get(f"/members/{first.pk}/?of=sort%3Dname").context["before"] is None
    assert anna.get(f"/members/{first.pk}/?of=sort%3D-name").context["after"] is None
    alone = anna.get(f"/members/{Member.objects.get(segment='gold').pk}/?of=segment%3Dgold").context
    assert (alone["before"], alone["after"]) == (None, None)


@pytest.mark.parametrize(
    "of", ["segment%3Dgold", "status%3Dnonsense", "x" * 900, "q%3DMember", "%00", "sort%3Dpassword"]
)
def test_a_list_that_does_not_hold_the_member_leads_nowhere(anna: Client, club: Club, of: str) -> None:
    member = member_with_term(club)
    answer = anna.get(f"/members/{member.pk}/?of={of}")
    assert answer.status_code in (200, 400) and (answer.status_code == 400 or 'data-key="J"' not in answer.text)
