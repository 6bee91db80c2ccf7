"""Every kind of bad row is named by line, column, value and a sentence, and keeps the whole file out."""

from __future__ import annotations

import pytest

from memberships.models import Club, Freeze, Member, Membership, Plan, Promotion, Visit
from tests import days, factories
from tests.memberships.imports.conftest import Load

STORED = {
    "plans": Plan,
    "promotions": Promotion,
    "members": Member,
    "memberships": Membership,
    "freezes": Freeze,
    "visits": Visit,
}

MEMBERS = "external_id,last_name,birthday,email,language,timezone,phone,referred_by,consent_calls,do_not_call,source"
MEMBER = "B1,Scott,1998-10-17,p@example.com,en,America/Chicago,+13195550150,A0,yes,no,friend"
PLANS = "code,name,term,price,freeze_days,freeze_min_days,freeze_max_count,zones,active"
PLAN = "M3,3 months,3m,120,14,7,2,gym;pool,yes"
PROMOTIONS = (
    "code,name,kind,value,audience,starts_on,ends_on,plans,segments,stackable,needs_code,min_tenure_months,"
    "early_days,max_uses"
)
PROMOTION = "X1,Ten off,percent,10,new;renewal,2026-11-01,2026-11-30,M1;M12,gold,yes,no,12,7,100"
MEMBERSHIPS = (
    "external_id,member,plan,starts_on,ends_on,sold_on,price_paid,promotions,balance_due,balance_due_on,cancelled_on"
)
MEMBERSHIP = "S1,A0,M12,2026-02-01,2027-01-31,2026-01-20,300,FRIEND15,60,2026-03-01,2026-10-01"
FREEZES = "membership,starts_on,ends_on,reason"
FREEZE = "S0,2026-03-01,2026-03-10,travel"
VISITS = "member,at,zone"
VISIT = "A0,2026-05-03T07:00,gym"

GOOD = {
    "plans": (PLANS, PLAN),
    "promotions": (PROMOTIONS, PROMOTION),
    "members": (MEMBERS, MEMBER),
    "memberships": (MEMBERSHIPS, MEMBERSHIP),
    "freezes": (FREEZES, FREEZE),
    "visits": (VISITS, VISIT),
}

