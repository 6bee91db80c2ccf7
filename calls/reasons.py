"""A club's own refusal reasons: added below a group, renamed, retired and brought back, merged.

Those that every club begins with stay as they are (PRODUCT.md §7).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Max, Q
from django.utils.text import slugify

from calls.models import CallAttempt, Meeting, ReasonGroup, RefusalReason
from memberships import holding
from memberships.models import Club, User
from memberships.rules import amounts
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sentences import N_, sentence

LABEL_LENGTH = 80


class ReasonRefused(Invalid):
    """A reason that cannot be stored as it was sent; ``fields`` says why."""


class NotOwn(Conflict):
    """A reason that every club has is neither renamed nor marked, retired or merged."""


class InUse(Conflict):
    """A reason that calls or meetings name is retired, never deleted."""


class MergeRefused(Invalid):
    """A reason is merged into another one of its club that can be chosen."""

    field = "into"


@dataclass(frozen=True, kw_only=True)
class Marks:
    """``final`` ends renewal calls for the membership, ``no_winback`` win-back calls, ``note_required`` asks for a
    note.
    """

    final: bool = False
    no_winback: bool = False
    note_required: bool = False


def uses(club: Club) -> dict[int, int]:
    """How often each reason was given for a refusal or an absence, by its id; those never given are left out."""
    found: dict[int, int] = {}
    named = ((CallAttempt, "reason"), (CallAttempt, "absence_reason"), (Meeting, "reason"))
    for model, field in named:
        rows = model._default_manager.filter(**{"club": club, f"{field}__isnull": False}).order_by()
        for reason, count in rows.values_list(field).annotate(Count("pk")):
            found[reason] = found.get(reason, 0) + count
    return found


def add(*, club: Club, group: str, label: str, marks: Marks, by: User, now: dt.datetime) -> RefusalReason:
    """A reason of the club's own, last below its group. Raises ReasonRefused."""
    if group not in ReasonGroup.values:
        refusal = sentence(N_("Choose who can act on it."))
        raise ReasonRefused(refusal, fields={"group": [refusal]})
    with holding.operation(by=by):
        Club.objects.select_for_update().get(pk=club.pk)  # one name is given once
        name = _name(club, label)
        last = RefusalReason.objects.filter(club=club).aggregate(last=Max("position"))["last"]
        return RefusalReason.objects.create(
            club=club,
            code=_code(club, name),
            group=group,
            label=name,
            position=0 if last is None else last + 1,
            final=marks.final,
            no_winback=marks.no_winback,
            note_required=marks.note_required,
        )


def change(*, reason: RefusalReason, label: str, marks: Marks, by: User, now: dt.datetime) -> RefusalReason:
    """Renames an own reason and sets its marks; its code and what was counted for it stay.

    Raises ReasonRefused, NotOwn.
    """
    with holding.operation(by=by):
        Club.objects.select_for_update().get(pk=reason.club_id)
        row = _own(reason)
        row.label = _name(row.club, label, besides=row)
        row.final, row.no_winback, row.note_required = marks.final, marks.no_winback, marks.note_required
        row.save()
    return row


def retire(*, reason: RefusalReason, by: User, now: dt.datetime) -> RefusalReason:
    """It can be chosen no more; what was counted for it stays. Raises NotOwn."""
    with holding.operation(by=by):
        row = _own(reason)
        row.retired = True
        row.save()
    return row


def bring_back(*, reason: RefusalReason, by: User, now: dt.datetime) -> RefusalReason:
    """A retired reason can be chosen again, a merged one too: it counts anew. Raises NotOwn, ReasonRefused."""
    with holding.operation(by=by):
        Club.objects.select_for_update().get(pk=reason.club_id)
        row = _own(reason)
        row.label = _name(row.club, row.label, besides=row)
        row.retired, row.merged_into = False, None
        row.save()
    return row


def delete(*, reason: RefusalReason, by: User, now: dt.datetime) -> None:
    """Takes an own reason away that nobody ever gave. Raises InUse, NotOwn."""
    with holding.operation(by=by):
        row = _own(reason)
        given = CallAttempt.objects.filter(Q(reason=row) | Q(absence_reason=row)).exists()
        if given or Meeting.objects.filter(reason=row).exists() or row.merged.exists():
            raise InUse(sentence(N_("This reason was given already: it can be retired, not deleted.")))
        row.delete()


def merge(*, reason: RefusalReason, into: RefusalReason, by: User, now: dt.datetime) -> int:
    """All that was counted for an own reason counts for another one; the first is retired. Answers how much moved.

    What each call and meeting named before stays in its history. Raises MergeRefused, NotOwn.
    """
    with holding.operation(by=by, reason=f"{reason.code} → {into.code}"):
        pair = {reason.pk, into.pk}
        rows = {row.pk: row for row in RefusalReason.objects.select_for_update().filter(pk__in=pair).order_by("pk")}
        source, target = rows[reason.pk], rows[into.pk]
        if source.built_in:
            raise NotOwn(sentence(_EVERY_CLUB))
        if source.pk == target.pk or source.club_id != target.club_id or target.retired:
            raise MergeRefused(sentence(N_("Choose another reason that is in use.")))
        moved = CallAttempt.objects.filter(reason=source).update(reason=target)
        moved += CallAttempt.objects.filter(absence_reason=source).update(absence_reason=target)
        moved += Meeting.objects.filter(reason=source).update(reason=target)
        RefusalReason.objects.filter(merged_into=source).update(merged_into=target)
        source.retired, source.merged_into = True, target
        source.save()
    return moved


_EVERY_CLUB = N_("This reason belongs to every club: it stays as it is.")


def _own(reason: RefusalReason) -> RefusalReason:
    """The reason as it stands now, locked: nobody gives it meanwhile. Raises NotOwn."""
    row = RefusalReason.objects.select_for_update().get(pk=reason.pk)
    if row.built_in:
        raise NotOwn(sentence(_EVERY_CLUB))
    return row


def _name(club: Club, label: str, *, besides: RefusalReason | None = None) -> str:
    """The name as it is stored. Raises ReasonRefused for one without words, with an amount, or taken already."""
    name = " ".join(label.split())
    refusal = None
    if not name:
        refusal = sentence(N_("Give the reason a name."))
    elif len(name) > LABEL_LENGTH:
        refusal = sentence(N_("A name has at most %(count)s characters."), count=LABEL_LENGTH)
    elif amounts.contains_amount(name):
        refusal = sentence(N_("Operators read this name: it must not hold an amount."))
    else:
        others = RefusalReason.objects.filter(club=club, retired=False).exclude(pk=besides.pk if besides else None)
        if name.casefold() in {one.name.casefold() for one in others} | {one.label.casefold() for one in others}:
            refusal = sentence(N_("There is a reason of this name already."))
    if refusal is not None:
        raise ReasonRefused(refusal, fields={"label": [refusal]})
    return name


def _code(club: Club, name: str) -> str:
    """A word for programs, made of the name and free in the club."""
    stem = slugify(name).replace("-", "_")[:34] or "own"
    taken = set(RefusalReason.objects.filter(club=club, code__startswith=stem).values_list("code", flat=True))
    return next(code for n in range(1, len(taken) + 2) if (code := stem if n == 1 else f"{stem}_{n}") not in taken)
