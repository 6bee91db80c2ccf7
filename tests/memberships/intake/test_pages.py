"""The import on the web: columns to confirm, a check that stores nothing, the load, the refused rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from memberships import intake
from memberships.models import Club, FileImport, Member, Membership, RememberedMapping, User
from tests import days, factories, web
from tests.memberships.intake.conftest import MEMBERS, work

Bring = Callable[..., FileImport]
CHOSEN = {"Number": "external_id", "Surname": "last_name", "Born": "birthday"}


def page(anna: Client, file: FileImport, query: str = "") -> str:
    answer = anna.get(reverse("import_detail", args=[file.pk]) + query)
    assert answer.status_code == 200
    return answer.content.decode().replace("\u00a0", " ").replace("\u202f", " ")


def test_a_dirty_file_goes_in_by_steps_and_its_refused_rows_come_back(
    anna: Client, bring: Bring, check: Bring, club: Club
) -> None:
    file = bring()
    shown = page(anna, file)
    assert "3 of 3 recognised" in shown and "Scott · Twin · Frost" in shown
    assert file.mapping == CHOSEN

    file = check(file)
    shown = page(anna, file)
    assert (file.stage, file.answer["refused"], file.answer["created"]) == ("checked", 1, 2)
    assert not Member.objects.exists()
    assert "31.02.1990 is not a day of the calendar." in shown and "What will be stored" in shown
    assert file.first == [["external_id", "last_name", "birthday"], [2, "A1", "Scott", "1990-05-01"],
                          [4, "A3", "Frost", "1985-01-31"]]  # fmt: skip

    refused = anna.post(reverse("import_load", args=[file.pk]), {})
    assert refused.status_code == 422 and "mend them, or leave them out" in refused.content.decode()
    assert anna.post(reverse("import_load", args=[file.pk]), {"skip_bad": "on"}).status_code == 302
    assert "waits for its turn" in page(anna, file)
    assert work() == 1
    assert set(Member.objects.values_list("external_id", flat=True)) == {"A1", "A3"}
    assert Member.objects.filter(club=club).count() == 2

    report = anna.get(reverse("import_report", args=[file.pk]))
    assert report["Content-Disposition"] == 'attachment; filename="members-refused.csv"'
    text = b"".join(report.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["Number"], row["line"]) for row in rows] == [("A2", "3")]

    again = check(bring(text.replace("31.02.1990", "28.02.1990"), name="mended.csv"))
    assert (again.answer["created"], again.answer["refused"]) == (1, 0)
    assert "Every row is accepted." in page(anna, again)
    anna.post(reverse("import_load", args=[again.pk]), {})
    work()
    assert Member.objects.count() == 3
    listed = anna.get(reverse("import_list")).content.decode()
    assert "mended.csv" in listed and "Anna" in listed and "loaded" in listed


def test_columns_that_somebody_confirmed_are_known_the_next_time(anna: Client, bring: Bring, check: Bring) -> None:
    text = "Nr,Wer,Tag\nA1,Scott,1990-05-01\n"
    file = bring(text)
    assert file.mapping == {"Nr": "", "Wer": "", "Tag": ""}
    check(file, Nr="external_id", Wer="last_name", Tag="")
    assert bring(text).mapping == {"Nr": "external_id", "Wer": "last_name", "Tag": ""}
    assert bring(text, kind="visits").mapping == {"Nr": "", "Wer": "", "Tag": ""}


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({"column_1": "external_id"}, "both become external_id"),
        ({"column_1": ""}, "No column becomes last_name"),
        ({"column_1": "price"}, "Select a valid choice"),
    ],
)
def test_columns_that_make_no_file_of_the_kind_are_refused_by_name(
    anna: Client, bring: Bring, chosen: dict[str, str], sentence: str
) -> None:
    file = bring()
    sent = {f"column_{place}": CHOSEN[name] for place, (name, _values) in enumerate(file.columns)} | chosen
    answer = anna.post(reverse("import_check", args=[file.pk]), sent)
    assert answer.status_code == 422 and sentence in answer.content.decode()
    file.refresh_from_db()
    assert file.stage == "columns"


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"file": None}, "This field is required."),
        ({"file": SimpleUploadedFile("a.csv", b"")}, "The file is empty."),
        ({"file": SimpleUploadedFile("a.pdf", b"%PDF-1.4")}, "neither a CSV nor an XLSX"),
        ({"file": SimpleUploadedFile("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")}, "old Excel file"),
        ({"file": SimpleUploadedFile("a.xlsx", b"PK\x03\x04 broken")}, "damaged"),
        ({"kind": "secrets"}, "Select a valid choice"),
        ({"as_of": "2026-12-24"}, "lies ahead"),
        ({"as_of": "yesterday"}, "Enter a valid date"),
    ],
)
def test_what_is_no_file_is_refused_in_a_sentence_and_not_kept(
    anna: Client, changed: dict[str, object], sentence: str
) -> None:
    sent = {"kind": "members", "file": SimpleUploadedFile("m.csv", MEMBERS.encode()), "as_of": "2026-11-12"} | changed
    answer = anna.post(reverse("import_new"), {name: value for name, value in sent.items() if value is not None})
    assert answer.status_code == 422 and sentence in answer.content.decode()
    assert not FileImport.objects.exists()


def test_a_file_of_another_kind_says_why_and_can_be_looked_at_again(anna: Client, bring: Bring) -> None:
    file = bring("Number,Surname\nA1," + "x" * 200 + "\n")
    FileImport.objects.filter(pk=file.pk).update(stage="check", mapping={"Number": "external_id", "Surname": ""})
    work()
    file.refresh_from_db()
    assert file.stage == "failed" and "last_name" in file.problem
    shown = page(anna, file)
    assert "This file cannot be used. Nothing was stored." in shown and "Back to the columns" in shown


def test_two_who_press_at_once_load_once(anna: Client, bring: Bring, check: Bring) -> None:
    file = check(bring())
    url = reverse("import_load", args=[file.pk])
    assert anna.post(url, {"skip_bad": "on"}).status_code == 302
    second = anna.post(url, {"skip_bad": "on"}, follow=True)
    assert "went on meanwhile" in second.content.decode()
    assert (work(), work()) == (1, 0)
    assert anna.post(reverse("import_check", args=[file.pk]), {}).status_code in (302, 422)
    file.refresh_from_db()
    assert file.stage == "loaded"


def test_a_file_is_left_and_gone(
    anna: Client, bring: Bring, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    file = bring()
    stored = file.file.name
    assert default_storage.exists(stored) and "members" not in stored
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        anna.post(reverse("import_leave", args=[file.pk]))
    assert not default_storage.exists(stored)
    file.refresh_from_db()
    assert (file.stage, file.columns, file.mapping, bool(file.file)) == ("removed", [], {}, False)
    assert anna.post(reverse("import_leave", args=[file.pk])).status_code == 409


def test_old_files_go_and_their_counts_stay(
    anna: Client, bring: Bring, check: Bring, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    file = check(bring())
    names = [file.file.name, file.report.name]
    orphan = default_storage.save("imports/0123", io.BytesIO(b"left behind"))
    age = dt.timedelta(days=settings.IMPORT_FILE_DAYS)
    assert all(map(default_storage.exists, names))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        intake.forget_old(now=days.NOW + age - dt.timedelta(seconds=1))
    file.refresh_from_db()
    assert file.answer["errors"] and all(map(default_storage.exists, names))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        intake.forget_old(now=max(days.NOW + age, dt.datetime.now(dt.UTC) + dt.timedelta(days=2)))
    file.refresh_from_db()
    assert not any(map(default_storage.exists, [*names, orphan]))
    assert (file.answer["refused"], file.answer["created"]) == (1, 2)
    assert "errors" not in file.answer and "Scott" not in str(vars(file))
    assert anna.get(reverse("import_report", args=[file.pk])).status_code == 404
    assert anna.get(reverse("import_detail", args=[file.pk])).status_code == 200


def test_files_are_kept_private_under_names_that_say_nothing(bring: Bring) -> None:
    file = bring(name="../../etc/Заказчики <b>.csv")
    assert file.name == "Заказчики <b>.csv"
    path = Path(default_storage.path(file.file.name))
    assert path.is_relative_to(settings.MEDIA_ROOT) and path.stat().st_mode & 0o077 == 0
    assert "csv" not in path.name


def test_another_club_never_sees_a_file(bring: Bring, club: Club) -> None:
    file = bring()
    stranger = web.browser(factories.make_user(factories.make_club("other"), "owner", "stranger"))
    for name in ("import_detail", "import_report"):
        assert stranger.get(reverse(name, args=[file.pk])).status_code == 404
    operator = web.browser(factories.make_user(club, "operator", "olga"))
    assert operator.get(reverse("import_list")).status_code == 403


def test_the_list_goes_out_as_a_table(anna: Client, bring: Bring, check: Bring) -> None:
    check(bring())
    text = b"".join(anna.get(reverse("import_list") + "?export=csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert "members.csv" in text and ",3,2,0,1," in text
    assert "members.csv" in anna.get(reverse("import_list") + "?export=pdf").content.decode()


def test_first_steps_lead_to_the_import(anna: Client, club: Club, user: User) -> None:
    shown = anna.get("/").content.decode()
    assert f"{reverse('import_new')}?kind=plans" in shown
    factories.make_plan(club)
    assert anna.get(reverse("import_new") + "?kind=members").status_code == 200


def test_guessed_columns_leave_out_what_a_report_adds(bring: Bring) -> None:
    file = bring("external_id,last_name,line,errors\nA1,Scott,3,nothing\n")
    assert file.mapping == {"external_id": "external_id", "last_name": "last_name", "line": "", "errors": ""}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("memberships", "external_id,member,plan,starts_on\nS1,A1,Gold pass,2026-01-01\nS2,A1,M12,2027-01-01\n"),
        ("clublist", "full_name,phone,Abo,starts_on\nAda Scott,,gold  pass,2026-01-01\n"),
    ],
)
def test_a_plan_that_the_club_does_not_know_is_chosen_once_and_remembered(
    anna: Client, bring: Bring, check: Bring, club: Club, kind: str, text: str
) -> None:
    factories.make_plan(club, "M12")
    factories.make_plan(factories.make_club("other"), "X12")
    factories.make_member(club, external_id="A1")
    named = {"Abo": "plan"} if "Abo" in text else {}
    file = check(bring(text, kind=kind), **named)
    assert file.answer["refused"] == 1 and "Plans that the club does not know" in page(anna, file)
    url = reverse("import_plans", args=[file.pk])
    for wrong in ("", "X12", "none"):
        assert anna.post(url, {"plan_0": wrong}).status_code == 422
    assert not RememberedMapping.objects.exclude(plans=None).exists()
    assert anna.post(url, {"plan_0": "M12"}).status_code == 302
    work()
    file.refresh_from_db()
    assert (file.stage, file.answer["refused"]) == ("checked", 0)
    assert "Plans that the club does not know" not in page(anna, file)
    assert anna.post(reverse("import_load", args=[file.pk]), {}).status_code == 302
    work()
    assert {row.plan.code for row in Membership.objects.filter(club=club)} == {"M12"}
    again = check(bring(text, kind=kind), **named)
    assert (again.answer["refused"], again.answer["unchanged"]) == (0, again.answer["rows"])
    assert anna.post(url, {"plan_0": "M12"}).status_code == 422, "a file that is loaded asks for nothing more"
