"""`manage.py import_data`: exit codes, JSON, what it says to a person."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from memberships.models import Club, Member, Membership
from tests import factories

EXAMPLE = (
    "external_id,member,plan,starts_on\n"
    "S1,A0,M12,2026-02-01\n"
    "S2,A1,M12,31.02.2026\n"
    "S3,A2,M12,2026-02-01\n"
)  # fmt: skip


class Ran:
    def __init__(self, *arguments: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.code: int | str | None = 0
        try:
            call_command("import_data", *arguments, stdout=out, stderr=err)
        except SystemExit as leaving:
            self.code = leaving.code
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def json(self) -> dict[str, object]:
        return json.loads(self.out)


@pytest.fixture
def file(tmp_path: Path, club: Club) -> Path:
    path = tmp_path / "m.csv"
    path.write_text(EXAMPLE)
    return path


def test_file_with_a_bad_row_as_in_the_worked_example(file: Path) -> None:
    ran = Ran("memberships", str(file), "--club", "mf", "--json")
    assert ran.code == 1
    assert ran.json == {
        "rows": 3, "created": 0, "updated": 0, "unchanged": 0, "merged": 0, "refused": 1, "warnings": [],
        "errors": [{"line": 3, "column": "starts_on", "value": "31.02.2026",
                    "message": "31.02.2026 is not a day of the calendar."}],
    }  # fmt: skip
    assert Membership.objects.count() == 0
    ran = Ran("memberships", str(file), "--club", "mf", "--json", "--skip-bad")
    assert (ran.code, ran.json["created"], Membership.objects.count()) == (1, 2, 2)


def test_good_file_exits_with_0_and_says_what_it_did(file: Path) -> None:
    file.write_text(EXAMPLE.replace("31.02.2026", "28.02.2026"))
    ran = Ran("memberships", str(file), "--club", "mf")
    assert (ran.code, ran.out) == (0, "3 rows: 3 created, 0 updated, 0 unchanged, 0 refused.\n")


def test_dry_run_says_so(file: Path) -> None:
    file.write_text(EXAMPLE.replace("31.02.2026", "28.02.2026"))
    ran = Ran("memberships", str(file), "--club", "mf", "--dry-run")
    assert (ran.code, Membership.objects.count()) == (0, 0)
    assert "would be 3 created" in ran.out


def test_errors_are_told_to_a_person_line_by_line(file: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.csv"
    ran = Ran("memberships", str(file), "--club", "mf", "--report", str(report))
    assert "line 3 (starts_on, 31.02.2026): 31.02.2026 is not a day of the calendar." in ran.err
    assert "Nothing was stored" in ran.out
    assert str(report) in ran.err
    assert report.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("members", "none.csv", "--club", "mf"), "cannot be opened"),
        (("members", "m.csv", "--club", "mf"), "no column last_name"),
        (("members", "m.csv", "--club", "nowhere"), "no club nowhere"),
        (("shoes", "m.csv", "--club", "mf"), "no kind of file"),
        (("clublist", "m.csv", "--club", "mf"), "no column full_name"),
        (("memberships", "m.csv", "--club", "mf", "--as-of", "soon"), "not a day"),
        (("memberships", "m.csv", "--club", "mf", "--mapping", "{nonsense"), "neither JSON"),
        (("memberships", "m.csv", "--club", "mf", "--mapping", '{"a": 1}'), "must be like"),
        (("memberships", "m.csv", "--club", "mf", "--mapping", '{"nr": "member"}'), "“nr”"),
        (("memberships", "m.csv", "--club", "mf", "--report", "/no/such/folder/r.csv"), "cannot be written"),
    ],
)
def test_what_cannot_be_used_exits_with_2_and_a_sentence(
    file: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(file.parent)
    ran = Ran(*arguments)
    assert ran.code == 2
    assert says in ran.err
    told = Ran(*arguments, "--json")
    assert (told.code, told.json["rows"]) == (2, 0)
    assert says in str(told.json["errors"])


def test_mapping_is_json_or_a_file_of_it(file: Path, tmp_path: Path) -> None:
    file.write_text("Vertrag,Kunde,Tarif,Beginn\nS1,A0,M12,2026-02-01\n")
    mapping = '{"Vertrag": "external_id", "Kunde": "member", "Tarif": "plan", "Beginn": "starts_on"}'
    assert Ran("memberships", str(file), "--club", "mf", "--mapping", mapping, "--dry-run").code == 0
    (tmp_path / "mapping.json").write_text(mapping)
    assert Ran("memberships", str(file), "--club", "mf", "--mapping", str(tmp_path / "mapping.json")).code == 0


def test_day_of_the_file_is_passed_on(file: Path) -> None:
    file.write_text("external_id,member,plan,starts_on,ends_on\nS1,A0,M12,2026-02-01,2027-02-10\n")
    Ran("memberships", str(file), "--club", "mf")
    file.write_text("membership,starts_on,ends_on\nS1,2026-03-01,2026-03-10\n")
    assert Ran("freezes", str(file), "--club", "mf", "--as-of", "2026-02-01").code == 0
    assert str(Membership.objects.get().effective_ends_on) == "2027-02-20"


def test_files_of_one_club_do_not_see_another(file: Path) -> None:
    factories.make_plan(factories.make_club("hill"), "M12")
    ran = Ran("memberships", str(file), "--club", "hill", "--json", "--skip-bad")
    assert (ran.code, ran.json["created"], ran.json["refused"]) == (1, 0, 3)
    assert Member.objects.filter(club__slug="hill").count() == 0
