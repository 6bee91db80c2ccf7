"""What calls hangs on the member's page: *Why (not) call?*, and calls and meetings in the history."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from calls import policy
from calls.models import CallAttempt, Kind, Meeting, Outcome, Purpose, Request
from calls.rules.policy import Block
from config.templatetags.ringback import instant
from memberships.models import Member
from memberships.places import Happening, Panel
from memberships.rules import amounts


@dataclass(frozen=True)
class Verdict:
    """Kinds of call with the same answer: no blocks means that they may be rung."""

    kinds: str
    blocks: tuple[Block, ...]


def verdicts(*, member: Member, at: dt.datetime) -> list[Verdict]:
    """The contact policy's answer for all kinds, those with the same reasons together; free ones last."""
    grouped: dict[tuple[tuple[str, dt.datetime | None], ...], tuple[list[str], tuple[Block, ...]]] = {}
    for kind, blocks in policy.why_all(member=member, at=at).items():
        key = tuple((str(block.code), block.until) for block in blocks)
        grouped.setdefault(key, ([], tuple(blocks)))[0].append(str(Kind(kind.value).label))
    found = [Verdict(_in_a_row(names), blocks) for names, blocks in grouped.values()]
    return sorted(found, key=lambda verdict: not verdict.blocks)


def _in_a_row(names: list[str]) -> str:
    if len(names) == len(Kind):
        return _("Every kind of call")
    first, *rest = names
    return ", ".join([first, *(name[:1].lower() + name[1:] for name in rest)])


def why_panel(*, request: HttpRequest, member: Member, now: dt.datetime) -> Panel:
    """May we ring this member now, for what, and until when not?"""
    local = now.astimezone(member.zone(member.club))
    context = {"member": member, "verdicts": verdicts(member=member, at=now), "there": f"{local:%H:%M}"}
    return Panel("calls/_why_panel.html", context, column="side", position=10)


def happenings(*, member: Member, now: dt.datetime, prices: bool) -> list[Happening]:
    """Calls, meetings and requests of a member; amounts in notes are masked where prices may not be read."""
    return [*_calls(member, prices), *_meetings(member, now), *_requests(member, prices)]


def _shown(note: str, prices: bool) -> str:
    return note if prices else amounts.mask_amounts(note)


def _calls(member: Member, prices: bool) -> list[Happening]:
    rows = CallAttempt.objects.filter(member=member).select_related("operator", "reason", "absence_reason")
    found = []
    for row in rows.order_by("-at")[:300]:
        outcome = str(Outcome(row.outcome).label).lower() if row.outcome else _("no outcome yet")
        title = _("%(kind)s call: %(outcome)s") % {"kind": Kind(row.kind).label, "outcome": outcome}
        if row.reason:
            title += f", {row.reason.name}" + (f" ({row.competitor})" if row.competitor else "")
        if row.duration_s:
            minutes, seconds = divmod(row.duration_s, 60)
            title += ", " + (_("%(m)s min %(s)s s") % {"m": minutes, "s": seconds})
        by = str(row.operator) if row.operator else ""
        url = reverse("attempt_detail", args=[row.pk])
        found.append(Happening(row.at, "call", "phone", title, _shown(row.note, prices), url=url, by=by))
    return found


def _meetings(member: Member, now: dt.datetime) -> list[Happening]:
    found = []
    for row in Meeting.objects.filter(member=member).select_related("host", "booked_by").order_by("-starts_at")[:200]:
        title = _("%(purpose)s meeting, %(when)s with %(host)s") % {
            "purpose": Purpose(row.purpose).label,
            "when": instant(row.starts_at, member.club),
            "host": row.host.name,
        }
        words = [str(row.get_status_display()), str(row.get_result_display()) if row.result else "", row.why]
        at = row.booked_at if row.starts_at > now else row.starts_at
        by = str(row.booked_by) if row.booked_by else ""
        found.append(Happening(at, "meeting", "calendar", title, " · ".join(filter(None, words)), by=by))
    return found


def _requests(member: Member, prices: bool) -> list[Happening]:
    return [
        Happening(row.made_at, "request", "message", _("Request: %s") % row.get_about_display(),
                  _shown(row.text, prices), by=str(row.made_by or ""))
        for row in Request.objects.filter(member=member).select_related("made_by").order_by("-made_at")[:100]
    ]  # fmt: skip
