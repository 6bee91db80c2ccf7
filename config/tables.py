"""Lists: columns, filter chips, saved views, sorting and paging, all of whose state lives in the address.

A list page is a queryset, a tuple of columns, a tuple of filters and a row template; tables/table.html draws it
and answers htmx with the list alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus, urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers

from config.paging import By, Page, keyset

PAGING = ("after", "before")


@dataclass(frozen=True)
class Column:
    """A column: `sort` names its order in the table's `sorts` ("" : cannot be sorted by)."""

    name: str
    label: object
    sort: str = ""
    numeric: bool = False
    hide_small: bool = False
    title: object = ""


@dataclass(frozen=True)
class Filter:
    """A parameter of the address with its choices as (value, label). `extra`: kept under “Filter” until set."""

    name: str
    label: object
    choices: Sequence[tuple[str, object]]
    any: object = ""
    extra: bool = False


@dataclass(frozen=True)
class View:
    """A saved view: a tab with its count (None: not counted; ``more``: at least so many) and address.

    ``edit``: where it is renamed or deleted; ``whose``: somebody else's; ``new``: not a view but where the list as it
    is filtered becomes one.
    """

    label: object
    url: str
    count: int | None = None
    current: bool = False
    more: bool = False
    edit: str = ""
    whose: str = ""
    new: bool = False


@dataclass(frozen=True)
class Empty:
    """What an empty list says: why, and the nearest way out."""

    title: object
    text: object = ""
    ways: Sequence[Way] = ()


@dataclass(frozen=True)
class Way:
    """A way out of an empty list: the address without one filter, and how many rows it has."""

    label: str
    url: str
    count: int


@dataclass(frozen=True)
class Head:
    column: Column
    url: str
    direction: str


@dataclass(frozen=True)
class Chip:
    """A filter as it stands: `url` takes it out when set; `options` are the addresses of its choices."""

    filter: Filter
    chosen: object
    url: str
    options: Sequence[tuple[object, str]]


@dataclass
class Table:
    """One list as the address asks for it.

    `sorts` maps a sort name to its order (ending in a unique field); the address says sort=name or sort=-name.
    `total` is a count known to the caller (None: not counted). `keep` are further parameters that links keep.
    """

    query: QueryDict
    queryset: QuerySet[Any]
    columns: Sequence[Column]
    sorts: Mapping[str, Sequence[By]]
    row_template: str
    default_sort: str = ""
    filters: Sequence[Filter] = ()
    views: Sequence[View] = ()
    total: int | None = None
    size: int = 25
    search: object = ""
    selectable: bool = False
    bulk_url: str = ""
    bulk_template: str = ""
    exports: bool = False
    empty: Empty | None = None
    id: str = "list"
    extra: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def page(self) -> Page:
        """The rows; raises config.paging.BadCursor for an address that this list never gave."""
        return keyset(
            self.queryset,
            self.order,
            after=self.query.get("after", ""),
            before=self.query.get("before", ""),
            size=self.size,
        )

    @property
    def sort(self) -> str:
        asked = self.query.get("sort", "")
        default = self.default_sort or next(iter(self.sorts))
        return asked if asked.removeprefix("-") in self.sorts else default

    @property
    def order(self) -> list[By]:
        name = self.sort.removeprefix("-")
        turned = self.sort.startswith("-")
        return [By(by.name, by.descending != turned, by.nullable) for by in self.sorts[name]]

    def address(self, **changes: str) -> str:
        """This list's address with parameters changed ("" takes one out); it begins at the first page."""
        pairs = [(name, value) for name, value in self._asked if name not in changes]
        return f"?{urlencode([*pairs, *((name, value) for name, value in changes.items() if value)])}"

    @cached_property
    def _asked(self) -> list[tuple[str, str]]:
        """The address's parameters but for those of the page, one pair for each value."""
        return [(name, value) for name, values in self.query.lists() if name not in PAGING for value in values]

    @cached_property
    def heads(self) -> list[Head]:
        heads = []
        for column in self.columns:
            url = direction = ""
            if column.sort:
                current = self.sort.removeprefix("-") == column.sort
                direction = ("descending" if self.sort.startswith("-") else "ascending") if current else ""
                url = self.address(sort=f"-{column.sort}" if direction == "ascending" else column.sort)
            heads.append(Head(column, url, direction))
        return heads

    @property
    def sorted_by(self) -> Head | None:
        """The column that the list is sorted by, if it is shown."""
        return next((head for head in self.heads if head.direction), None)

    @cached_property
    def chips(self) -> list[Chip]:
        chips = []
        for one in self.filters:
            value = self.query.get(one.name, "")
            labels = dict(one.choices)
            rest = self.address(**{one.name: ""})
            start = f"{rest}{'' if rest == '?' else '&'}{quote_plus(one.name)}="
            options = [(label, f"{start}{quote_plus(key)}" if key else rest) for key, label in one.choices]
            chips.append(Chip(one, labels.get(value, ""), rest, options))
        return chips

    @property
    def shown_chips(self) -> list[Chip]:
        return [chip for chip in self.chips if chip.chosen or not chip.filter.extra]

    @property
    def more_chips(self) -> list[Chip]:
        return [chip for chip in self.chips if chip.filter.extra and not chip.chosen]

    @property
    def cleared(self) -> str:
        """The address without any filter and without the search."""
        return self.address(q="", **{one.name: "" for one in self.filters})

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The parameters that a new search keeps."""
        return [(name, value) for name, value in self.query.items() if name not in ("q", *PAGING)]

    @property
    def previous_url(self) -> str:
        return self._turn("before", self.page.before)

    @property
    def next_url(self) -> str:
        return self._turn("after", self.page.after)

    def _turn(self, name: str, cursor: str) -> str:
        base = self.address()
        return f"{base}{'&' if base != '?' else ''}{name}={cursor}" if cursor else ""

    def export_url(self, form: str) -> str:
        return self.address(export=form)

    @property
    def csv_url(self) -> str:
        return self.export_url("csv")

    @property
    def xlsx_url(self) -> str:
        return self.export_url("xlsx")

    def ways(self, count: Callable[[QueryDict], int]) -> list[Way]:
        """Ways out of an empty list: without the search, without each set filter, most rows first."""
        dropped = [(f"“{self.query['q']}”", "q")] if self.query.get("q") else []
        dropped += [(str(chip.filter.label), chip.filter.name) for chip in self.chips if chip.chosen]
        ways = []
        for label, name in dropped:
            rest = self.query.copy()
            for gone in (name, *PAGING):
                rest.pop(gone, None)
            ways.append(Way(label, self.address(**{name: ""}), count(rest)))
        return sorted(ways, key=lambda way: -way.count)


def addresses(url_name: str) -> Callable[[int], str]:
    """The addresses of rows by their ids, looked up once for all rows of a page; the route takes the id alone."""
    before, after = reverse(url_name, args=[0]).rsplit("0", 1)
    return lambda pk: f"{before}{pk}{after}"


def answer(request: HttpRequest, template: str, table: Table, context: Mapping[str, Any] | None = None) -> HttpResponse:
    """The page, or for htmx only its list; both from the same address."""
    asked = getattr(request, "htmx", None)
    part = asked and asked.target == table.id and not asked.history_restore_request
    filled = {**(context or {}), "table": table}
    response = render(request, "tables/table.html" if part else template, filled)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
