"""What is done to many members of a list at once, and taken back while it is fresh."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import QuerySet

from memberships import holding, people
from memberships.models import BulkMark, Club, Member, User
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sales import ReasonRequired
from memberships.rules.sentences import N_, sentence

MOST = 500
"""Members marked in one go: each is held while its open calls lapse."""
REVERSIBLE = dt.timedelta(minutes=5)


class TooMany(Invalid):
    """More members than are marked in one go."""


class NotTakenBack(Conflict):
    """A marking of many that cannot be taken back in one go any more."""

    code = "undo_too_late"


def do_not_call(*, club: Club, members: Collection[int], note: str, now: dt.datetime, by: User) -> BulkMark:
    """Nobody rings these members (ids of the club) any more; those who are marked already keep their first date.

    Raises ``TooMany``.
    """
    if len(members) > MOST:
        raise TooMany(sentence(N_("At most %(most)s members are marked at once: choose fewer."), most=MOST))
    with holding.operation(by=by):
        rows = Member.objects.filter(club=club, pk__in=members, merged_into=None, do_not_call_since=None)
        marked = [people.set_do_not_call(member=row, note=note, now=now, by=by) for row in rows.order_by("pk")]
        ids = [row.pk for row in marked if row.do_not_call_since == now]  # not who was marked by another meanwhile
        return BulkMark.objects.create(club=club, made_at=now, made_by=by, members=ids)


def take_back(*, mark: BulkMark, reason: str, now: dt.datetime, by: User) -> BulkMark:
    """Take the marking away from all who have it from this one, for a manager's written reason.

    Whoever was merged since stays marked. Raises ``ReasonRequired``, ``NotTakenBack``.
    """
    if not reason.strip():
        raise ReasonRequired(sentence(N_("Say why the members may be called again.")))
    with holding.operation(by=by, reason=reason.strip()):
        mark = BulkMark.objects.select_for_update().get(pk=mark.pk)
        if mark.undone_at is not None:
            raise NotTakenBack(sentence(N_("This is taken back already.")))
        if now >= mark.made_at + REVERSIBLE:
            raise NotTakenBack(sentence(N_("It can be taken back in one go for five minutes only.")))
        for row in Member.objects.filter(pk__in=mark.members, merged_into=None).order_by("pk"):
            people.take_back_do_not_call(member=row, set_at=mark.made_at, now=now, by=by)
        mark.undone_at, mark.undone_by = now, by
        mark.save(update_fields=["undone_at", "undone_by"])
        return mark


def fresh(*, club: Club, now: dt.datetime) -> QuerySet[BulkMark]:
    """The markings of the club that can still be taken back, newest first, with who made them."""
    rows = BulkMark.objects.filter(club=club, made_at__gt=now - REVERSIBLE, undone_at=None).exclude(members=[])
    return rows.select_related("made_by").order_by("-made_at", "-pk")
