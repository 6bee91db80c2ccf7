"""The history of a club on the web: by kind, object, who and when; before and after in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from calls.models import Complaint
from memberships import people
from memberships.models import Club, Employee, Member, Plan
from memberships.rules import local_time
from tests import days
from tests.factories import make_club, make_freeze, make_member, make_membership, make_plan, make_user
from tests.web import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def club(set_clock: Callable[[dt.datetime], None]) -> Club:
    set_clock(days.NOW)
    return make_club()


@pytest.fixture
def karin(club: Club) -> Client:
    return browser(make_user(club, "manager", "karin"))


@pytest.fixture
def anna(club: Club) -> Client:
    return browser(make_user(club, "administrator", "anna"))


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"/audit/?{query}")
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode().replace("\u00a0", " ")


def labels(client: Client, query: str = "") -> list[str]:
    return [row.change.label for row in client.get(f"/audit/?{query}").context["table"].page.rows]


def test_changes_of_members_stand_newest_first_with_both_values(anna: Client, club: Club) -> None:
    by = make_user(club, "manager", "olga")
    member = people.create(club=club, details={"last_name": "Orlova", "consent_sms": True}, now=days.NOW, by=by)
    people.edit(member=member, details={"goal": "swim", "birthday": days.day("1990-05-01")}, now=days.NOW, by=by)
    text = page(anna)
    assert labels(anna) == ["update", "insert"]
    for words in ("Orlova", "Olga", "Goal:", "swim", "1 May 1990", "Consent to SMS:", "yes"):
        assert words in text, words


def test_names_stand_for_numbers(anna: Client, club: Club) -> None:
    make_membership(make_member(club), make_plan(club, name="Full day"), starts_on=days.TODAY)
    text = page(anna, "kind=membership")
    assert "Full day" in text and "Pamela Scott" in text and "$360.00" in text


def test_administrators_read_of_members_and_managers_of_all(anna: Client, karin: Client, club: Club) -> None:
    make_plan(club)
    for kind in ("member", "membership", "freeze", "meeting"):
        assert anna.get(f"/audit/?kind={kind}").status_code == 200, kind
    of_managers = ("plan", "promotion", "employee", "club", "club_policy", "contact_policy")
    for kind in (*of_managers, "attempt", "complaint", "request"):
        assert anna.get(f"/audit/?kind={kind}").status_code == 403, kind
        assert karin.get(f"/audit/?kind={kind}").status_code == 200, kind
    assert anna.get("/audit/?object=plan:1").status_code == 403
    assert browser(make_user(club, "operator", "nadia")).get("/audit/").status_code == 403
    assert "?kind=plan" not in page(anna) and "?kind=plan" in page(karin)


def test_one_object_and_nobody_elses(karin: Client, club: Club) -> None:
    member, other = make_member(club), make_member(club, last_name="Other", phone="")
    foreign = make_member(make_club("harbour"), last_name="Foreign", phone="")
    text = page(karin, f"object=member:{member.pk}")
    assert "Scott" in text and "Other" not in text and f"Member {member.pk}" in text
    assert other.name in page(karin) and "Foreign" not in page(karin)
    assert labels(karin, f"object=member:{foreign.pk}") == labels(karin, "object=member:987654") == []
    assert labels(karin, f"object=club:{club.pk}") == ["insert"]
    assert labels(karin, f"object=club:{foreign.club_id}") == []


def test_by_whom_when_and_what_was_done(karin: Client, club: Club) -> None:
    olga = make_user(club, "manager", "olga")
    member = make_member(club)
    people.edit(member=member, details={"goal": "run"}, now=days.NOW, by=olga)
    assert labels(karin, f"by={olga.pk}") == ["update"]
    assert labels(karin, "by=0") == ["insert"]
    assert labels(karin, "did=update") == ["update"]
    written = Member.pgh_event_model.objects.order_by("pgh_id")[0].pgh_created_at  # the database's own clock
    on = local_time.local_day(written, club.zone)
    assert len(labels(karin, f"from={on}&to={on}")) == 2
    assert labels(karin, f"to={on - days.DAY}") == labels(karin, f"from={on + days.DAY}") == []


@pytest.mark.parametrize(
    "query",
    ["kind=passwords", "by=x", "by=99999999999999999999", "from=31.02.2026", "to=never", "to=9999-12-31", "days=x",
     "did=x", "object=member:x", "object=member:0", "object=x:1", "object=member:99999999999999999999"],
)  # fmt: skip
def test_what_a_filter_does_not_know_finds_nothing(karin: Client, club: Club, query: str) -> None:
    make_member(club)
    assert "No change fits" in page(karin, query)


def test_a_page_of_a_place_that_is_none_says_so(karin: Client) -> None:
    assert karin.get("/audit/?after=nonsense").status_code == 400


def test_pages_are_walked_by_key_and_each_change_knows_the_one_before_it(karin: Client, club: Club) -> None:
    member = make_member(club)
    for n in range(30):
        people.edit(member=member, details={"goal": f"goal {n}"}, now=days.NOW, by=None)
    first = karin.get("/audit/").context["table"]
    rest = karin.get(f"/audit/{first.next_url}").context["table"]
    assert (len(first.page.rows), len(rest.page.rows)) == (25, 6)
    last = first.page.rows[-1].lines[0]
    assert (last.before, last.after) == ("goal 4", "goal 5")


def test_nobody_reads_of_a_complaint_about_themselves(karin: Client, club: Club) -> None:
    me = Employee.objects.get(user__username="karin")
    for about, text in ((me, "rude"), (None, "too loud")):
        Complaint.objects.create(club=club, about=about, text=text, received_at=days.NOW)
    assert "too loud" in page(karin, "kind=complaint") and "rude" not in page(karin, "kind=complaint")


def test_what_was_deleted_stays_in_the_history(karin: Client, club: Club) -> None:
    Plan.objects.filter(pk=make_plan(club, "GONE").pk).delete()
    assert labels(karin, "kind=plan") == ["delete", "insert"]


@pytest.mark.parametrize("kind", ["member", "membership", "freeze", "employee"])
def test_the_history_asks_as_much_for_one_row_as_for_many(karin: Client, club: Club, kind: str) -> None:
    asked = []
    for first, count in ((0, 1), (1, 24)):
        for n in range(first, first + count):
            row = make_membership(make_member(club, last_name=f"{n}", phone=""), starts_on=days.TODAY)
            make_freeze(row, days.TODAY, days.TODAY)
            Employee.objects.create(club=club, name=f"Trainer {n}")
        karin.get(f"/audit/?kind={kind}")
        with CaptureQueriesContext(connection) as queries:
            assert karin.get(f"/audit/?kind={kind}").status_code == 200
        asked.append(len(queries))
    assert asked[1] <= asked[0]


def test_a_manager_takes_the_history_out_as_a_file(karin: Client, anna: Client, club: Club) -> None:
    people.edit(member=make_member(club), details={"goal": "=swim"}, now=days.NOW, by=None)
    file = karin.get("/audit/?did=update&export=csv")
    lines = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2 and lines[1].endswith(",update,,Goal,—,'=swim")
    assert "export=csv" not in page(anna)


def test_the_members_own_page_of_changes_speaks_the_same_words(anna: Client, club: Club) -> None:
    member: Member = make_member(club)
    make_membership(member, make_plan(club, name="Full day"), starts_on=days.TODAY)
    text = anna.get(f"/members/{member.pk}/changes/").content.decode()
    assert "Full day" in text and "Membership" in text
