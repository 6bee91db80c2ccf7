"""Members by file: what a row sets, and what it never takes away."""

from __future__ import annotations

import datetime as dt

import pytest

from memberships.models import Club, Member
from tests import days, factories
from tests.memberships.imports.conftest import Load

FULL = (
    "external_id,last_name,first_name,middle_name,phone,email,birthday,language,timezone,source,referred_by,"
    "consent_calls,consent_sms,consent_email,do_not_call,notes\n"
    'B1,Núñez,Ana,María,(319) 555-0111,ana@example.com,17.10.1998,ES,Europe/Madrid,walk-in,B2,yes,no,,no,"two\nlines"\n'
    "B2,Boone,,,,,,,,,,,,,yes,\n"
)


def member(external_id: str) -> Member:
    return Member.objects.get(external_id=external_id)


def test_row_sets_every_field(load: Load, club: Club) -> None:
    assert load("members", FULL).created == 2
    ana = member("B1")
    assert (ana.club, ana.last_name, ana.first_name, ana.middle_name) == (club, "Núñez", "Ana", "María")
    assert (ana.phone, ana.email, ana.birthday) == ("+13195550111", "ana@example.com", days.day("1998-10-17"))
    assert (ana.language, ana.timezone, ana.source, ana.notes) == ("es", "Europe/Madrid", "walk-in", "two\nlines")
    assert (ana.consent_calls, ana.consent_sms, ana.consent_email) == (True, False, None)
    assert ana.consent_evidence == "file.csv, line 2, loaded on 2026-11-12"
    assert ana.referred_by == member("B2")
    assert (ana.do_not_call, ana.created_at) == (False, days.NOW)
    assert member("B2").do_not_call_since == days.NOW
    assert member("B2").consent_evidence == ""


def test_same_file_twice_changes_nothing(load: Load) -> None:
    load("members", FULL)
    before = list(Member.objects.order_by("pk").values())
    answer = load("members", FULL, now=days.NOW + dt.timedelta(days=1))
    assert (answer.created, answer.updated, answer.unchanged) == (0, 0, 2)
    assert list(Member.objects.order_by("pk").values()) == before


def test_missing_column_changes_nothing_and_empty_cell_empties(load: Load) -> None:
    load("members", FULL)
    assert load("members", "external_id,last_name,email\nB1,Núñez,\n").updated == 1
    ana = member("B1")
    assert (ana.email, ana.first_name, ana.phone) == ("", "Ana", "+13195550111")
    load("members", "external_id,last_name,birthday,referred_by\nB1,Núñez,,\n")
    assert (member("B1").birthday, member("B1").referred_by) == (None, None)


@pytest.mark.parametrize("cell", ["no", ""])
def test_do_not_call_is_never_taken_back(load: Load, cell: str) -> None:
    load("members", FULL)
    assert load("members", f"external_id,last_name,do_not_call\nB2,Boone,{cell}\n").unchanged == 1
    assert member("B2").do_not_call_since == days.NOW


def test_do_not_call_that_stands_keeps_its_first_day(load: Load) -> None:
    load("members", FULL)
    load("members", "external_id,last_name,do_not_call\nB2,Boone,yes\n", now=days.NOW + dt.timedelta(days=9))
    assert member("B2").do_not_call_since == days.NOW


def test_consent_changes_only_where_a_file_says_yes_or_no(load: Load) -> None:
    load("members", FULL)
    header = "external_id,last_name,consent_calls,consent_sms\n"
    assert load("members", f"{header}B1,Núñez,,\n").unchanged == 1
    assert load("members", f"{header}\nB1,Núñez,no,no\n", name="later.csv").updated == 1
    ana = member("B1")
    assert (ana.consent_calls, ana.consent_sms) == (False, False)
    assert ana.consent_evidence.splitlines() == [
        "file.csv, line 2, loaded on 2026-11-12",
        "later.csv, line 3, loaded on 2026-11-12",
    ]


def test_deceased_stays_deceased(load: Load) -> None:
    load("members", FULL)
    Member.objects.filter(external_id="B1").update(deceased_on=days.TODAY)
    load("members", FULL.replace("Ana", "Anna"))
    assert member("B1").deceased_on == days.TODAY


def test_another_number_is_no_longer_a_wrong_one(load: Load) -> None:
    load("members", FULL)
    Member.objects.update(phone_bad_since=days.NOW)
    later = days.NOW + dt.timedelta(days=2)
    load("members", FULL, now=later)
    assert member("B1").phone_bad_since == days.NOW
    load("members", FULL.replace("0111", "0112"), now=later)
    ana = member("B1")
    assert (ana.phone, ana.phone_bad_since, ana.phone_changed_at) == ("+13195550112", None, later)


def test_who_brought_whom_may_stand_anywhere_in_the_file(load: Load) -> None:
    text = "external_id,last_name,referred_by\nB1,Scott,B3\nB2,Boone,A0\nB3,Cole,\n"
    answer = load("members", text)
    assert (answer.created, answer.updated) == (3, 0)
    assert member("B1").referred_by == member("B3")
    assert member("B2").referred_by == member("A0")
    assert load("members", text).unchanged == 3
    answer = load("members", "external_id,last_name,referred_by\nB3,Cole,B4\nB4,Kay,\n")
    assert (answer.created, answer.updated) == (1, 1)


def test_other_clubs_are_not_touched(load: Load, club: Club) -> None:
    other = factories.make_club("hill")
    stranger = factories.make_member(other, external_id="B1", last_name="Stranger")
    load("members", FULL)
    stranger.refresh_from_db()
    assert stranger.last_name == "Stranger"
    assert Member.objects.filter(external_id="B1").count() == 2


def test_dry_run_says_what_it_would_do_and_stores_nothing(load: Load) -> None:
    load("members", FULL)
    text = FULL.replace("Ana", "Anna") + "B3,Cole,,,,,,,,,,,,,,\n"
    answer = load("members", text, dry_run=True)
    assert (answer.created, answer.updated, answer.unchanged) == (1, 1, 1)
    assert member("B1").first_name == "Ana"
    assert not Member.objects.filter(external_id="B3").exists()


def test_history_says_which_file_it_was(load: Load, club: Club) -> None:
    load("members", FULL, name="export of monday.csv")
    event = Member.pgh_event_model.objects.get(pgh_obj_id=member("B2").pk)
    assert event.pgh_context["imported"] == "members"
    assert event.pgh_context["file"] == "export of monday.csv"
    assert "user" not in event.pgh_context


def test_unknown_column_is_left_out_and_said(load: Load) -> None:
    answer = load("members", "external_id,last_name,shoe size\nB1,Scott,42\n")
    assert answer.created == 1
    assert answer.warnings == [
        {"line": 1, "column": "shoe size", "value": "", "message": "This column is not known and was left out."}
    ]


def test_text_that_copy_would_take_for_signs_is_kept(load: Load) -> None:
    note = "back\\slash \\N and\ttab"
    assert load("members", f'external_id,last_name,notes\nB1,O\'Neil,"{note}"\nB2,\\N,\n').created == 2
    assert member("B1").notes == note
    assert member("B2").last_name == "\\N"
    assert load("members", f'external_id,last_name,notes\nB1,O\'Neil,"{note}"\nB2,\\N,\n').unchanged == 2
