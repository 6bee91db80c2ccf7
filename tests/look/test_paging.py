"""Paging by key: every row once, in both directions, whatever the order and wherever values are missing."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.db.models import QuerySet
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from config import paging
from config.paging import By
from memberships.models import User

ORDERS = {
    "name": [By("last_name"), By("id")],
    "name backwards": [By("last_name", descending=True), By("id", descending=True)],
    "seen": [By("last_login", nullable=True), By("id")],
    "seen backwards": [By("last_login", descending=True, nullable=True), By("last_name"), By("id")],
    "mixed": [By("last_name", descending=True), By("first_name"), By("id")],
}


@pytest.fixture
def people(db: None) -> QuerySet[User]:
    chance = random.Random(7)
    start = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    User.objects.bulk_create(
        User(
            username=f"u{n}",
            last_name=chance.choice(["Adeyemi", "Novák", "Орлова", 'O\'Neil, "X"']),
            first_name=chance.choice(["A", "B"]),
            last_login=chance.choice([None, start, start + dt.timedelta(microseconds=1), start + dt.timedelta(days=1)]),
        )
        for n in range(61)
    )
    return User.objects.filter(username__startswith="u")


@pytest.mark.parametrize("name", ORDERS)
def test_turning_pages_forward_and_back_shows_every_row_once(name: str, people: QuerySet[User]) -> None:
    order = ORDERS[name]
    page = paging.keyset(people, order, size=7)
    pages = [page]
    while page.after:
        page = paging.keyset(people, order, after=page.after, size=7)
        pages.append(page)
    seen = [row.pk for page in pages for row in page.rows]
    assert len(seen) == len(set(seen)) == 61
    assert [page.first for page in pages] == [1 + 7 * n for n in range(9)] and page.last == 61
    back = [page]
    while page.before:
        page = paging.keyset(people, order, before=page.before, size=7)
        back.append(page)
    assert [row.pk for page in reversed(back) for row in page.rows] == seen
    assert page.first == 1 and not pages[0].before


@pytest.mark.parametrize("name", ORDERS)
def test_each_row_knows_the_one_before_and_the_one_after(name: str, people: QuerySet[User]) -> None:
    order = ORDERS[name]
    rows = paging.keyset(people, order, size=61).rows
    for at in (0, 1, 30, 59, 60):
        before, after = paging.neighbours(people, order, rows[at])
        assert before == (rows[at - 1] if at else None)
        assert after == (rows[at + 1] if at < 60 else None)
    only = people.filter(pk=rows[5].pk)
    assert paging.neighbours(only, order, rows[5]) == (None, None)


def test_rows_without_a_value_stand_last_in_both_directions(people: QuerySet[User]) -> None:
    for name in ("seen", "seen backwards"):
        rows = paging.keyset(people, ORDERS[name], size=100).rows
        missing = [row.last_login is None for row in rows]
        assert missing == sorted(missing) and any(missing)


def test_a_page_is_found_without_counting_rows(people: QuerySet[User], django_assert_num_queries: object) -> None:
    page = paging.keyset(people, ORDERS["name"], size=7)
    with django_assert_num_queries(1) as seen:  # type: ignore[operator]
        paging.keyset(people, ORDERS["name"], after=page.after, size=7)
    assert "OFFSET" not in seen[0]["sql"] and "COUNT" not in seen[0]["sql"]


def test_rows_may_be_dictionaries(people: QuerySet[User]) -> None:
    found = people.values("id", "last_name")
    page = paging.keyset(found, ORDERS["name"], size=40)
    assert len(paging.keyset(found, ORDERS["name"], after=page.after, size=40).rows) == 21


def test_a_row_that_came_in_front_does_not_repeat_another(people: QuerySet[User]) -> None:
    page = paging.keyset(people, ORDERS["name"], size=7)
    User.objects.create(username="u-new", last_name="Aaa")
    following = paging.keyset(people, ORDERS["name"], after=page.after, size=7)
    assert not {row.pk for row in page.rows} & {row.pk for row in following.rows}


def test_behind_the_last_row_the_list_begins_anew(people: QuerySet[User]) -> None:
    page = paging.keyset(people, ORDERS["name"], size=60)
    User.objects.filter(pk=paging.keyset(people, ORDERS["name"], after=page.after).rows[0].pk).delete()
    assert paging.keyset(people, ORDERS["name"], after=page.after, size=60).first == 1


def test_an_empty_list_is_a_page(db: None) -> None:
    page = paging.keyset(User.objects.none(), ORDERS["name"])
    assert (page.rows, page.before, page.after, page.first, page.last) == ([], "", "", 0, -1)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "bm9wZQ",
        "WzFd",
        "WzEsIngiLFtdXQ",
        "Wy0xLCJ4IiwxXQ",
        "WzEsIlx1MDAwMCIsMV0",
        "WzEsIngiLCJ5Il0",
        "é",
        "WzEsIngiLDFd\n\n=",
    ],
)
def test_an_address_that_no_list_gave_is_refused(cursor: str, people: QuerySet[User]) -> None:
    try:
        paging.keyset(people, ORDERS["name"], after=cursor)
    except paging.BadCursor as error:
        assert error.status == 400 and str(error)


class AnyCursor(TestCase):
    @settings(max_examples=150, deadline=None)
    @given(st.text(max_size=60))
    def test_no_address_breaks_a_list(self, cursor: str) -> None:
        for order in ORDERS.values():
            try:
                paging.keyset(User.objects.all(), order, before=cursor)
            except paging.BadCursor:
                continue
