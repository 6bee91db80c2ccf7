"""Places where an upper room hangs its part: Protocols and lists, nothing more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from memberships.events import Moment
from memberships.models import Club, Member, Quote, User


@dataclass(frozen=True)
class Panel:
    """A part of the member's page: a template and its context. ``column`` is ``main`` or ``side``."""

    template: str
    context: dict[str, object]
    column: str = "side"
    position: int = 50


class MemberPanel(Protocol):
    def __call__(self, *, request: HttpRequest, member: Member, now: dt.datetime) -> Panel | None: ...


@dataclass(frozen=True)
class Happening:
    """One line of a member's history. ``text`` is already translated; ``kind`` is the tab it belongs to."""

    at: dt.datetime
    kind: str
    icon: str
    title: str
    text: str = ""
    url: str = ""
    by: str = ""
    day_only: bool = False


class Timeline(Protocol):
    def __call__(self, *, member: Member, now: dt.datetime, prices: bool) -> list[Happening]: ...


@dataclass(frozen=True)
class StartPage:
    """Where a role's day begins: the first in the list whose role fits wins."""

    roles: frozenset[str]
    url_name: str


@dataclass(frozen=True)
class NavItem:
    """An entry of the main navigation."""

    label: object
    url_name: str
    roles: frozenset[str]
    position: int
    key: str = ""


class ClubMade(Protocol):
    """Gives a new club what the room keeps per club (policy, reasons, templates). Twice changes nothing."""

    def __call__(self, *, club: Club, now: dt.datetime) -> None: ...


@dataclass
class Action:
    """A button of the member's page."""

    label: object
    url: str
    icon: str = ""
    key: str = ""
    primary: bool = False
    position: int = 50
    attributes: dict[str, str] = field(default_factory=dict)
    rare: bool = False  # stands in the menu behind the buttons


class MemberActions(Protocol):
    def __call__(self, *, request: HttpRequest, member: Member, now: dt.datetime) -> list[Action]: ...


@dataclass(frozen=True)
class OfferSide:
    """A part beside an offer. ``sell_url``: where the sale is sent when more hangs on it (``quote`` goes along)."""

    template: str
    context: dict[str, object]
    sell_url: str = ""


class OfferSides(Protocol):
    def __call__(self, *, request: HttpRequest, quote: Quote, now: dt.datetime) -> OfferSide | None: ...


@dataclass(frozen=True)
class MemberRows:
    """Rows that belong to a member: they move when members are merged, are exported, and lose their words when the
    member is erased.

    ``path``: look-up of the member from a row; only rows that name the member themselves (``"member"``) move.
    ``words``: the columns that say something of the person (emptied in the rows and in all of their history).
    ``once``: a field that no two rows of a member share; in a merge the other's twin stays where it is.
    ``seen_by``: leaves out of an export what its reader must not see.
    """

    name: str
    label: object
    model: type[Model]
    path: str = "member"
    words: tuple[str, ...] = ()
    once: str = ""
    seen_by: Callable[[QuerySet, User], QuerySet] | None = None


class Merging(Protocol):
    """What a room does beside moving its ``member_rows`` when members are merged, and how it is taken back.

    ``before`` runs while all rows are still where they were; its answer (JSON) is kept and given to ``undo``, which
    runs when they are there again.
    """

    def before(self, *, kept: Member, gone: Member, moment: Moment) -> object: ...
    def undo(self, *, kept: Member, gone: Member, made: object, moment: Moment) -> None: ...


@dataclass(frozen=True)
class Hanging:
    """Something of another room that hangs on the days of a member, as it stands.

    ``key`` names it (``"task:88"``), ``kind`` is what it is (call, meeting, checklist), ``label`` says it in the
    reader's language, ``on`` its day and ``state`` what else there is to say ("lapses: frozen"). ``stays``: nobody
    moves it, so somebody has to look at it.
    """

    key: str
    kind: str
    member: int
    label: str
    on: dt.date | None = None
    state: str = ""
    membership: int | None = None
    url: str = ""
    stays: bool = False


class Hangings(Protocol):
    """What a room has hanging on the days of these members at a moment; asked before and after, for a preview."""

    def __call__(self, *, members: Collection[int], moment: Moment) -> Iterable[Hanging]: ...


member_panels: list[MemberPanel] = []
offer_sides: list[OfferSides] = []
member_actions: list[MemberActions] = []
timelines: list[Timeline] = []
start_pages: list[StartPage] = []
navigation: list[NavItem] = []
club_parts: list[ClubMade] = []
member_rows: list[MemberRows] = []
mergings: dict[str, Merging] = {}
hangings: list[Hangings] = []
