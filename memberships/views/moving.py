"""What moves, in lines for a page: before it is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from config import charts
from config.templatetags.ringback import day, short_day
from memberships.foreseeing import Touched
from memberships.models import Club, Membership
from memberships.places import Hanging
from memberships.rules import freezing as rules
from memberships.rules.chains import Move


@dataclass(frozen=True)
class Row:
    """A line of what moves: what it is, and how it stands without and with the change."""

    label: str
    note: str
    before: str
    after: str
    by: int | None = None


def shown(row: Membership, plan: rules.FreezePlan, touched: list[Touched], *, today: dt.date) -> dict[str, object]:
    """The context of the part that shows both ends of everything that moves."""
    known = {one.pk: one for one in Membership.objects.filter(member=row.member_id).select_related("plan")}
    drawn = [
        charts.Move(
            known[move.membership].plan.name,
            charts.Span(move.before.starts_on, move.before.effective_ends_on),
            charts.Span(move.after.starts_on, move.after.effective_ends_on),
            current=move.membership == row.pk,
        )
        for move in plan.moves
    ]
    days = plan.freeze.span
    frozen = charts.Span(days.first, days.last) if days else None
    lines = [line for move in plan.moves for line in _lines(known[move.membership], move, row)]
    return {
        "previewed": True,
        "lines": lines + hanging_lines(touched, row.club),
        "stays": [one.after for one in touched if one.after is not None and one.after.stays],
        "drawing": charts.moves(drawn, frozen, today=today) if drawn else "",
        "days": days.days if days else 0,
        "allowance_left": plan.allowance_left,
        "count": plan.count,
    }


def _lines(moved: Membership, move: Move, frozen: Membership) -> Iterable[Row]:
    """What moves of one membership: its own end, or both ends of one that was sold behind it."""
    before, after, club = move.before, move.after, frozen.club
    ends = [day(one.effective_ends_on, club) for one in (before, after)]
    by = (after.effective_ends_on - before.effective_ends_on).days
    if moved.pk == frozen.pk:
        if by:
            yield Row(_("This membership ends"), moved.plan.name, *ends, by)
        return
    renewal = moved.sale_kind == "renewal"
    if before.starts_on != after.starts_on:
        note = _("sold %(day)s, follows this one") if moved.follows else _("sold %(day)s")
        label = _("Renewal starts") if renewal else _("The next membership starts")
        starts = [day(one.starts_on, club) for one in (before, after)]
        yield Row(
            label, note % {"day": short_day(moved.sold_on, club)}, *starts, (after.starts_on - before.starts_on).days
        )
    if by:
        yield Row(_("Renewal ends") if renewal else _("The next membership ends"), moved.plan.name, *ends, by)


def hanging_lines(touched: Iterable[Touched], club: Club) -> list[Row]:
    """What hangs on the days and would stand otherwise, but for what stays and is warned of."""
    return [hanging_line(one, club) for one in touched if not one.either.stays]


def hanging_line(one: Touched, club: Club) -> Row:
    """A call, a meeting or a step that would stand otherwise."""
    names = {"call": _("Call"), "checklist": _("Checklist"), "meeting": _("Meeting")}
    told = one.either
    return Row(told.label, names.get(told.kind, ""), _stands(one.before, club), _stands(one.after, club))


def _stands(one: Hanging | None, club: Club) -> str:
    if one is None:
        return "—"
    return one.state or day(one.on, club)
