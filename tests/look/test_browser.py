"""The frame in a real browser under the strict policy: keys, menus, dialogs, lists, clocks, focus, accessibility."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django import forms
from django.http import QueryDict

from config import charts, tables
from config.paging import Page as Rows
from memberships.models import User
from tests.look.conftest import write

pytestmark = pytest.mark.browser
Visit = Callable[..., Any]


def test_single_keys_work_outside_fields_only(visit: Visit) -> None:
    page = visit("keys")
    page.keyboard.press("e")
    assert page.evaluate("document.activeElement.id") == "note"
    page.keyboard.type("b1 e ?/")
    assert page.locator("#note").input_value() == "b1 e ?/"
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    assert page.evaluate("document.activeElement.id") == "slots"
    page.keyboard.press("1")
    page.wait_for_url("**/booking")
    assert page.said == []


def test_a_key_is_known_by_its_place_on_a_russian_keyboard(visit: Visit) -> None:
    page = visit("keys")
    page.evaluate("document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'и', code: 'KeyB', bubbles: true}))")
    assert page.evaluate("document.activeElement.id") == "slots"


def test_control_enter_sends_the_form_from_inside_a_field(visit: Visit) -> None:
    page = visit("keys")
    page.locator("#note").focus()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/saved*")


def test_keys_everywhere_lead_to_search_to_their_list_and_to_places(visit: Visit) -> None:
    page = visit("keys")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    words = page.locator("#keys").inner_text()
    assert "Book" in words and "First slot" in words and "Members" in words
    page.keyboard.press("b")
    assert page.locator("#keys").is_visible() and page.evaluate("document.activeElement.id") != "slots"
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/members")


def test_keys_can_be_turned_off_and_stay_off(visit: Visit) -> None:
    page = visit("keys")
    page.keyboard.press("?")
    page.get_by_label("Single keys work").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    assert page.evaluate("document.activeElement.id") != "slots"
    assert "keys=off" in page.evaluate("document.cookie")


def test_a_part_is_hidden_and_shown_by_the_same_key(visit: Visit) -> None:
    page = visit("keys")
    page.keyboard.press("v")
    assert not page.locator("#staff").is_visible()
    page.keyboard.press("v")
    assert page.locator("#staff").is_visible()


def test_menus_close_by_escape_and_by_a_click_elsewhere(visit: Visit) -> None:
    page = visit("keys")
    page.keyboard.press("f")
    assert page.locator("main .menu-in").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("main .menu-in").is_visible()
    page.locator("summary.who").click()
    assert page.locator(".who-menu .menu-in").is_visible()
    page.locator("h1").click()
    assert not page.locator(".who-menu .menu-in").is_visible()


def test_the_colour_scheme_changes_at_once_and_is_kept(visit: Visit) -> None:
    page = visit("keys")
    page.locator("summary.who").click()
    page.locator("button[data-theme=dark]").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(14, 18, 23)"
    assert "theme=dark" in page.evaluate("document.cookie")


def test_the_menu_button_opens_the_bar_on_a_phone(visit: Visit) -> None:
    page = visit("keys")
    page.set_viewport_size({"width": 390, "height": 800})
    assert not page.locator(".nav-x").is_visible()
    page.locator(".menu-btn").click()
    assert page.locator(".nav-x").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator(".nav-x").is_visible()


def test_what_ends_something_asks_first(visit: Visit) -> None:
    page = visit("ask")
    page.locator("main .danger").click()
    assert page.locator("#confirm").is_visible() and "Cancel?" in page.locator("#confirm").inner_text()
    page.keyboard.press("Escape")
    assert page.url.endswith("/page")
    page.locator("main .danger").click()
    page.locator("#confirm .danger").click()
    page.wait_for_url("**/ended")


def test_clocks_count_by_the_server_and_say_when_they_are_due(visit: Visit, set_clock: Callable[[Any], None]) -> None:
    set_clock(dt.datetime(2027, 1, 15, 12, 0, tzinfo=dt.UTC))
    page = visit("clocks")
    assert re.fullmatch(r"1:0[2-4]:\d\d", page.locator("#gone").inner_text())
    assert "warn" in (page.locator("#left").get_attribute("class") or "")
    page.evaluate("document.addEventListener('due', (event) => document.title = `due ${event.target.id}`)")
    page.wait_for_selector("#left[data-over]", timeout=60_000)
    assert page.title() == "due left"
    assert page.locator("#left").inner_text() == "00:00"


class Form(forms.Form):
    name = forms.CharField(label="Name", required=False)
    why = forms.CharField(label="Why", help_text="Shown on the page.")
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A")], widget=forms.RadioSelect)


def test_the_first_wrong_field_has_the_focus_and_the_summary_leads_to_it(visit: Visit) -> None:
    page = visit("form", form=Form({}))
    assert page.evaluate("document.activeElement.id") == "id_why"
    assert page.locator(".note.bad a").first.get_attribute("href") == "#id_why"


def test_rows_are_walked_selected_and_opened_by_keys(visit: Visit) -> None:
    page = visit("rows", rows=["ann", "bob", "cid"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    assert page.locator("tr.sel").inner_text().strip() == "bob"
    assert page.locator("[data-bulk]").inner_text().startswith("1 selected")
    page.locator("[data-all]").check()
    assert page.locator("tr.sel").count() == 3
    page.locator("h1").click()
    page.keyboard.press("Escape")
    assert page.locator("tr.sel").count() == 0 and not page.locator("[data-bulk]").is_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/m/ann")


class Ready(tables.Table):
    """A list whose rows are given."""

    page = Rows(["ann", "bob"], "", "next", 1)  # type: ignore[assignment]


def ready(address: str = "") -> tables.Table:
    return Ready(
        query=QueryDict(address),
        queryset=User.objects.none(),
        columns=[tables.Column("name", "Name", sort="name"), tables.Column("n", "Number", sort="n", numeric=True)],
        sorts={"name": [], "n": []},
        row_template="includes/hatch.html",
        filters=[
            tables.Filter("plan", "Plan", [("fd", "Full Day")]),
            tables.Filter("x", "X", [("1", "one")], extra=True),
        ],
        search="Part of a name",
        selectable=True,
        total=40,
    )


def test_sorting_swaps_the_list_keeps_the_focus_and_writes_the_address(visit: Visit, pages: dict[str, str]) -> None:
    page = visit("list", "/list", table=ready())
    pages["/list"] = write('{% include "tables/table.html" %}', table=ready("sort=n"))
    page.locator("#list-by-n").click()
    page.wait_for_selector("#list th[aria-sort] #list-by-n")
    assert page.url.endswith("/list?sort=n")
    assert page.evaluate("document.activeElement.id") == "list-by-n"
    assert page.said == []


def test_a_part_that_does_not_arrive_is_said_and_nothing_is_swapped(visit: Visit) -> None:
    page = visit("parts")
    for _ in range(2):
        page.locator("#broken").click()
        page.wait_for_selector("[data-trouble]")
    assert page.locator("[data-trouble]").count() == 1
    assert page.locator("#part").inner_text() == "as it was"


def test_a_part_of_a_session_that_ended_leads_to_the_sign_in_page(visit: Visit) -> None:
    page = visit("parts")
    page.evaluate("window.before = true")
    with page.expect_navigation():
        page.locator("#out").click()
    assert page.evaluate("window.before") is None
    assert page.locator("#part").inner_text() == "as it was"


def test_focus_goes_to_what_arrives_but_not_away_from_who_types(visit: Visit, pages: dict[str, str]) -> None:
    pages["/form"] = '<p data-announce="Marina, 13 days left"><button id="ring" data-focus>Ring</button></p>'
    page = visit("parts")
    page.locator("#form").click()
    page.wait_for_selector("#ring:focus")
    assert page.locator("#announce").inner_text() == "Marina, 13 days left"
    page.locator("#typing").focus()
    page.evaluate("document.getElementById('part').textContent = ''")
    page.evaluate("htmx.ajax('GET', '/form', '#part')")
    page.wait_for_selector("#ring")
    page.wait_for_timeout(200)
    assert page.evaluate("document.activeElement.id") == "typing"


def everything() -> dict[str, object]:
    today, freeze = date(2027, 1, 15), charts.Span(date(2026, 8, 1), date(2026, 8, 14))
    term = charts.Term("Full Day", "renewal", date(2026, 1, 15), date(2027, 1, 28), "current", (freeze,), "/m")
    month = charts.Month("Dec", {"club": 36, "member": 20}, True, True, "/r")
    return {
        "band": charts.membership_band([term], today=today),
        "year": charts.visit_year({today: 1}, today=today),
        "weeks": charts.visit_weeks([1, 2, 3], 2, falling=True, first_on=date(2026, 12, 28)),
        "months": charts.month_bars([month], names={}, title="By month"),
        "rows": charts.pareto([charts.Reason("Price", "club", 4, 2, "/r")]),
        "form": Form({"why": ""}),
        "table": ready("plan=fd"),
    }


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_hinders_anybody(visit: Visit, page: Any, language: str, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    opened = visit("everything", language=language, **everything())
    found = Axe().run(opened).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == []
    assert opened.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert opened.said == []
