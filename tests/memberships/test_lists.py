"""What all lists share: saved views, and what is done to many rows at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from memberships.models import BulkMark, Closure, Club, Member, SavedView, Visit
from tests import days
from tests.factories import make_club, make_freeze, make_member, make_membership, make_plan, make_user, phone
from tests.web import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(days.NOW)
    return make_club()


@pytest.fixture
def anna(club: Club) -> Client:
    return browser(make_user(club, "administrator", "anna"))


@pytest.fixture
def karin(club: Club) -> Client:
    return browser(make_user(club, "manager", "karin"))


def some(club: Club, count: int = 3) -> list[Member]:
    made = [make_member(club, last_name=f"Member {n}", phone=phone(n)) for n in range(count)]
    for member in made:
        make_membership(member, make_plan(club), starts_on=dt.date(2025, 12, 1))
    return made


# ---- saved views


def save(client: Client, name: str, query: str = "ends=30", **sent: str) -> int:
    return client.post(f"/views/new/?list=members&{query}", {"name": name, **sent}).status_code


def test_a_filtered_list_is_saved_and_stands_above_it_with_its_count(anna: Client, club: Club) -> None:
    some(club)
    assert "/views/new/?list=members&amp;ends=30&amp;segment=gold" in page(anna, "/members/?ends=30&segment=gold&q=Ann")
    answer = anna.post("/views/new/?list=members&segment=gold&ends=30&q=Ann&after=x", {"name": "Gold soon"})
    assert answer["Location"] == "/members/?ends=30&segment=gold"
    view = SavedView.objects.get()
    assert (view.query, view.shared, view.owner.username) == ("ends=30&segment=gold", False, "anna")
    text = page(anna, "/members/?segment=gold&ends=30")
    assert "Gold soon" in text and f"/views/{view.pk}/" in text and "/views/new/" not in text


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode().replace("\u202f", " ")


def test_a_view_keeps_no_words_that_were_searched_for(anna: Client) -> None:
    assert save(anna, "Found", "q=Orlova&status=active&nonsense=1") == 302
    assert SavedView.objects.get().query == "status=active"


def test_only_a_manager_shares_a_view_and_everybody_sees_it_then(anna: Client, karin: Client, club: Club) -> None:
    save(anna, "Mine", shared="on")
    save(karin, "For all of us", "ends=7", shared="on")
    assert {view.name: view.shared for view in SavedView.objects.all()} == {"Mine": False, "For all of us": True}
    assert "For all of us" in page(anna, "/members/") and "shared by" in page(anna, "/members/")
    assert "Mine" not in page(karin, "/members/")
    assert "For all of us" in page(browser(make_user(club, "operator", "nadia")), "/members/")


def test_a_view_is_renamed_unshared_and_deleted_by_its_owner(karin: Client) -> None:
    save(karin, "Soon", shared="on")
    url = reverse("saved_view", args=[SavedView.objects.get().pk])
    assert karin.post(url, {"name": "Very soon"}).status_code == 302
    view = SavedView.objects.get()
    assert (view.name, view.shared) == ("Very soon", False)
    assert karin.post(url, {"do": "delete"})["Location"] == "/members/"
    assert not SavedView.objects.exists()


def test_somebody_elses_view_is_theirs(anna: Client, karin: Client, club: Club) -> None:
    save(karin, "Shared", shared="on")
    save(karin, "Private", "ends=7")
    shared, private = (reverse("saved_view", args=[SavedView.objects.get(name=n).pk]) for n in ("Shared", "Private"))
    assert anna.get(shared)["Location"] == "/members/?ends=30"
    assert anna.post(shared, {"do": "delete"}).status_code == 404
    assert anna.get(private).status_code == anna.post(private, {"name": "Mine"}).status_code == 404
    other = browser(make_user(club, "manager", "olga"))
    assert other.post(shared, {"name": "Ours", "shared": "on"}).status_code == 302
    assert other.get(private).status_code == 404
    assert SavedView.objects.filter(name="Ours", owner__username="karin").exists()


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_a_name_that_cannot_be_right_is_said_at_its_field(anna: Client, name: str) -> None:
    answer = anna.post("/views/new/?list=members&ends=30", {"name": name})
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.content.decode()
    assert not SavedView.objects.exists()


def test_a_name_stands_once_whatever_its_case(anna: Client, karin: Client) -> None:
    assert save(anna, "Soon") == 302
    assert save(anna, "SOON", "ends=7") == 409
    assert save(karin, "Soon") == 302


def test_there_is_room_for_a_dozen_views(anna: Client) -> None:
    assert [save(anna, f"View {n}") for n in range(13)] == [302] * 12 + [409]


def test_a_list_that_is_none_leads_away(anna: Client) -> None:
    assert anna.get("/views/new/?list=passwords&ends=30").status_code == 302


def test_memberships_have_saved_views_too(anna: Client, club: Club) -> None:
    some(club)
    assert anna.post("/views/new/?list=memberships&kind=new", {"name": "Newcomers"}).status_code == 302
    assert 'Newcomers <span class="n num">3</span>' in page(anna, "/memberships/?kind=new")


# ---- many at once


def ids(members: list[Member]) -> list[str]:
    return [str(member.pk) for member in members]


def test_do_not_call_for_many_asks_first_and_shows_how_many(anna: Client, club: Club) -> None:
    made = some(club)
    asked = anna.post("/lists/members/bulk/", {"do": "do_not_call", "ids": ids(made[:2])})
    text = asked.content.decode()
    assert asked.status_code == 200 and "Do not call 2 members" in text and "Only a manager can take it back" in text
    assert not Member.objects.exclude(do_not_call_since=None).exists()


def marked(client: Client, members: list[Member], **sent: str) -> int:
    body = {"do": "do_not_call", "ids": ids(members), "confirmed": "1", "note": "asked in writing", **sent}
    return client.post("/lists/members/bulk/", body).status_code


def test_who_is_marked_already_is_not_counted_as_marked(anna: Client, club: Club) -> None:
    one = make_member(club, do_not_call_since=days.NOW - days.DAY)
    body = {"do": "do_not_call", "ids": ids([one]), "confirmed": "1", "note": "asked in writing"}
    page = anna.post("/lists/members/bulk/", body, follow=True).content.decode()
    assert "All of them were marked already." in page and "Nobody rings" not in page


def test_many_are_marked_with_the_reason_and_taken_back_by_a_manager(anna: Client, karin: Client, club: Club) -> None:
    made = some(club)
    Member.objects.filter(pk=made[0].pk).update(do_not_call_since=days.NOW - days.DAY, do_not_call_note="before")
    assert marked(anna, made, note="") == 422
    assert marked(anna, made) == 302
    mark = BulkMark.objects.get()
    assert mark.members == [made[1].pk, made[2].pk], "who was marked before keeps the first date"
    assert {row.do_not_call_note for row in Member.objects.all()} == {"before", "asked in writing"}
    assert "2 members marked as not to be called" in page(anna, "/members/")

    url = reverse("bulk_undo", args=[mark.pk])
    assert url not in page(anna, "/members/") and anna.post(url, {"reason": "by mistake"}).status_code == 403
    assert url in page(karin, "/members/")
    assert karin.post(url, {"reason": ""}).status_code == 422
    assert karin.post(url, {"reason": "the wrong list"}).status_code == 302
    assert list(Member.objects.exclude(do_not_call_since=None)) == [made[0]]
    assert karin.post(url, {"reason": "the wrong list"}).status_code == 409
    assert "marked as not to be called" not in page(karin, "/members/")


def test_after_five_minutes_it_is_too_late(
    anna: Client, karin: Client, club: Club, set_clock: Callable[[dt.datetime], None]
) -> None:
    assert marked(anna, some(club)) == 302
    url = reverse("bulk_undo", args=[BulkMark.objects.get().pk])
    set_clock(days.NOW + dt.timedelta(minutes=6))
    answer = karin.post(url, {"reason": "the wrong list"})
    assert answer.status_code == 409 and "five minutes" in answer.content.decode()
    assert Member.objects.exclude(do_not_call_since=None).count() == 3


def test_all_that_match_are_taken_by_the_address(anna: Client, club: Club) -> None:
    some(club)
    make_member(club, last_name="Nobody", phone="")
    sent = {"do": "do_not_call", "all": "1", "query": "?phone=none", "confirmed": "1", "note": "unknown"}
    assert "Do not call 1 member<" in anna.post("/lists/members/bulk/", sent | {"confirmed": ""}).content.decode()
    assert anna.post("/lists/members/bulk/", sent).status_code == 302
    assert [row.last_name for row in Member.objects.exclude(do_not_call_since=None)] == ["Nobody"]


@pytest.mark.parametrize(
    "sent",
    [{}, {"all": "1", "query": "?plan=%00"}, {"ids": []}, {"ids": ["x"]}, {"ids": ["9" * 30]}, {"ids": ["987654"]}],
)
def test_rows_that_are_not_there_are_refused(anna: Client, club: Club, sent: dict[str, list[str]]) -> None:
    some(club)
    answer = anna.post("/lists/members/bulk/", {"do": "do_not_call", "confirmed": "1", "note": "x", **sent})
    assert answer.status_code == 422 and "Nothing was done" in answer.content.decode()


def test_another_clubs_row_is_refused_with_all_others(anna: Client, club: Club) -> None:
    foreign = make_member(make_club("harbour"), phone="")
    mine = some(club)
    assert marked(anna, [*mine, foreign]) == 422
    assert not Member.objects.exclude(do_not_call_since=None).exists()


def test_too_many_at_once_are_refused(anna: Client, club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("memberships.bulk.MOST", 2)
    made = some(club)
    asked = anna.post("/lists/members/bulk/", {"do": "do_not_call", "ids": ids(made)}).content.decode()
    assert "3 members match, and at most 2 are marked at once" in asked and 'name="note"' not in asked
    assert marked(anna, made) == 422
    assert not BulkMark.objects.exists()


def test_operators_mark_nobody(club: Club) -> None:
    nadia = browser(make_user(club, "operator", "nadia"))
    assert marked(nadia, some(club)) == 403
    assert "data-pick" not in page(nadia, "/members/")


@pytest.mark.parametrize("name", ["members", "memberships"])
def test_chosen_rows_leave_as_a_file_after_a_word_of_warning(
    karin: Client, anna: Client, club: Club, name: str
) -> None:
    made, address = some(club), f"/lists/{name}/bulk/"
    rows = made[:2] if name == "members" else [member.memberships.get() for member in made[:2]]
    sent = {"do": "export", "ids": [str(row.pk) for row in rows]}
    assert anna.post(address, sent).status_code == 403
    asked = karin.post(address, sent).content.decode()
    assert "Export 2 rows" in asked and "cannot be called back" in asked
    file = karin.post(address, {**sent, "confirmed": "1", "form": "csv"})
    text = b"".join(file.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert text.count("\n") == 3 and "Member 0" in text and "Member 2" not in text
    book = karin.post(address, {**sent, "confirmed": "1", "form": "xlsx"})
    assert b"".join(book.streaming_content)[:2] == b"PK"  # type: ignore[attr-defined]


@pytest.mark.parametrize("address", ["/members/", "/memberships/"])
def test_lists_ask_as_much_for_one_row_as_for_fifty(karin: Client, club: Club, address: str) -> None:
    save(karin, "Soon")
    asked = []
    for count in (1, 49):
        some(club, count)
        karin.get(address)  # what the process keeps
        with CaptureQueriesContext(connection) as queries:
            assert karin.get(address).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_the_list_of_members_reads_each_thing_once(
    anna: Client, club: Club, django_assert_max_num_queries: Callable
) -> None:
    some(club, 30)
    anna.get("/members/")
    with django_assert_max_num_queries(10):
        assert "Member 0" in page(anna, "/members/")


@pytest.mark.parametrize("name", ["memberships", "freezes", "visits_to_mend"])
def test_the_members_behind_the_rows_of_a_list_are_marked_once_each(anna: Client, club: Club, name: str) -> None:
    member, other = some(club, 2)
    term = member.memberships.get()
    rows = {
        "memberships": [term, make_membership(member, term.plan, starts_on=dt.date(2024, 12, 1))],
        "freezes": [make_freeze(term, days.day(f"2026-0{n}-01"), days.day(f"2026-0{n}-09")) for n in (3, 5)],
        "visits_to_mend": [
            Visit.objects.create(club=club, member=member, at=days.NOW - n * days.DAY, to_mend="frozen") for n in (1, 2)
        ],
    }[name]
    sent = {"do": "do_not_call", "ids": [str(row.pk) for row in rows], "confirmed": "1", "note": "asked in writing"}
    assert "Do not call 1 member<" in anna.post(f"/lists/{name}/bulk/", sent | {"confirmed": ""}).content.decode()
    assert anna.post(f"/lists/{name}/bulk/", sent).status_code == 302
    assert list(Member.objects.exclude(do_not_call_since=None)) == [member], other
    assert "1 member marked as not to be called" in page(anna, {"freezes": "/freezes/"}.get(name, "/members/"))


def test_plans_promotions_and_closures_leave_as_chosen_and_mark_nobody(karin: Client, club: Club) -> None:
    plans = [make_plan(club, code) for code in ("A12", "B12", "C12")]
    closures = [
        Closure.objects.create(club=club, why=why, made_at=days.NOW, starts_on=days.TODAY, ends_on=days.TODAY)
        for why in ("Floods", "Christmas")
    ]
    for name, rows, kept, left in (("plans", plans[:2], "B12", "C12"), ("closures", closures[:1], "Floods", "Chr")):
        sent = {"do": "export", "ids": [str(row.pk) for row in rows], "confirmed": "1", "form": "csv"}
        file = karin.post(f"/lists/{name}/bulk/", sent)
        text = b"".join(file.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        assert kept in text and left not in text
        assert karin.post(f"/lists/{name}/bulk/", sent | {"do": "do_not_call"}).status_code == 404


def test_a_file_of_a_filtered_list_holds_what_the_list_shows(karin: Client, club: Club) -> None:
    make_plan(club, "A12")
    make_plan(club, "OLD", active=False)
    file = karin.get("/plans/?sale=1&export=csv")
    text = b"".join(file.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert "A12" in text and "OLD" not in text


def test_a_list_that_is_none_or_that_one_may_not_read_takes_no_bulk(anna: Client, karin: Client, club: Club) -> None:
    assert karin.post("/lists/passwords/bulk/", {"do": "export", "all": "1"}).status_code == 404
    assert karin.post("/lists/audit/bulk/", {"do": "export", "all": "1"}).status_code == 404
    assert anna.post("/lists/complaints/bulk/", {"do": "do_not_call", "all": "1"}).status_code == 403


# ---- freezes and closures


def frozen(member: Member, first: str, last: str, **fields: object) -> None:
    make_freeze(member.memberships.get(), days.day(first), days.day(last), **fields)


@pytest.mark.parametrize(
    ("query", "names"),
    [("", "0123"), ("state=running", "1"), ("state=planned", "2"), ("state=ended", "0"), ("state=void", "3"),
     ("state=never", ""), ("of=closure", ""), ("of=member", "0123"), ("ends=soon", "1"), ("beyond=1", "2")],
)  # fmt: skip
def test_freezes_are_listed_by_how_they_stand(anna: Client, club: Club, query: str, names: str) -> None:
    made = some(club, 4)
    frozen(made[0], "2026-03-01", "2026-03-10")
    frozen(made[1], "2026-11-10", "2026-11-19", reason="travel")
    frozen(made[2], "2026-11-20", "2026-11-29", override_reason="a broken leg")
    frozen(made[3], "2026-05-01", "2026-05-07", voided=True)
    rows = anna.get(f"/freezes/?{query}").context["table"].page.rows
    assert sorted(row.membership.member.last_name[-1] for row in rows) == list(names)


def test_a_running_freeze_can_be_ended_from_the_list_and_operators_read_no_amount(anna: Client, club: Club) -> None:
    frozen(some(club, 1)[0], "2026-11-10", "2026-11-19", reason="€50 fee waived")
    assert "back earlier" in page(anna, "/freezes/") and "€50" in page(anna, "/freezes/")
    seen = page(browser(make_user(club, "operator", "nadia")), "/freezes/")
    assert "Member 0" in seen and "back earlier" not in seen and "50" not in seen


def test_closures_are_listed_by_when_they_are(karin: Client, club: Club) -> None:
    for why, first, last in (("Floods", "2026-02-01", "2026-02-03"), ("Christmas", "2026-12-24", "2026-12-26")):
        days_of = {"starts_on": days.day(first), "ends_on": days.day(last)}
        Closure.objects.create(club=club, why=why, made_at=days.NOW, **days_of)
    assert [row.why for row in karin.get("/closures/").context["table"].page.rows] == ["Christmas", "Floods"]
    assert [row.why for row in karin.get("/closures/?state=ahead").context["table"].page.rows] == ["Christmas"]
    assert "No closure fits" in page(karin, "/closures/?state=now")


LISTS = ("/members/", "/memberships/", "/plans/", "/promotions/", "/freezes/", "/closures/", "/visits/to-mend/")


@pytest.mark.parametrize("address", LISTS)
def test_a_page_that_a_list_never_gave_is_refused_in_words(karin: Client, address: str) -> None:
    answer = karin.get(f"{address}?after=nonsense")
    assert answer.status_code == 400 and "not one of this list" in answer.content.decode()


@pytest.mark.parametrize("address", ["/freezes/", "/closures/", "/visits/to-mend/"])
def test_smaller_lists_ask_as_much_for_one_row_as_for_fifty(karin: Client, club: Club, address: str) -> None:
    asked = []
    for first, count in ((0, 1), (1, 49)):
        for n in range(first, first + count):
            member = make_member(club, last_name=f"Member {n}", phone="")
            frozen_one = make_membership(member, make_plan(club), starts_on=dt.date(2025, 12, 1))
            make_freeze(frozen_one, days.TODAY, days.TODAY + 9 * days.DAY)
            Visit.objects.create(club=club, member=member, at=days.NOW, to_mend="frozen")
            Closure.objects.create(club=club, starts_on=days.TODAY, ends_on=days.TODAY, why="x", made_at=days.NOW)
        karin.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert karin.get(address).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]
