"""What the history tables say: who changed what, when, from what to what (PRODUCT.md §14)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from memberships.models import (
    Closure,
    Club,
    ClubPolicy,
    Employee,
    Freeze,
    Member,
    Membership,
    Plan,
    Promotion,
    SpecialDate,
    User,
)
from memberships.rights import Right

HIDDEN = frozenset({"search", "id", "club", "created_at", "made_at"})


@dataclass(frozen=True)
class Audited:
    """A kind of object whose history can be read: what it is called, who may, the look-up of its club, and which of
    them a reader must not see.
    """

    model: type[Model]
    label: object
    right: Right = Right.READ_ALL_AUDIT
    club: str = "club"
    seen_by: Callable[[QuerySet, User], QuerySet] | None = None


kinds: dict[str, Audited] = {
    "member": Audited(Member, _("Member"), Right.READ_AUDIT),
    "membership": Audited(Membership, _("Membership"), Right.READ_AUDIT),
    "freeze": Audited(Freeze, _("Freeze"), Right.READ_AUDIT, "membership__club"),
    "special_date": Audited(SpecialDate, _("Special date"), Right.READ_AUDIT, "member__club"),
    "plan": Audited(Plan, _("Plan")),
    "promotion": Audited(Promotion, _("Promotion"), club="clubs"),
    "closure": Audited(Closure, _("Closure")),
    "employee": Audited(Employee, _("Employee")),
    "club": Audited(Club, _("Club"), club="pgh_obj"),
    "club_policy": Audited(ClubPolicy, _("Policy of memberships")),
}
"""By the word that addresses name them with; upper rooms add theirs."""


@dataclass(frozen=True)
class FieldChange:
    """One field of a change; both values as plain text, and as they are stored (``old``, ``new``)."""

    name: str
    label: str
    before: str
    after: str
    old: Any = None
    new: Any = None


@dataclass(frozen=True)
class Change:
    """One change of one object. ``by`` is empty for the system itself; ``why`` where a reason was asked."""

    at: dt.datetime
    kind: str
    what: str
    id: int
    label: str
    by: str
    why: str
    fields: tuple[FieldChange, ...]
    model: type[Model]
    event: Any


def changes(objects: Iterable[Model], *, limit: int = 200) -> list[Change]:
    """The changes of these objects together, newest first."""
    found: list[Change] = []
    for one in objects:
        events = list(_events(type(one)).filter(pgh_obj_id=one.pk).order_by("pgh_id"))
        told = _told(type(one), list(zip([None, *events], events, strict=False)))
        found += reversed(told)  # so that of one instant the later one comes first
    found.sort(key=lambda change: change.at, reverse=True)
    return found[:limit]


def events_in(*, kind: Audited, club: Club, reader: User) -> QuerySet[Any]:
    """The history rows of a kind in a club as far as the reader may see the objects; ``changes_of`` tells them."""
    events = _events(kind.model)
    step = kind.club.partition("__")[0]
    if kind.seen_by is None and _has(events.model, step):
        return events.filter(**{kind.club: club})  # also of what was deleted since
    rows = kind.model._default_manager.filter(**{kind.club: club})
    if kind.seen_by is not None:
        rows = kind.seen_by(rows, reader)
    return events.filter(pgh_obj_id__in=rows.values("pk"))


def changes_of(kind: Audited, events: Sequence[Any]) -> list[Change]:
    """A page of history rows as changes, in the same order: each with the row before it (three queries)."""
    history = _events(kind.model)
    earlier = history.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id")).order_by("-pgh_id")
    before = dict(
        history.filter(pk__in=[event.pk for event in events])
        .annotate(earlier=Subquery(earlier.values("pgh_id")[:1]))
        .values_list("pk", "earlier")
    )
    known = history.in_bulk([pk for pk in before.values() if pk is not None])
    return _told(kind.model, [(known.get(before[event.pk]), event) for event in events])


@dataclass(frozen=True)
class Known:
    """Since when a field says what it says, and who wrote it (empty: the system, a file)."""

    at: dt.datetime
    by: str


def known_since(one: Model, names: Collection[str]) -> dict[str, Known]:
    """For each of these fields the change that made it what it is, as the history tells (two queries)."""
    history = _events(type(one)).filter(pgh_obj_id=one.pk).order_by("pgh_id")
    events = list(history.only("pgh_created_at", "pgh_context", *names))
    users = _names(events)
    found: dict[str, Known] = {}
    before: dict[str, object] = dict.fromkeys(names)
    for event in events:
        for name in names:
            value = getattr(event, name)
            if value != before[name]:
                before[name] = value
                found[name] = Known(event.pgh_created_at, users.get((event.pgh_context or {}).get("user"), ""))
    return found


def _events(model: type[Model]) -> QuerySet[Any]:
    return model.pgh_event_model.objects.all()  # type: ignore[attr-defined]


def _has(model: type[Model], name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def _told(model: type[Model], pairs: Sequence[tuple[Any, Any]]) -> list[Change]:
    """Changes from pairs of history rows: what it was (None: nothing) and what it became."""
    users = _names([event for _earlier, event in pairs])
    found = []
    for before, event in pairs:
        context = event.pgh_context or {}
        user = context.get("user")
        found.append(
            Change(
                at=event.pgh_created_at,
                kind=model._meta.model_name or "",
                what=str(model._meta.verbose_name),
                id=event.pgh_obj_id,
                label=event.pgh_label,
                by=users.get(user, "") if user else "",
                why=str(context.get("reason") or context.get("override_reason") or context.get("source") or ""),
                fields=tuple(_differences(before, event, model)),
                model=model,
                event=event,
            )
        )
    return found


def _differences(before: Model | None, after: Model, model: type[Model]) -> Iterable[FieldChange]:
    for field in model._meta.concrete_fields:
        if field.name in HIDDEN or not hasattr(after, field.attname):
            continue
        old = getattr(before, field.attname) if before is not None else None
        new = getattr(after, field.attname)
        if old != new and (before is not None or new not in (None, "", False, [], {})):
            yield FieldChange(field.name, str(field.verbose_name), _text(old), _text(new), old, new)


def _text(value: object) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    return str(value)


def _names(events: list[Any]) -> dict[int, str]:
    ids = {(event.pgh_context or {}).get("user") for event in events}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=[one for one in ids if one])}
