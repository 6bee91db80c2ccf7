"""Lists that clubs keep in Excel: what is around the table, what is in one column, who is one person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.urls import reverse

from config import clock
from memberships import imports, merging
from memberships.models import Club, Member, MemberMerge, Membership, Plan
from tests import days, factories, web
from tests.days import day
from tests.memberships.imports.test_files import workbook

pytestmark = pytest.mark.django_db

HEADER = "ФИО;Телефон;Дата рождения;Абонемент;Начало;Окончание;Сумма;Согласие;Комментарий"
ROW = "Марков Георгий Тихонович;9260181590;14.07.1968;12 мес;02.11.25;01.11.26;24900;+;просил на май"
Load = Callable[..., imports.Answer]


@pytest.fixture
def club() -> Club:
    club = factories.make_club("msk", timezone="Europe/Moscow", country="RU", currency="RUB")
    factories.make_plan(club, "12 мес", term="12m", price=36500)
    factories.make_plan(club, "M1", term="1m", price=3900, name="Месяц, утро, ещё")
    return club


@pytest.fixture
def load(club: Club, tmp_path: Path) -> Load:
    def load(*lines: str, header: str = HEADER, content: bytes = b"", **options: object) -> imports.Answer:
        path = tmp_path / "list.csv"
        path.write_bytes(content or "\n".join([header, *lines]).encode())
        return imports.run(club=club, kind="clublist", path=path, now=days.NOW, **options)

    return load


def warned(answer: imports.Answer) -> list[tuple[object, object]]:
    return [(each["line"], each["column"]) for each in answer.warnings]


def test_a_heading_that_names_the_surname_first_holds_for_latin_names_too(load: Load, club: Club) -> None:
    load(ROW.replace("Марков Георгий Тихонович", "Scott Pamela Ann"))
    load(ROW.replace("Марков Георгий Тихонович", "Omar Reed").replace("9260181590", "9260181591"),
         header=HEADER.replace("ФИО", "Client"))  # fmt: skip
    names = Member.objects.filter(club=club).order_by("last_name").values_list("last_name", "first_name")
    assert list(names) == [("Reed", "Omar"), ("Scott", "Pamela")]


def test_a_row_is_a_person_and_a_membership(load: Load) -> None:
    answer = load(ROW)
    assert (answer.rows, answer.created, answer.warnings) == (1, 1, [])
    member, membership = Member.objects.get(), Membership.objects.get()
    assert (member.last_name, member.first_name, member.middle_name) == ("Марков", "Георгий", "Тихонович")
    assert (member.phone, member.birthday, member.notes) == ("+79260181590", day("1968-07-14"), "просил на май")
    assert (member.consent_calls, member.consent_evidence) == (True, "list.csv, line 2, loaded on 2026-11-12")
    assert (membership.plan.code, membership.sale_kind) == ("12 мес", "new")
    assert (membership.starts_on, membership.sold_on) == (day("2025-11-02"), day("2025-11-02"))
    assert (membership.effective_ends_on, membership.ends_given) == (day("2026-11-01"), True)
    assert (membership.price, membership.price_paid) == (24900, 24900)
    assert member.last_covered_on == day("2026-11-01")


def test_titles_blank_lines_and_totals_around_the_table_are_skipped(load: Load) -> None:
    text = f"Выгрузка клиентов на 01.11.2026;;;;;;;;\n\n{HEADER}\n{ROW}\n;;;;;;;;\nИтого:;1;;;;;;;\n"
    answer = load(content=text.encode("cp1251"))
    assert (answer.rows, answer.created, answer.refused) == (1, 1, 0)
    assert [each["value"] for each in answer.warnings] == ["Итого:, 1"]


def test_a_sheet_says_the_same(load: Load) -> None:
    cells: list[object] = ["Марков Георгий", 9260181590, dt.date(1968, 7, 14), "12 мес", dt.date(2025, 11, 2)]
    header: list[object] = [*HEADER.split(";")[:5]]
    answer = load(content=workbook(["Выгрузка"], [None], header, cells, [], ["Всего", 1]))
    assert (answer.rows, answer.created, answer.refused) == (1, 1, 0)
    assert Member.objects.get().phone == "+79260181590"
    assert Membership.objects.get().ends_on == day("2026-11-01")


@pytest.mark.parametrize(
    "text",
    ["8 (926) 018-15-90", "+7 926 0181590", "926.018.15.90", "'+79260181590", "79260181590.0",
     "тел. 8 926 018-15-90 доб. 12", "9260181590; 89991112233"],
)  # fmt: skip
def test_phones_in_every_spelling(load: Load, text: str) -> None:
    load(ROW.replace("9260181590", f'"{text}"'))
    assert Member.objects.get().phone == "+79260181590"


@pytest.mark.parametrize(
    "text",
    ["1968-07-14", "14.7.1968", "14/07/1968", "14.07.68", "25033", "14.07.1968 00:00:00", "14-07-1968",
     "14.07.1968 г."],
)  # fmt: skip
def test_birthdays_in_every_spelling(load: Load, text: str) -> None:
    load(ROW.replace("14.07.1968", text))
    assert Member.objects.get().birthday == day("1968-07-14")


@pytest.mark.parametrize(
    ("text", "amount"),
    [("24900", "24900"), ("24 900,00 ?", "24900"), ("24\u00a0900,50", "24900.50"), ("24900.00 р.", "24900"),
     ("₽ 24 900", "24900"), ("24,900.00 RUB", "24900")],
)  # fmt: skip
def test_money_in_every_spelling(load: Load, text: str, amount: str) -> None:
    load(ROW.replace("24900", text))
    assert Membership.objects.get().price_paid == Decimal(amount)


@pytest.mark.parametrize(
    ("column", "good", "bad", "says"),
    [
        ("Телефон", "9260181590", "7,916153E+10", "not a valid telephone number. It was left empty."),
        ("Дата рождения", "14.07.1968", "31.02.1990", "not a day of the calendar. It was left empty."),
        ("Дата рождения", "14.07.1968", "00.00.0000", "not a day of the calendar. It was left empty."),
        ("Дата рождения", "14.07.1968", "14.07.2068", "lies in the future. It was left empty."),
        ("Окончание", "01.11.26", "лето", "is not a date; write it like 2026-12-31 or 31.12.2026. It was left empty."),
        ("Сумма", "24900", "по договору", "is not a number. It was left empty."),
        ("Согласие", "+", "может быть", "is neither yes nor no. It was left empty."),
        ("Начало", "02.11.25", "осень", "is not a date"),
    ],
)
def test_an_unreadable_cell_is_left_empty_with_a_warning(
    load: Load, column: str, good: str, bad: str, says: str
) -> None:
    answer = load(ROW.replace(good, bad))
    assert (answer.created, answer.refused) == (1, 0)
    assert (2, column) in warned(answer)
    assert any(says in str(each["message"]) for each in answer.warnings)
    assert Member.objects.count() == 1


def test_a_number_that_cannot_be_read_is_kept_as_it_was_written(load: Load) -> None:
    load(ROW.replace("9260181590", "7,916153E+10"))
    assert (Member.objects.get().phone, Member.objects.get().phone_raw) == ("", "7,916153E+10")


@pytest.mark.parametrize(
    ("consent", "stored"), [("да", True), ("1", True), ("нет", False), ("0", False), ("-", False), ("", None)]
)
def test_consent_is_kept_with_file_and_line(load: Load, consent: str, stored: bool | None) -> None:
    load(ROW.replace(";+;", f";{consent};"))
    member = Member.objects.get()
    assert member.consent_calls is stored
    assert member.consent_evidence == ("" if stored is None else "list.csv, line 2, loaded on 2026-11-12")


def test_a_refused_consent_stays_refused(load: Load) -> None:
    load(ROW.replace(";+;", ";нет;"))
    assert load(ROW).unchanged == 1
    assert Member.objects.get().consent_calls is False


@pytest.mark.parametrize("notes", ["не звонить!!!", "Просила НЕ ЗВОНИТЬ", "do not call", "Don't call her"])
def test_whoever_must_not_be_called_is_marked(load: Load, notes: str) -> None:
    load(ROW.replace("просил на май", notes))
    member = Member.objects.get()
    assert (member.do_not_call_since, member.do_not_call_note) == (days.NOW, notes)


def test_who_asked_to_be_rung_later_is_not(load: Load) -> None:
    load(ROW.replace("просил на май", "перезвонить после 18:00"))
    assert Member.objects.get().do_not_call_since is None


@pytest.mark.parametrize("text", ["M1", "m1", "месяц, утро, еще", " МЕСЯЦ,  утро, Ещё "])
def test_a_plan_is_found_by_code_or_name(load: Load, text: str) -> None:
    load(ROW.replace("12 мес", text))
    assert Membership.objects.get().plan.code == "M1"


def test_an_unknown_plan_is_refused_or_made_as_its_rows_tell(load: Load) -> None:
    lines = [
        "Петров Иван;+79260181591;;Год безлимит ;01.01.2025;31.12.2025;36500",
        "Сидоров Олег;+79260181592;;год Безлимит;01.02.2025;31.01.2026;36500",
        "Орлов Глеб;+79260181593;;Год безлимит;01.02.2025;30.04.2025;12900",
    ]
    answer = load(*lines)
    assert answer.refused == 3
    assert answer.errors[0]["message"] == "There is no plan “Год безлимит” in this club."
    answer = load(*lines, create_plans=True)
    assert (answer.created, answer.refused) == (3, 0)
    plan = Plan.objects.get(name="Год безлимит")
    assert (plan.code, plan.term_count, plan.term_unit, plan.price, plan.active) == (
        "Год безлимит",
        12,
        "m",
        36500,
        False,
    )
    assert plan.memberships.count() == 3


def test_a_plan_without_days_cannot_be_made(load: Load) -> None:
    answer = load("Петров Иван;+79260181591;;Пробный;01.01.2025;;", create_plans=True)
    assert "so its term is not known" in str(answer.errors[0]["message"])
    assert not Plan.objects.filter(name="Пробный").exists()


def test_the_plan_of_refused_rows_alone_is_not_kept(load: Load) -> None:
    load(ROW)
    overlapping = ROW.replace("12 мес", "Пробный").replace("02.11.25", "01.01.2026")
    answer = load(overlapping, create_plans=True, skip_bad=True)
    assert (answer.refused, answer.errors[0]["column"]) == (1, "Начало")
    assert not Plan.objects.filter(name="Пробный").exists()


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        (";9260181590;;;;;;;", "ФИО", "must not be empty"),
        ("12345;9260181590;;;;;;;", "ФИО", "“12345” is not a name."),
        (f"{'П' * 81};9260181590;;;;;;;", "ФИО", "longer than 80"),
        (ROW.replace("01.11.26", "01.11.25"), "Окончание", "before the first"),
        (ROW.replace("12 мес", "Пробный"), "Абонемент", "There is no plan “Пробный” in this club."),
    ],
)
def test_only_what_nobody_can_guess_is_refused(load: Load, line: str, column: str, says: str) -> None:
    answer = load("Орлов Глеб;+79260181593;;;;;;;", line)
    assert (answer.rows, answer.created, answer.refused) == (2, 0, 1)
    assert (answer.errors[0]["line"], answer.errors[0]["column"]) == (3, column)
    assert says in str(answer.errors[0]["message"])
    assert not Member.objects.exists()
    assert load("Орлов Глеб;+79260181593;;;;;;;", line, skip_bad=True).created == 1


def test_a_file_without_names_cannot_be_used(load: Load) -> None:
    with pytest.raises(imports.UnusableFile, match="no column full_name"):
        load("9260181590;12 мес", header="Телефон;Абонемент")


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Фамилия;Имя;Отчество", "Марков;Георгий;Тихонович"),
        ("Surname;Name;Middle name", "Марков;Георгий;Тихонович"),
        ("Фамилия Имя Отчество", "МАРКОВ ГЕОРГИЙ ТИХОНОВИЧ"),
        ("name;patronymic", "Марков Георгий;Тихонович"),
    ],
)
def test_names_in_one_column_or_several(load: Load, header: str, cells: str) -> None:
    load(cells, header=header)
    member = Member.objects.get()
    assert (member.last_name, member.first_name, member.middle_name) == ("Марков", "Георгий", "Тихонович")


# ---- one person in several rows --------------------------------------------------------------------------

AGAIN = "Георгий Марков Тихонович;8 (926) 018 15 90;;12 мес;2025-11-02;01.11.2026;12900;;"


def test_one_person_in_several_rows_is_one_member_and_is_told_why(load: Load) -> None:
    answer = load(ROW, AGAIN)
    assert (answer.rows, answer.created, answer.merged) == (2, 1, 1)
    [warning] = answer.warnings
    assert (warning["line"], warning["value"]) == (3, "Марков Георгий Тихонович")
    assert warning["message"] == (
        "This is the person of line 2: the same name and the same phone. The membership of line 2 has the same days"
        " and stays. This row says otherwise: paid 12900."
    )
    kept = Member.objects.get(merged_into=None)
    assert kept.memberships.get().price_paid == 24900


def test_other_days_of_one_person_are_another_membership(load: Load) -> None:
    answer = load(ROW, ROW.replace("02.11.25", "02.11.26").replace("01.11.26", "01.11.27"))
    assert (answer.created, answer.merged) == (1, 1)
    assert list(Membership.objects.order_by("starts_on").values_list("sale_kind", flat=True)) == ["new", "renewal"]


def test_what_the_first_row_lacks_comes_from_the_others(load: Load) -> None:
    load(
        "Марков Георгий Тихонович;;14.07.1968;;;;;;", "Марков Георгий Тихонович;9260181590;14.07.68;;;;;нет;не звонить"
    )
    kept = Member.objects.get(merged_into=None)
    assert (kept.phone, kept.consent_calls, kept.notes) == ("+79260181590", False, "не звонить")
    assert kept.do_not_call_since == days.NOW


@pytest.mark.parametrize("lines", [
    (ROW, AGAIN),
    (AGAIN, ROW),
    (ROW, ROW.replace("Марков Георгий Тихонович", "Марков Георгий")),
    (ROW.replace("Марков Георгий Тихонович", "Марокв Георгий"), ROW),
    ("Марков Георгий Тихонович;;14.07.1968;;;;;;", ROW),
    (ROW, ROW.replace("9260181590", "7,926018E+10")),
    (ROW, ROW, ROW.replace("02.11.25", "02.11.26").replace("01.11.26", "01.11.27")),
    ("Марков Георгий;;;;;;;;", "Марков Георгий;;;;;;;;"),
    (ROW, "Иванова Анна;9260181590;;;;;;нет;не звонить"),
])  # fmt: skip
def test_twice_changes_nothing_and_neither_does_parting_them_in_between(load: Load, lines: tuple[str, ...]) -> None:
    load(*lines)
    before = state()
    again = load(*lines)
    assert (again.created, again.updated, again.merged, again.unchanged) == (0, 0, 0, len(lines))
    assert state() == before
    for merge in MemberMerge.objects.order_by("-pk"):
        merging.take_back(merge=merge, now=days.NOW, by=None)
    before = state()
    again = load(*lines)
    assert (again.created, again.updated, again.merged, again.unchanged) == (0, 0, 0, len(lines))
    assert state() == before


def state() -> list[object]:
    return [list(model.objects.order_by("pk").values()) for model in (Member, Membership, MemberMerge)]


def test_a_merge_is_taken_back_with_the_membership_that_was_left_out(load: Load) -> None:
    load(ROW, AGAIN)
    merge = MemberMerge.objects.get()
    assert merging.reversible(member=merge.kept, now=days.NOW) == [merge]
    merging.take_back(merge=merge, now=days.NOW + days.DAY / 2, by=None)
    kept, gone = Member.objects.order_by("pk")
    assert (kept.merged_into, gone.merged_into) == (None, None)
    assert [one.memberships.get().price_paid for one in (kept, gone)] == [24900, 12900]
    assert gone.memberships.get().effective_ends_on == gone.last_covered_on == day("2026-11-01")


def test_the_page_tells_why_and_takes_it_back(load: Load, club: Club) -> None:
    load(ROW, AGAIN)
    MemberMerge.objects.update(merged_at=clock.now())
    page = reverse("merge_undo", args=[MemberMerge.objects.get().pk])
    client = web.browser(factories.make_user(club, "administrator", "anna"))
    text = client.get(page).content.decode()
    assert "taken for one person: the same name and the same phone." in text
    assert "left out because it has the same days, comes back." in text
    assert client.post(page).status_code == 302
    assert Membership.objects.count() == 2


def test_members_who_are_here_already_are_found_by_name_and_phone(load: Load, club: Club) -> None:
    known = factories.make_member(
        club, external_id="A1", last_name="Марков", first_name="Георгий", middle_name="Тихонович", phone="+79260181590"
    )
    answer = load(ROW)
    assert (answer.created, answer.merged) == (1, 0)
    known.refresh_from_db()
    assert (known.birthday, known.memberships.count()) == (day("1968-07-14"), 1)


def test_a_row_misspelt_is_merged_into_who_is_here(load: Load, club: Club) -> None:
    factories.make_member(club, last_name="Марков", first_name="Георгий", phone="+79260181590")
    answer = load(ROW.replace("Марков", "Марокв"))
    assert (answer.created, answer.merged) == (0, 1)
    assert "This is Марков Георгий, who is here already" in str(answer.warnings[0]["message"])


def test_two_of_a_household_stay_two(load: Load) -> None:
    answer = load(ROW, "Маркова Анна Петровна;9260181590;;;;;;;")
    assert (answer.created, answer.merged) == (2, 0)


def test_a_mended_cell_is_taken_and_an_empty_one_empties(load: Load) -> None:
    load(ROW)
    answer = load(ROW.replace("24900", "25000").replace("просил на май", "").replace(";+;", ";;"))
    assert (answer.updated, answer.created) == (1, 0)
    member, membership = Member.objects.get(), Membership.objects.get()
    assert (member.notes, member.consent_calls, membership.price_paid) == ("", True, 25000)
    assert load("Марков Георгий Тихонович;9260181590", header="ФИО;Телефон").unchanged == 1
    assert Member.objects.get().birthday == day("1968-07-14")


def test_days_that_another_membership_covers_are_refused_and_make_nobody(load: Load) -> None:
    answer = load(ROW, ROW.replace("02.11.25", "01.03.26").replace("01.11.26", "01.03.27"), skip_bad=True)
    assert (answer.created, answer.merged, answer.refused) == (1, 0, 1)
    assert answer.errors[0]["line"] == 3
    assert Member.objects.count() == 1


def test_a_dry_run_says_what_would_be_and_stores_nothing(load: Load) -> None:
    answer = load(ROW, AGAIN, dry_run=True)
    assert (answer.created, answer.merged) == (1, 1)
    assert not Member.objects.exists()
