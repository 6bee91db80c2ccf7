"""Lists: their whole state is the address; a page and its part are the same list."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation

from config import tables
from config.paging import By
from memberships.models import User
from tests.look.conftest import asked

COLUMNS = (
    tables.Column("name", "Member", sort="name"),
    tables.Column("seen", "Seen", sort="seen", numeric=True, title="when last"),
    tables.Column("mail", "E-mail", hide_small=True),
)
SORTS = {"name": (By("last_name"), By("id")), "seen": (By("last_login", nullable=True), By("id"))}
FILTERS = (
    tables.Filter("plan", "Plan", [("fd", "Full Day"), ("dt", "Day Time")]),
    tables.Filter("meeting", "Meeting", [("none", "none ahead")], extra=True),
)


def table(address: str = "", **more: object) -> tables.Table:
    given = {"queryset": User.objects.filter(username__startswith="u"), "columns": COLUMNS, "sorts": SORTS}
    given |= {"row_template": "includes/brand.html", "filters": FILTERS, "size": 2}
    return tables.Table(query=QueryDict(address), **(given | more))  # type: ignore[arg-type]


@pytest.fixture
def five(db: None) -> None:
    User.objects.bulk_create(User(username=f"u{n}", last_name=f"{n}") for n in range(5))


def test_a_head_sorts_and_the_same_head_turns_the_order() -> None:
    heads = {head.column.name: head for head in table("q=ann&after=x").heads}
    assert (heads["name"].direction, heads["name"].url) == ("ascending", "?q=ann&sort=-name")
    assert (heads["seen"].direction, heads["seen"].url) == ("", "?q=ann&sort=seen")
    assert heads["mail"].url == ""
    turned = table("sort=-seen")
    assert turned.order == [By("last_login", True, True), By("id", True)]
    assert turned.sorted_by and turned.sorted_by.direction == "descending"


def test_an_unknown_order_is_the_first_one() -> None:
    assert table("sort=password").sort == "name"
    assert table("sort=password", default_sort="-seen").order[0].descending


def test_a_set_filter_is_taken_out_by_its_chip_and_others_stay() -> None:
    plan, meeting = table("plan=fd&meeting=none&sort=seen&before=x").chips
    assert (plan.chosen, plan.url) == ("Full Day", "?meeting=none&sort=seen")
    assert plan.options[1] == ("Day Time", "?meeting=none&sort=seen&plan=dt")
    assert meeting.chosen == "none ahead"


def test_rare_filters_wait_behind_one_chip_until_they_are_set() -> None:
    assert [chip.filter.name for chip in table().more_chips] == ["meeting"]
    assert [chip.filter.name for chip in table("meeting=none").shown_chips] == ["plan", "meeting"]


def test_a_value_that_no_filter_offers_is_not_shown_as_set() -> None:
    assert table("plan=<b>").chips[0].chosen == ""


def test_a_new_search_keeps_filters_and_forgets_the_page() -> None:
    assert table("q=x&plan=fd&after=z&sort=name").kept == [("plan", "fd"), ("sort", "name")]
    assert table("q=x&plan=fd&sort=name").cleared == "?sort=name"


def test_exports_keep_the_address() -> None:
    assert table("plan=fd&after=z").csv_url == "?plan=fd&export=csv"
    assert table().xlsx_url == "?export=xlsx"


@pytest.mark.usefixtures("five")
def test_pages_are_turned_by_addresses() -> None:
    first = table("plan=fd")
    assert first.previous_url == "" and first.next_url.startswith("?plan=fd&after=")
    second = table(first.next_url.removeprefix("?"))
    assert [row.username for row in second.page.rows] == ["u2", "u3"] and second.page.first == 3
    assert [row.username for row in table(second.previous_url.removeprefix("?")).page.rows] == ["u0", "u1"]


def test_an_empty_list_names_the_nearest_way_out() -> None:
    ways = table("q=ferer&plan=fd").ways(lambda rest: 6 if "q" not in rest else 0)
    assert [(way.label, way.count, way.url) for way in ways] == [("“ferer”", 6, "?plan=fd"), ("Plan", 0, "?q=ferer")]


def page_of(address: str = "", **more: object) -> str:
    request = asked(f"/members/?{address}")
    with translation.override("en"):
        return render_to_string("tables/table.html", {"table": table(address, **more)}, request=request)


@pytest.mark.usefixtures("five")
def test_the_list_shows_views_search_chips_heads_and_pages() -> None:
    html = page_of(
        "plan=fd", views=[tables.View("All", "?", 4812, True)], search="Part of a name", total=5, selectable=True
    )
    pieces = ['id="list"', "4\u202f812", 'aria-current="true"', 'placeholder="Part of a name"', "Full Day", "data-bulk"]
    pieces += ['aria-sort="ascending"', 'title="when last"', "of 5", 'data-key="]"', 'hx-target="#list"']
    for piece in [*pieces, "sorted by member"]:
        assert piece in html, piece


def test_the_empty_list_says_why_and_offers_one_button(db: None) -> None:
    ways = [tables.Way("“ferer”", "?plan=fd", 6)]
    html = page_of("q=ferer&plan=fd", empty=tables.Empty("No member fits all of this", ways=ways))
    assert "No member fits all of this" in html and html.count("btn-x primary") == 1
    assert "Show the 6 without “ferer”" in html


def answered(address: str, **headers: str) -> str:
    request = asked(f"/members/?{address}")
    request.htmx = SimpleNamespace(**headers) if headers else None  # type: ignore[attr-defined]
    response = tables.answer(request, "tables/keyline.html", table(), {"more": 1})
    assert "HX-Target" in response["Vary"]
    return response.content.decode()


def test_htmx_is_answered_with_the_list_alone(db: None) -> None:
    assert "data-list" in answered("", target="list", history_restore_request=False)
    assert "keyline" in answered("")
    assert "keyline" in answered("", target="list", history_restore_request=True)
    assert "keyline" in answered("", target="elsewhere", history_restore_request=False)