BAD = [
    ("plans", "code", "", "must not be empty"),
    ("plans", "code", "C" * 33, "longer than 32"),
    ("plans", "name", "", "must not be empty"),
    ("plans", "term", "", "must not be empty"),
    ("plans", "term", "3", "not a term"),
    ("plans", "term", "0m", "A term is"),
    ("plans", "term", "3 weeks", "not a term"),
    ("plans", "term", "32768d", "A term is"),
    ("plans", "price", "free", "not a number"),
    ("plans", "price", "-1", "below zero"),
    ("plans", "price", "10.005", "more decimals than USD"),
    ("plans", "price", "1e9", "not a number"),
    ("plans", "price", "99999999999", "more than can be kept"),
    ("plans", "freeze_days", "1.5", "not a whole number"),
    ("plans", "freeze_days", "-3", "between 0 and"),
    ("plans", "freeze_min_days", "0", "between 1 and"),
    ("plans", "active", "maybe", "neither yes nor no"),
    ("plans", "zones", "z" * 40, "longer than 32"),
    ("promotions", "kind", "discount", "none of percent, amount"),
    ("promotions", "value", "0", "above 0 and up to 100"),
    ("promotions", "value", "101", "above 0 and up to 100"),
    ("promotions", "value", "ten", "not a number"),
    ("promotions", "audience", "", "must not be empty"),
    ("promotions", "audience", "new;friends", "“friends” is none of"),
    ("promotions", "starts_on", "2026-11-31", "not a day of the calendar"),
    ("promotions", "ends_on", "2026-10-31", "before the first"),
    ("promotions", "plans", "M1;M99", "no plan “M99”"),
    ("promotions", "segments", "platinum", "none of gold, silver, copper"),
    ("promotions", "max_uses", "-1", "between 0 and"),
    ("promotions", "min_tenure_months", "two years", "not a whole number"),
    ("members", "external_id", "", "must not be empty"),
    ("members", "external_id", "B" * 65, "longer than 64"),
    ("members", "last_name", "  ", "must not be empty"),
    ("members", "last_name", "S" * 81, "longer than 80"),
    ("members", "last_name", "Sc\x07ott", "cannot be kept"),
    ("members", "birthday", "31.02.1998", "not a day of the calendar"),
    ("members", "birthday", "1998", "not a date"),
    ("members", "birthday", "17.10.98", "not a date"),
    ("members", "birthday", "2026-11-13", "in the future"),
    ("members", "birthday", "0998-10-17", "too far away"),
    ("members", "email", "p@example", "not an e-mail address"),
    ("members", "email", "p example.com", "not an e-mail address"),
    ("members", "language", "english please", "not a language"),
    ("members", "timezone", "Chicago", "not a time zone"),
    ("members", "phone", "12345", "not a valid telephone number"),
    ("members", "phone", "call his wife", "not a valid telephone number"),
    ("members", "referred_by", "A9", "no member A9"),
    ("members", "referred_by", "B1", "Nobody brings themselves"),
    ("members", "consent_calls", "perhaps", "neither yes nor no"),
    ("members", "do_not_call", "?", "neither yes nor no"),
    ("members", "source", "s" * 81, "longer than 80"),
    ("memberships", "external_id", "", "must not be empty"),
    ("memberships", "member", "", "must not be empty"),
    ("memberships", "member", "A9", "no member A9"),
    ("memberships", "plan", "M99", "no plan “M99”"),
    ("memberships", "plan", "", "must not be empty"),
    ("memberships", "starts_on", "", "must not be empty"),
    ("memberships", "starts_on", "31.02.2026", "31.02.2026 is not a day of the calendar."),
    ("memberships", "starts_on", "tomorrow", "not a date"),
    ("memberships", "ends_on", "2026-01-31", "before the first"),
    ("memberships", "sold_on", "2026-02-02", "sold after it starts"),
    ("memberships", "sold_on", "2026-13-02", "not a day of the calendar"),
    ("memberships", "price_paid", "-300", "below zero"),
    ("memberships", "price_paid", "300.001", "more decimals"),
    ("memberships", "price_paid", "300 USD", "not a number"),
    ("memberships", "promotions", "FRIEND15;SECRET", "no promotion “SECRET”"),
    ("memberships", "balance_due", "some", "not a number"),
    ("memberships", "balance_due", "999999999", "more than can be kept"),
    ("memberships", "balance_due_on", "soon", "not a date"),
    ("memberships", "cancelled_on", "2026-01-19", "before it is sold"),
    ("memberships", "cancelled_on", "2027-02-01", "It can be cancelled from"),
    ("freezes", "membership", "", "must not be empty"),
    ("freezes", "membership", "S9", "no membership S9"),
    ("freezes", "starts_on", "2026-02-30", "not a day of the calendar"),
    ("freezes", "starts_on", "2025-12-31", "inside the membership"),
    ("freezes", "ends_on", "2026-02-28", "before the first"),
    ("freezes", "ends_on", "", "must not be empty"),
    ("freezes", "reason", "r" * 201, "longer than 200"),
    ("visits", "member", "", "must not be empty"),
    ("visits", "member", "A9", "no member A9"),
    ("visits", "at", "", "must not be empty"),
    ("visits", "at", "2026-05-03", "not a day and a time"),
    ("visits", "at", "2026-05-03T25:00", "not a time of day"),
    ("visits", "at", "2026-05-32T07:00", "not a day of the calendar"),
    ("visits", "at", "2026-05-03T07:00+99:00", "not a time of day"),
    ("visits", "at", "2026-11-13T07:00", "in the future"),
    ("visits", "zone", "z" * 33, "longer than 32"),
]


@pytest.fixture
def with_membership(club: Club) -> None:
    """S0 of A0 for freezes: its last day was given by the old program."""
    member = Member.objects.get(external_id="A0")
    start, end = days.day("2025-02-01"), days.day("2025-12-31")
    factories.make_membership(member, starts_on=start, ends_on=end, external_id="S00")
    factories.make_membership(
        Member.objects.get(external_id="A1"),
        starts_on=days.day("2026-01-01"),
        ends_on=days.day("2026-12-31"),
        external_id="S0",
    )


def file(kind: str, column: str, value: str) -> str:
    """The good row of a kind as line 3, behind a good line 2, with one cell made bad."""
    header, good = GOOD[kind]
    names = header.split(",")
    cells = dict(zip(names, good.split(","), strict=True))
    other = {"plans": "O1", "promotions": "O1", "members": "O1", "memberships": "O1", "freezes": "S00", "visits": "A1"}
    before = cells | {names[0]: other[kind]}
    if kind == "memberships":
        before["member"] = "A2"
    if kind == "freezes":
        before |= {"starts_on": "2025-03-01", "ends_on": "2025-03-10"}
    rows = [before, cells | {column: value}]
    return "\n".join([header, *(",".join(row[name] for name in names) for row in rows)]) + "\n"


