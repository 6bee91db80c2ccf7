"""Requests, complaints and notes with a price as lists: saved views, filters, what is done to many at once."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from calls.models import Complaint, Request
from memberships.models import Club, Employee, Member, SavedView, User
from tests import days
from tests.calls.factories import make_attempt
from tests.factories import make_employee, make_member, make_user
from tests.web import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def member(club: Club) -> Member:
    return make_member(club, last_name="Lindholm")


def ask(club: Club, text: str, **fields: object) -> Request:
    made = {"made_at": days.NOW, "due_on": days.TODAY, **fields}
    return Request.objects.create(club=club, text=text, **made)


def complain(club: Club, text: str, days_ago: int = 0, **fields: object) -> Complaint:
    return Complaint.objects.create(club=club, text=text, received_at=days.NOW - days_ago * days.DAY, **fields)


def texts(client: Client, address: str) -> list[str]:
    return [row.text for row in client.get(address).context["table"].page.rows]


@pytest.mark.parametrize(
    ("name", "address", "query"),
    [
        ("requests", "/feedback/", "status=answered&about=other"),
        ("complaints", "/feedback/complaints/", "of=person&due=late"),
        ("notes", "/feedback/notes/", "kind=renewal"),
    ],
)
def test_a_filter_of_each_list_becomes_a_view_that_a_manager_shares(
    karin: Client, club: Club, name: str, address: str, query: str
) -> None:
    answer = karin.post(f"/views/new/?list={name}&{query}", {"name": "Mine", "shared": "on"})
    assert answer["Location"] == f"{address}?{query}"
    view = SavedView.objects.get()
    assert (view.list, view.shared) == (name, True)
    other = browser(make_user(club, "manager", "olga"))
    assert f'href="?{query}"'.replace("&", "&amp;") in other.get(address).content.decode()


def test_complaints_are_found_by_owner_person_and_day(karin: Client, club: Club) -> None:
    anna = make_employee(club, "administrator", "anna")
    complain(club, "Dirty showers", days_ago=1)
    complain(club, "Rude", about=anna)
    complain(club, "Old", days_ago=9, owner=anna)
    address = "/feedback/complaints/"
    assert texts(karin, f"{address}?of=person") == ["Rude"]
    assert texts(karin, f"{address}?of=club") == ["Old", "Dirty showers"]
    assert texts(karin, f"{address}?owner={anna.pk}") == texts(karin, f"{address}?due=late") == ["Old"]
    assert texts(karin, f"{address}?owner=nobody") == ["Dirty showers", "Rude"]
    assert texts(karin, f"{address}?owner=x") == []


def test_the_list_of_what_is_overdue_is_what_its_rows_say(karin: Client, club: Club) -> None:
    for ago in range(12):
        complain(club, f"{ago} days", days_ago=ago)
    rows = {row.text for row in karin.get("/feedback/complaints/").context["table"].page.rows if row.tone == "bad"}
    assert rows and rows == set(texts(karin, "/feedback/complaints/?due=late"))


def test_notes_with_a_price_are_found_by_their_writer_and_call(karin: Client, club: Club, member: Member) -> None:
    olga = make_user(club, "operator", "olga")
    for minutes, operator, kind in ((0, olga, "renewal"), (1, None, "winback")):
        row = make_attempt(member, kind=kind, at=days.NOW - dt.timedelta(minutes=minutes), operator=operator)
        type(row).objects.filter(pk=row.pk).update(note="€39", note_flagged=True)
    found = lambda query: [row.kind for row in karin.get(f"/feedback/notes/?{query}").context["table"].page.rows]  # noqa: E731
    assert found("") == ["renewal", "winback"]
    assert found(f"by={olga.pk}") == found("kind=renewal") == ["renewal"]
    assert found("by=x") == found("kind=never") == []


def test_members_behind_requests_and_complaints_are_marked(karin: Client, club: Club, member: Member) -> None:
    rows = [ask(club, "Never ring me", member=member), ask(club, "A locker")]
    sent = {"do": "do_not_call", "ids": [str(row.pk) for row in rows], "confirmed": "1", "note": "asked so"}
    assert karin.post("/lists/requests/bulk/", sent).status_code == 302
    member.refresh_from_db()
    assert member.do_not_call_note == "asked so"
    assert "1 member marked as not to be called" in karin.get("/feedback/").content.decode()


def test_rows_without_a_member_mark_nobody_and_say_so(karin: Client, club: Club) -> None:
    sent = {"do": "do_not_call", "ids": [str(ask(club, "A locker").pk)]}
    assert "no member behind these rows" in karin.post("/lists/requests/bulk/", sent).content.decode()


def test_answered_ones_can_be_chosen_where_the_list_shows_them(karin: Client, club: Club) -> None:
    row = ask(club, "Done", status="answered")
    sent = {"do": "export", "ids": [str(row.pk)], "confirmed": "1", "form": "csv"}
    assert karin.post("/lists/requests/bulk/", sent).status_code == 422, "the list without a filter shows open ones"
    file = karin.post("/lists/requests/bulk/", sent | {"query": "?status=answered"})
    assert b"Done" in b"".join(file.streaming_content)  # type: ignore[attr-defined]


def test_nobody_reaches_a_complaint_about_themselves_by_choosing_it(karin: Client, boss: User, club: Club) -> None:
    mine = complain(club, "Karin shouted", about=Employee.objects.get(club=club, user=boss))
    other = complain(club, "Cold water")
    sent = {"do": "export", "confirmed": "1", "form": "csv"}
    assert karin.post("/lists/complaints/bulk/", sent | {"ids": [str(mine.pk), str(other.pk)]}).status_code == 422
    file = karin.post("/lists/complaints/bulk/", sent | {"all": "1"})
    text = b"".join(file.streaming_content).decode()  # type: ignore[attr-defined]
    assert "Cold water" in text and "shouted" not in text


@pytest.mark.parametrize("address", ["/feedback/", "/feedback/complaints/"])
def test_a_list_asks_as_much_for_one_row_as_for_fifty(karin: Client, club: Club, member: Member, address: str) -> None:
    asked = []
    for count in (1, 49):
        for n in range(count):
            ask(club, f"Request {n}", member=member)
            complain(club, f"Complaint {n}", member=member)
        karin.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert karin.get(address).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]
