"""Everything that is known of a member, handed out or erased (PRODUCT.md §14)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection, models

from memberships import events, holding, intake, places
from memberships.models import Member, MemberErasure, User
from memberships.rules.errors import Conflict
from memberships.rules.sentences import N_, sentence


class AlreadyErased(Conflict):
    """Nothing is left to erase."""

    code = "invalid"


def erase(*, member: Member, now: dt.datetime, by: User | None) -> MemberErasure:
    """Erase names, contacts and notes of a member, and of those merged into them, in all rooms and in all history.

    The rows stay, so that counts do; a row of its own says when and by whom. Files that were brought into the club
    may hold the member too: all of them go. It cannot be undone. Raises
    ``AlreadyErased``, ``holding.MemberGone``.
    """
    with holding.member(member.pk, now=now, by=by) as held:
        if MemberErasure.objects.filter(member=member).exists() and not held.member.last_name:
            raise AlreadyErased(sentence(N_("This member is erased already.")))
        with connection.cursor() as cursor:
            cursor.execute("SELECT erase_member(%s, %s, %s)", [member.pk, now, by.pk if by else None])
        intake.forget_all(club=member.club)
        held.member.refresh_from_db()
        for listener in (*events.erased, *events.member_changed):
            listener(member=held.member, moment=held.moment)
        return MemberErasure.objects.get(member=member)


def everything(*, member: Member, reader: User) -> dict[str, list[dict[str, object]]]:
    """All rows of a member from all rooms, by name, but for what the reader must not see; plain values."""
    found: dict[str, list[dict[str, object]]] = {}
    for rows in places.member_rows:
        query = rows.model._default_manager.filter(**{rows.path: member.pk})
        if rows.seen_by is not None:
            query = rows.seen_by(query, reader).distinct()
        named = [field.name for field in rows.model._meta.concrete_fields if _has_name(field)]
        found[rows.name] = [_plain(row) for row in query.select_related(*named).order_by("pk")]
    return found


NAMED = ("Plan", "RefusalReason", "User", "Employee", "Club")


def _has_name(field: models.Field) -> bool:
    return isinstance(field, models.ForeignKey) and field.related_model.__name__ in NAMED  # type: ignore[union-attr]


def _plain(row: models.Model) -> dict[str, object]:
    values: dict[str, object] = {}
    for field in row._meta.concrete_fields:
        if field.generated:
            continue
        value: Any = getattr(row, field.name) if _has_name(field) else getattr(row, field.attname)
        values[field.name] = str(value) if isinstance(value, models.Model) else value
    return values
