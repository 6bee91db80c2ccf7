"""Saved views of lists: kept by whoever made them, shared with the club by a manager."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, prefetch_related_objects

from memberships import holding
from memberships.models import Club, SavedView, User
from memberships.rules.errors import Conflict
from memberships.rules.sentences import N_, sentence

MOST = 12
"""So many views of one list a person keeps: they stand beside each other as tabs."""


class NameTaken(Conflict):
    """The person has a view of this name in this list."""

    code = "invalid"
    field = "name"


class TooMany(Conflict):
    """The person has as many views of this list as there is room for."""

    code = "invalid"


def _name_taken() -> NameTaken:
    return NameTaken(sentence(N_("You have a view of this name already.")))


holding.violations["saved_view_name_once"] = _name_taken


def save(
    *, club: Club, owner: User, list_name: str, name: str, query: str, shared: bool, now: dt.datetime
) -> SavedView:
    """Keep a list's address (``query``: its filters and order) under a name. Raises ``NameTaken``, ``TooMany``."""
    with holding.operation(by=owner):
        mine = SavedView.objects.filter(club=club, owner=owner, list=list_name)
        if mine.count() >= MOST:
            raise TooMany(sentence(N_("There is room for %(most)s views: delete one first."), most=MOST))
        return SavedView.objects.create(
            club=club, owner=owner, list=list_name, name=name.strip(), query=query, shared=shared, made_at=now
        )


def change(*, view: SavedView, name: str, shared: bool, by: User) -> SavedView:
    """Give a view another name, or show it to the club or no longer. Raises ``NameTaken``."""
    with holding.operation(by=by):
        view.name, view.shared = name.strip(), shared
        view.save(update_fields=["name", "shared"])
        return view


def delete(*, view: SavedView, by: User) -> None:
    """Forget a view."""
    with holding.operation(by=by):
        view.delete()


def visible(*, club: Club, user: User, list_name: str) -> list[SavedView]:
    """A person's own views of a list and those that the club shares (with whose they are), by name."""
    rows = SavedView.objects.filter(Q(owner=user) | Q(shared=True), club=club, list=list_name)
    found = list(rows.order_by("name", "pk"))
    prefetch_related_objects([view for view in found if view.owner_id != user.pk], "owner")
    return found
