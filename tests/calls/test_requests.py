"""Requests: opened by everybody, due the next working day, answered, declined or handed over by administrators."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.urls import reverse

from calls import complaints, requests
from calls.models import CallTask, Complaint, Request
from memberships.models import Club, Employee, User
from tests import days
from tests.calls.factories import make_attempt, make_task
from tests.factories import make_club, make_employee, make_member, make_user, phone
from tests.web import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(club: Club) -> Employee:
    return make_employee(club, "administrator", "anna")


def ask(club: Club, by: User, text: str = "Wants a locker", **fields: object) -> Request:
    return requests.ask(club=club, text=text, by=by, now=days.NOW, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-12T10:00", "2026-11-13"),  # Thursday
        ("2026-11-13T23:59", "2026-11-16"),  # Friday: over the weekend
        ("2026-11-14T12:00", "2026-11-16"),
        ("2026-11-25T12:00", "2026-11-27"),  # Thanksgiving between
        ("2026-12-31T12:00", "2027-01-04"),  # New Year, then a weekend
    ],
)
def test_it_is_due_at_the_end_of_the_next_working_day(club: Club, asked: str, due: str) -> None:
    assert requests.due_on(club, days.at(asked, club.zone)) == days.day(due)


def test_what_is_asked_needs_words_and_a_member_of_the_club(club: Club, olga: User) -> None:
    elsewhere = make_member(make_club("hillside"))
    for fields in ({"text": "  "}, {"text": "x" * 4001}, {"member": elsewhere}, {"about": "missed_call"}):
        with pytest.raises(requests.RequestRefused):
            ask(club, olga, **fields)
    with pytest.raises(requests.RequestRefused):
        ask(club, olga, owner=Employee.objects.get(user=olga))
    assert not Request.objects.exists()


def test_an_answer_closes_it_and_says_who_gave_it(club: Club, olga: User, anna: Employee) -> None:
    row = ask(club, olga)
    assert anna.user is not None
    done = requests.answer(request=row, text="Number 14 is free", by=anna.user, now=days.NOW)
    assert (done.status, done.answer, done.owner) == ("answered", "Number 14 is free", anna)
    for again in (
        lambda: requests.answer(request=row, text="Again", by=anna.user, now=days.NOW),
        lambda: requests.decline(request=row, why="Again", by=anna.user, now=days.NOW),
        lambda: requests.hand_over(request=row, to=anna, why="Again", by=anna.user, now=days.NOW),
    ):
        with pytest.raises(requests.NotOpen):
            again()
    assert [(step.what, step.by) for step in requests.history(row)] == [("opened", "Olga"), ("answered", "Anna")]


def test_handing_over_says_to_whom_and_why_and_keeps_the_day(club: Club, olga: User, anna: Employee) -> None:
    pavel = make_employee(club, "administrator", "pavel")
    row = ask(club, olga, owner=anna)
    assert anna.user is not None
    moved = requests.hand_over(request=row, to=pavel, why="He has the keys", by=anna.user, now=days.NOW)
    assert (moved.owner, moved.due_on) == (pavel, row.due_on)
    last = requests.history(row)[-1]
    assert (last.what, last.to, last.by, last.text) == ("handed_over", "Pavel", "Anna", "He has the keys")
    for to in (pavel, Employee.objects.get(user=olga), make_employee(make_club("hillside"), "administrator", "eve")):
        with pytest.raises(requests.RequestRefused):
            requests.hand_over(request=row, to=to, why="Why not", by=anna.user, now=days.NOW)
    with pytest.raises(requests.RequestRefused):
        requests.hand_over(request=row, to=anna, why=" ", by=anna.user, now=days.NOW)


# ---- the pages -------------------------------------------------------------------------------------------


def test_an_operator_opens_one_for_a_member_and_sees_no_list(club: Club, olga: User) -> None:
    web, member = browser(olga), make_member(club, first_name="Ilya", last_name="Orlov")
    page = web.get(reverse("request_new"), {"member": member.pk}).content.decode()
    assert "Ilya Orlov" in page and "Owner" not in page
    sent = {"member": member.pk, "about": "freeze", "text": "From December on"}
    assert web.post(reverse("request_new"), sent)["Location"] == reverse("member_detail", args=[member.pk])
    row = Request.objects.get()
    assert (row.member, row.about, row.made_by, row.due_on) == (member, "freeze", olga, days.day("2026-11-13"))
    assert "From December on" in web.get(reverse("member_detail", args=[member.pk])).content.decode()
    assert web.get(reverse("request_list")).status_code == 403
    assert web.post(reverse("request_answer", args=[row.pk]), {"text": "Yes"}).status_code == 403


def test_the_list_says_whose_it_is_and_what_is_overdue(club: Club, olga: User, anna: Employee) -> None:
    ask(club, olga, "Due tomorrow")
    late = ask(club, olga, "Long due", owner=anna)
    Request.objects.filter(pk=late.pk).update(due_on=days.TODAY - 2 * days.DAY)
    done = ask(club, olga, "Done already")
    assert anna.user is not None
    requests.decline(request=done, why="No lockers", by=anna.user, now=days.NOW)
    web = browser(anna.user)
    page = web.get("/feedback/").content.decode()
    assert page.index("overdue by 2 days") < page.index("due tomorrow") and "Done already" not in page
    assert "Due tomorrow" not in web.get("/feedback/", {"due": "late"}).content.decode()
    assert "Long due" not in web.get("/feedback/", {"owner": "nobody"}).content.decode()
    assert "Done already" in web.get("/feedback/", {"status": "declined"}).content.decode()
    assert web.get("/feedback/", {"owner": "x"}).status_code == 200


def test_an_administrator_answers_declines_and_hands_over_on_the_web(club: Club, olga: User, anna: Employee) -> None:
    pavel = make_employee(club, "administrator", "pavel")
    first, second = ask(club, olga), ask(club, olga, "Wants a towel")
    web = browser(anna.user)
    assert web.post(reverse("request_answer", args=[first.pk]), {"text": " "}).status_code == 422
    assert web.post(reverse("request_answer", args=[first.pk]), {"text": "Number 14"}).status_code == 302
    assert web.post(reverse("request_answer", args=[first.pk]), {"text": "Number 15"}).status_code == 409
    url = reverse("request_hand_over", args=[second.pk])
    assert web.post(url, {"to": pavel.pk, "why": ""}).status_code == 422
    assert web.post(url, {"to": pavel.pk, "why": "He has the keys"}).status_code == 302
    assert web.post(reverse("request_decline", args=[second.pk]), {"why": "We have none"}).status_code == 302
    page = web.get(reverse("request_detail", args=[second.pk])).content.decode()
    assert "Handed over to Pavel" in page and "He has the keys" in page and "We have none" in page


def test_a_stranger_finds_no_request(club: Club, olga: User) -> None:
    row = ask(club, olga)
    stranger = browser(make_user(make_club("hillside"), "manager", "eve"))
    for name in ("request_detail", "request_answer", "request_decline", "request_hand_over"):
        verb = stranger.get if name == "request_detail" else stranger.post
        assert verb(reverse(name, args=[row.pk])).status_code == 404


def test_the_list_asks_the_database_as_often_for_many(
    club: Club, olga: User, anna: Employee, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for number in range(25):
        ask(club, olga, f"Number {number}", member=make_member(club, phone=phone(number)), owner=anna)
    web = browser(anna.user)
    with django_assert_max_num_queries(14):  # type: ignore[attr-defined]
        web.get("/feedback/")


# ---- complaints and notes --------------------------------------------------------------------------------


def complain(club: Club, **fields: object) -> Complaint:
    return Complaint.objects.create(club=club, text="The showers are cold", received_at=days.NOW, **fields)


def test_an_answered_complaint_lets_the_member_be_rung_again(club: Club) -> None:
    member = make_member(club)
    row = complain(club, member=member)
    task = make_task(member, "care", status="waiting", waits_for="open_complaint")
    web = browser(make_user(club, "manager", "karin"))
    assert "The showers are cold" in web.get(reverse("complaint_list")).content.decode()
    url = reverse("complaint_detail", args=[row.pk])
    assert web.post(url, {"text": ""}).status_code == 422
    assert web.post(url, {"text": "A new boiler is in"}).status_code == 302
    row.refresh_from_db()
    assert (row.status, row.answer) == ("answered", "A new boiler is in") and row.answered_at is not None
    assert CallTask.objects.get(pk=task.pk).waits_for != "open_complaint"
    assert web.post(url, {"text": "Again"}).status_code == 409


def test_nobody_sees_a_complaint_about_themselves(club: Club) -> None:
    karin = make_employee(club, "manager", "karin")
    row = complain(club, about=karin)
    web = browser(karin.user)
    assert "The showers" not in web.get(reverse("complaint_list")).content.decode()
    assert web.get(reverse("complaint_detail", args=[row.pk])).status_code == 404
    other = make_user(club, "manager", "petra")
    assert complaints.open_ones(club, other).get() == row


def test_administrators_see_no_complaints_and_no_tab_of_them(club: Club, anna: Employee) -> None:
    complain(club)
    web = browser(anna.user)
    assert web.get(reverse("complaint_list")).status_code == 403
    assert reverse("complaint_list") not in web.get("/feedback/").content.decode()


def test_notes_with_a_price_are_listed_for_supervisors(club: Club, anna: Employee, olga: User) -> None:
    member = make_member(club)
    make_attempt(member, days.NOW - days.DAY, "thinking", note="I said $300", note_flagged=True, operator=olga)
    make_attempt(member, days.NOW - 2 * days.DAY, "thinking", note="Wants mornings", operator=olga)
    page = browser(make_user(club, "manager", "karin")).get(reverse("flagged_notes")).content.decode()
    assert "I said $300" in page and "Olga" in page and "Wants mornings" not in page
    assert browser(anna.user).get(reverse("flagged_notes")).status_code == 403