@pytest.mark.parametrize(("kind", "column", "value", "says"), BAD)
def test_bad_cell_is_named_and_keeps_the_file_out(
    load: Load, with_membership: None, kind: str, column: str, value: str, says: str
) -> None:
    before = STORED[kind].objects.count()
    answer = load(kind, file(kind, column, value))
    assert (answer.rows, answer.created, answer.updated, answer.unchanged, answer.refused) == (2, 0, 0, 0, 1)
    [error] = answer.errors
    assert (error["line"], error["column"]) == (3, column)
    assert says in str(error["message"])
    if value.strip() and column not in ("starts_on", "cancelled_on", "at"):
        assert error["value"] == value[:200]
    assert STORED[kind].objects.count() == before


@pytest.mark.parametrize("kind", GOOD)
def test_good_rows_of_a_file_are_taken_without_the_bad_ones(load: Load, with_membership: None, kind: str) -> None:
    answer = load(kind, file(kind, GOOD[kind][0].split(",")[0], "") + "\n", skip_bad=True)
    assert (answer.rows, answer.created, answer.refused) == (2, 1, 1)


@pytest.mark.parametrize("kind", GOOD)
def test_same_key_twice_in_a_file_is_refused(load: Load, with_membership: None, kind: str) -> None:
    header, good = GOOD[kind]
    other = good.rsplit(",", 1)[0] + ("," if kind != "plans" else ",no")
    answer = load(kind, f"{header}\n{good}\n{other}\n")
    assert answer.refused == 1
    assert answer.errors[0]["line"] == 3
    assert "Line 2" in str(answer.errors[0]["message"])


def test_row_with_too_many_cells_is_refused(load: Load) -> None:
    answer = load("members", "external_id,last_name\nB1,Scott, Pamela\n")
    assert answer.errors == [
        {"line": 2, "column": "", "value": " Pamela", "message": "This row has 3 cells, the header 2."}
    ]


def test_cells_missing_at_the_end_are_empty(load: Load) -> None:
    assert load("members", "external_id,last_name,notes,email\nB1,Scott\nB2,Boone,x,,,\n").created == 2


def test_every_bad_cell_of_a_row_is_named_and_the_row_counted_once(load: Load) -> None:
    answer = load("members", "external_id,last_name,birthday,email\nB1,,31.02.1998,nobody\n")
    assert answer.refused == 1
    assert [error["column"] for error in answer.errors] == ["birthday", "email", "last_name"]


def test_errors_name_the_column_as_the_file_does(load: Load) -> None:
    answer = load("members", "Номер клиента;Фамилия;Дата рождения\nB1;Щербакова;31.02.1998\n")
    assert answer.errors[0]["column"] == "Дата рождения"


def test_first_hundred_errors_are_told_and_all_are_counted(load: Load) -> None:
    answer = load("members", "external_id,last_name\n" + "B,\n" * 130)
    assert (answer.refused, len(answer.errors)) == (130, 100)
    assert [error["line"] for error in answer.errors] == list(range(2, 102))


@pytest.mark.parametrize(
    ("kind", "value", "says"),
    [
        ("bonus_days", "0", "between 1 and 366"),
        ("bonus_days", "367", "between 1 and 366"),
        ("bonus_days", "1.5", "not a whole number"),
        ("amount", "-20", "below zero"),
        ("fixed_price", "20.001", "more decimals"),
        ("gift", "", "must not be empty"),
        ("gift", "g" * 161, "longer than 160"),
    ],
)
def test_value_is_read_as_the_kind_of_promotion_wants_it(load: Load, kind: str, value: str, says: str) -> None:
    answer = load("promotions", f"code,name,kind,value,audience,starts_on\nX1,Name,{kind},{value},new,2026-11-01\n")
    assert answer.errors[0]["column"] == "value"
    assert says in str(answer.errors[0]["message"])


def test_limit_below_what_was_sold_is_refused(load: Load, club: Club) -> None:
    Promotion.objects.filter(code="FRIEND15").update(uses=5)
    header, good = GOOD["promotions"]
    answer = load("promotions", f"{header}\n{good.replace('X1', 'FRIEND15').replace(',100', ',4')}\n")
    assert "More than 4 have been sold" in str(answer.errors[0]["message"])


def test_those_brought_by_a_refused_row_are_refused_too(load: Load) -> None:
    text = "external_id,last_name,referred_by\nB1,,\nB2,Boone,B1\nB3,Cole,B2\nB4,Kay,A0\n"
    answer = load("members", text, skip_bad=True)
    assert (answer.created, [error["line"] for error in answer.errors]) == (1, [2, 3, 4])
