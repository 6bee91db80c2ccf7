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
from memberships.models import Member
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


def work() -> None:
    """What the worker does once the browser has asked for it."""
    until = time.monotonic() + 20
    while not intake.work(clock=clock.now):
        assert time.monotonic() < until, "nothing was asked for"
        time.sleep(0.05)
