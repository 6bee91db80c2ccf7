"""What the history tables say of an object: who changed what, when, from what to what (PRODUCT.md §14)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Model

from memberships.models import User

HIDDEN = frozenset({"search", "id", "club", "created_at", "made_at"})


@dataclass(frozen=True)
class FieldChange:
    """One field of a change; both values as plain text."""

    name: str
    label: str
    before: str
    after: str


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


def changes(objects: Iterable[Model], *, limit: int = 200) -> list[Change]:
    """The changes of these objects together, newest first."""
    found: list[Change] = []
    for one in objects:
        found += reversed(_of(one))  # so that of one instant the later one comes first
    found.sort(key=lambda change: change.at, reverse=True)
    return found[:limit]


def _of(one: Model) -> list[Change]:
    events = list(type(one).pgh_event_model.objects.filter(pgh_obj_id=one.pk).order_by("pgh_id"))  # type: ignore[attr-defined]
    users = _names(events)
    found = []
    before: Model | None = None
    for event in events:
        context = event.pgh_context or {}
        user = context.get("user")
        found.append(
            Change(
                at=event.pgh_created_at,
                kind=type(one)._meta.model_name or "",
                what=str(type(one)._meta.verbose_name),
                id=one.pk,
                label=event.pgh_label,
                by=users.get(user, "") if user else "",
                why=str(context.get("reason") or context.get("override_reason") or context.get("source") or ""),
                fields=tuple(_differences(before, event, type(one))),
            )
        )
        before = event
    return found


def _differences(before: Model | None, after: Model, model: type[Model]) -> Iterable[FieldChange]:
    for field in model._meta.concrete_fields:
        if field.name in HIDDEN or not hasattr(after, field.attname):
            continue
        old = getattr(before, field.attname) if before is not None else None
        new = getattr(after, field.attname)
        if old != new and (before is not None or new not in (None, "", False, [], {})):
            yield FieldChange(field.name, str(field.verbose_name), _text(old), _text(new))


def _text(value: object) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds")
    return str(value)


def _names(events: list[Model]) -> dict[int, str]:
    ids = {(event.pgh_context or {}).get("user") for event in events}  # type: ignore[attr-defined]
    return {user.pk: str(user) for user in User.objects.filter(pk__in=[one for one in ids if one])}
