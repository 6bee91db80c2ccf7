"""A dirty list goes in on the web: columns, preview, load, the refused rows mended and loaded."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from config import clock
from memberships import intake
from memberships.models import Member, Plan
from tests import days
from tests.journeys import console
from tests.journeys.people import Person

pytestmark = pytest.mark.browser

LIST = """№;Номер карты;Фамилия;Имя;Телефон;Дата рождения;Как узнал
1;K1;Scott;Pamela;+1 319 555 0107;01.10.1998;from a friend
2;K2;Twin;Ava;+1 319 555 0108;31.02.1990;
3;K3;Frost;Ida;319 555;05.05.1985;
4;K4;Boone;Chad;;29.03.1997;partner
"""


def test_a_dirty_list_goes_in_by_the_wizard(system: str, person: Callable[..., Person], tmp_path: Path) -> None:
    console.set_clock(days.NOW)
    console.make_club()
    file = tmp_path / "выгрузка.csv"
    file.write_text(LIST, encoding="cp1251")

    anna = person("anna")
    anna.heading("Model Fitness is ready for its data")
    anna.page.get_by_role("link", name="Choose a file…").last.click()
    anna.heading("Bring a file")
    anna.page.get_by_label("What it holds").select_option("members")
    anna.page.get_by_label("File").set_input_files(file)
    anna.page.get_by_role("button", name="Look at it").click()

    anna.sees("выгрузка.csv", "5 of 7 recognised; kept for the next file of this kind", "Scott · Twin · Frost")
    anna.page.get_by_label("Как узнал").select_option("source")
    anna.page.get_by_role("button", name="Check it").click()
    work()
    anna.sees("31.02.1990 is not a day of the calendar.", "What will be stored", "Boone")
    assert not Member.objects.exists()

    anna.page.get_by_role("button", name="Load the accepted rows").click()
    work()
    anna.sees("Loaded")
    assert set(Member.objects.values_list("external_id", "source")) == {("K1", "from a friend"), ("K4", "partner")}

    with anna.page.expect_download() as download:
        anna.page.get_by_role("link", name="Refused rows, CSV").last.click()
    assert download.value.suggested_filename == "выгрузка-refused.csv"
    mended = tmp_path / "mended.csv"
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    mended.write_text(text.replace("31.02.1990", "28.02.1990").replace("319 555,", "+1 319 555 0109,"))
    anna.page.get_by_role("link", name="Load the mended rows").click()
    anna.page.get_by_label("File").set_input_files(mended)
    anna.page.get_by_role("button", name="Look at it").click()
    expect(anna.page.get_by_label("Как узнал")).to_have_value("source")  # remembered
    anna.page.get_by_role("button", name="Check it").click()
    work()
    anna.sees("Every row is accepted.")
    anna.page.get_by_role("button", name="Load the accepted rows").click()
    work()
    anna.sees("Loaded")
    assert Member.objects.count() == 4

    anna.open("/imports/")
    anna.sees("mended.csv", "выгрузка.csv", re.compile("loaded"))


CLUB_LIST = """Выгрузка клиентов на 01.11.2026;;;;;;;;
№;Client;Телефон;Дата рождения;Абонемент;Начало;Окончание;Сумма;Комментарий
1;Pamela Scott;+1 319 555 0107;01.10.1998;12 months;02.11.2025;01.11.2026;360;не звонить!!!
2;Pamela Scott;319-555-0107;1998-10-01;12 months;02.11.2026;01.11.2027;360,00;
3;Ava Twin;+1 319 555 0108;31.02.1990;12 months;1.9.2026;31.08.2027;360;
4;Chad Boone;;29.03.1997;Разовый;05.01.2026;04.02.2026;50;
;;;;;;;;
Итого:;4;;;;;;;
"""


def test_a_list_kept_in_excel_goes_in_with_its_plans(
    system: str, person: Callable[..., Person], tmp_path: Path
) -> None:
    console.set_clock(days.NOW)
    console.make_club()
    file = tmp_path / "клиенты.csv"
    file.write_text(CLUB_LIST, encoding="cp1251")

    anna = person("anna")
    anna.open("/imports/new/?kind=clublist")
    anna.page.get_by_label("File").set_input_files(file)
    anna.press("Control+Enter")
    anna.sees("8 of 9 recognised; kept for the next file of this kind")
    anna.page.get_by_role("button", name="Check it").click()
    work()
    anna.sees("There is no plan “Разовый” in this club.", "No row is accepted")
    anna.page.get_by_role("link", name="Back to the columns").click()
    anna.page.get_by_label("Make plans that are not known").check()
    anna.page.get_by_role("button", name="Check it").click()
    work()
    anna.sees("This is the person of line 3", "31.02.1990 is not a day of the calendar. It was left empty.")
    anna.page.get_by_role("button", name="Load the accepted rows").click()
    work()
    anna.sees("Loaded")
    assert sorted(Member.objects.filter(merged_into=None).values_list("last_name", flat=True)) == [
        "Boone", "Scott", "Twin",
    ]  # fmt: skip
    assert Member.objects.get(last_name="Scott", merged_into=None).do_not_call
    assert set(Plan.objects.values_list("name", "active")) == {("12 months", False), ("Разовый", False)}


def work() -> None:
    """What the worker does once the browser has asked for it."""
    until = time.monotonic() + 20
    while not intake.work(clock=clock.now):
        assert time.monotonic() < until, "nothing was asked for"
        time.sleep(0.05)
