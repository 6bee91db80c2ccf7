"""A file that is loaded again is recognised without being read, and read where anything is doubtful."""

from __future__ import annotations

import pytest

from memberships.models import Club, Member, Membership
from tests import days
from tests.memberships.imports.conftest import Load

MEMBERS = (
    "external_id,last_name,first_name,phone,birthday,consent_calls,do_not_call,referred_by,notes\n"
    'B1,Scott,Pamela,+13195550150,1998-10-17,yes,no,,"a ""quoted"" word"\n'
    "B2,Щербакова,Зоя,,,no,yes,B1,\n"
    "B3,Cole,,,,,,A0,x\n"
)
MEMBERSHIPS = (
    "external_id,member,plan,starts_on,ends_on,sold_on,price_paid,promotions,balance_due,cancelled_on\n"
    "S1,A0,M12,2025-01-01,,,360.00,FRIEND15;PLUS14,0,\n"
    "S2,A1,M12,2026-01-01,2027-02-10,2025-12-20,229.5,,10,2026-11-01\n"
    "S3,A2,M1,2026-12-01,,,40,,0,\n"
)


class Watched:
    """Loads and notes what was done with how many rows."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.done: list[str] = []

    def __call__(self, kind: str, content: str | bytes, **options: object) -> tuple[int, int, int, int]:
        self.done = []
        answer = self.load(kind, content, progress=lambda doing, rows: self.done.append(doing), **options)
        assert answer.rows == answer.created + answer.updated + answer.unchanged + answer.refused or answer.refused
        return answer.created, answer.updated, answer.unchanged, answer.refused


@pytest.fixture
def watched(load: Load) -> Watched:
    return Watched(load)


@pytest.mark.parametrize(
    ("kind", "text"), [("members", MEMBERS), ("memberships", MEMBERSHIPS)], ids=["members", "memberships"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
def test_file_that_is_as_stored_is_not_read_again(watched: Watched, kind: str, text: str, encoding: str) -> None:
    content = text.encode(encoding).replace(b",", b";").replace(b"FRIEND15;PLUS14", b"FRIEND15,PLUS14")
    assert watched(kind, content)[0] == 3
    assert "reading" in watched.done
    plain = content.replace(b"FRIEND15,PLUS14", b'"FRIEND15;PLUS14"')
    assert watched(kind, plain) == (0, 0, 3, 0)
    assert "reading" not in watched.done
    assert watched(kind, plain.replace(b"\n", b"\r\n")) == (0, 0, 3, 0)
    assert "reading" not in watched.done


@pytest.mark.parametrize(
    ("kind", "text", "old", "new", "becomes"),
    [
        ("members", MEMBERS, "B3,Cole", "B3,Coal", (0, 1, 2, 0)),
        ("members", MEMBERS, "+13195550150", "(319) 555-0150", (0, 0, 3, 0)),
        ("members", MEMBERS, "1998-10-17", "17.10.1998", (0, 0, 3, 0)),
        ("members", MEMBERS, "B3,Cole", "B3,", (0, 0, 2, 1)),
        ("members", MEMBERS, "B3,Cole,,,,,,A0,x\n", "B3,Cole,,,,,,A0,x\nB4,Kay,,,,,,,\n", (1, 0, 3, 0)),
        ("members", MEMBERS, ",x\n", ',"x\ny"\n', (0, 1, 2, 0)),
        ("members", MEMBERS, "B2,", "\n\nB2,", (0, 0, 3, 0)),
        ("members", MEMBERS, "B3,Cole", "B2,Cole", (0, 0, 2, 1)),
        ("members", MEMBERS, ",B1,\n", ",B1,\nB1,Twice,,,,,,,\n", (0, 0, 3, 1)),
        ("members", MEMBERS, "B3,Cole", 'B3,"Cole" x', (0, 0, 2, 1)),
        ("memberships", MEMBERSHIPS, "360.00", "360,00", (0, 0, 2, 1)),
        ("memberships", MEMBERSHIPS, "360.00", "360.0", (0, 0, 3, 0)),
        ("memberships", MEMBERSHIPS, "360.00", "350", (0, 1, 2, 0)),
        ("memberships", MEMBERSHIPS, "2027-02-10", "2027-02-11", (0, 1, 2, 0)),
        ("memberships", MEMBERSHIPS, "2026-11-01", "", (0, 1, 2, 0)),
        ("memberships", MEMBERSHIPS, "FRIEND15;PLUS14", "PLUS14;FRIEND15", (0, 0, 3, 0)),
        ("memberships", MEMBERSHIPS, "FRIEND15;PLUS14", "PLUS14", (0, 1, 2, 0)),
        ("memberships", MEMBERSHIPS, "S3,A2", "S3,A9", (0, 0, 2, 1)),
        ("memberships", MEMBERSHIPS, "S2,A1,M12,2026-01-01", "S2,A0,M12,2025-06-01", (0, 0, 2, 1)),
    ],
)
def test_one_row_that_reads_otherwise_is_read(
    watched: Watched, kind: str, text: str, old: str, new: str, becomes: tuple[int, int, int, int]
) -> None:
    assert watched(kind, text)[0] == 3
    assert old in text
    assert watched(kind, text.replace(old, new), skip_bad=True) == becomes


def test_same_row_twice_is_refused_as_ever(watched: Watched) -> None:
    watched("members", MEMBERS)
    answer = watched.load("members", MEMBERS + "B3,Cole,,,,,,A0,x\n")
    assert (answer.refused, answer.errors[0]["line"]) == (1, 5)


def test_what_the_desk_changed_is_put_back_as_the_file_says(watched: Watched, club: Club) -> None:
    watched("members", MEMBERS)
    Member.objects.filter(external_id="B1").update(first_name="Pam", do_not_call_since=days.NOW)
    assert watched("members", MEMBERS) == (0, 1, 2, 0)
    pamela = Member.objects.get(external_id="B1")
    assert (pamela.first_name, pamela.do_not_call_since) == ("Pamela", days.NOW)
    watched("memberships", MEMBERSHIPS)
    Membership.objects.filter(external_id="S1").update(cancelled_on=days.TODAY)
    assert watched("memberships", MEMBERSHIPS) == (0, 1, 2, 0)


def test_lines_of_errors_are_right_although_most_rows_are_left_out(watched: Watched) -> None:
    watched("members", MEMBERS)
    text = MEMBERS.replace("B3,Cole,,,,,,A0,x", "B3,Cole,,,31.02.1990,,,A0,x")
    answer = watched.load("members", text)
    assert [(error["line"], error["column"]) for error in answer.errors] == [(4, "birthday")]
