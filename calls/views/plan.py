"""The plan of a day, before it is made: what it would make, raise, lapse and leave out, and whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from calls import planning
from calls.models import Kind, Lapse
from calls.planning.preview import EXAMPLES, NUMBERS, Line, Preview, preview
from config import clock
from config.access import policy
from config.widgets import DayInput
from memberships import frame
from memberships.models import Member
from memberships.rights import Right

LISTED = 500

LEFT_OUT_WORDS = {
    "deceased": gettext_lazy("Deceased"),
    "do_not_call": gettext_lazy("Do not call"),
    "no_phone": gettext_lazy("No phone number"),
    "bad_phone": gettext_lazy("A wrong or a premium number"),
    "no_consent": gettext_lazy("No consent to calls"),
    "already_renewed": gettext_lazy("Renewed already"),
    "cancelled": gettext_lazy("Cancelled"),
    "open_complaint": gettext_lazy("A complaint waits for its answer"),
    "refused_lately": gettext_lazy("Refused lately"),
    "meeting_booked": gettext_lazy("A meeting lies ahead"),
    "frozen": gettext_lazy("Frozen"),
    "silence_days": gettext_lazy("Silent days after the start"),
}


class OnForm(forms.Form):
    on = forms.DateField(label=gettext_lazy("Plan for"), widget=DayInput)


@dataclass(frozen=True)
class Row:
    """One number of the plan, where its members are, and the first of them."""

    label: str
    count: int
    query: str
    lines: list[tuple[Line, Member]]


@policy(Right.SUPERVISE)
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """A dry run for a day (``?on=``); the members of one number with ``?of=created.renewal``."""
    club = frame.current_club(request, Right.SUPERVISE)
    now = clock.now()
    today = now.astimezone(club.zone).date()
    form = OnForm(request.GET if "on" in request.GET else None, initial={"on": today})
    on = form.cleaned_data["on"] if form.is_bound and form.is_valid() else today
    if not planning.may_plan(on, today=today):
        form.add_error("on", _("A plan is made for a day of the last month or of the year ahead."))
    context: dict[str, object] = {"form": form, "on": on, "today": today, "is_today": on == today}
    if not form.errors:
        found = preview(club=club, on=on, now=now)
        number, _dot, key = request.GET.get("of", "").partition(".")
        context |= {"plan": found.plan, "groups": _groups(found, on), "number": number}
        if number in NUMBERS:
            lines = found.behind(number, key)
            context |= {
                "title": _titles()[number],
                "label": _label(number, key),
                "count": len(lines),
                "lines": _with_members(lines[:LISTED]),
                "more": max(len(lines) - LISTED, 0),
                "back": f"?{urlencode({'on': on.isoformat()})}",
            }
    return render(request, "calls/plan.html", context, status=422 if form.errors else 200)


@policy(Right.SUPERVISE)
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Makes today's plan now, as the night would."""
    club = frame.current_club(request, Right.SUPERVISE)
    now = clock.now()
    done = planning.plan(club=club, on=now.astimezone(club.zone).date(), now=now)
    made = sum(done.created.values()) + done.reopened
    text = ngettext("Planned: %(count)s call was made.", "Planned: %(count)s calls were made.", made)
    messages.success(request, text % {"count": made})
    return redirect("plan")


def _titles() -> dict[str, str]:
    return {
        "created": _("Would be made"),
        "raised": _("Would be raised to a new rung"),
        "reopened": _("Would be opened again"),
        "lapsed": _("Would lapse"),
        "left_out": _("Left out"),
        "for_manager": _("For the manager to ring"),
    }


def _label(number: str, key: str) -> str:
    words: dict[str, dict[str, object]] = {
        "created": dict(Kind.choices),
        "lapsed": dict(Lapse.choices),
        "left_out": LEFT_OUT_WORDS,
    }
    named = {"raised": _("Renewal"), "reopened": _("Calls whose cause returned"), "for_manager": _("Win-back")}
    label = str(words.get(number, {}).get(key, key)) or str(named.get(number, ""))
    return label[:1].upper() + label[1:]


def _groups(found: Preview, on: dt.date) -> list[tuple[str, str, list[Row]]]:
    """For each number that is not zero: its name, title and rows, with the first members of each."""
    keyed = {"created": list(found.created), "lapsed": list(found.lapsed), "left_out": list(found.left_out)}
    lines = {(number, key): found.behind(number, key) for number in NUMBERS for key in keyed.get(number, [""])}
    shown = {place: some[:EXAMPLES] for place, some in lines.items()}
    members = _members([line for some in shown.values() for line in some])
    groups = []
    for number, title in _titles().items():
        rows = [
            Row(
                _label(number, key),
                len(some),
                "?" + urlencode({"on": on.isoformat(), "of": f"{number}.{key}" if key else number}),
                [(line, members[line.member]) for line in shown[number, key] if line.member in members],
            )
            for (of, key), some in lines.items()
            if of == number and some
        ]
        if rows or number == "created":
            groups.append((number, title, sorted(rows, key=lambda row: -row.count) if number == "left_out" else rows))
    return groups


def _with_members(lines: list[Line]) -> list[tuple[Line, Member]]:
    members = _members(lines)
    return [(line, members[line.member]) for line in lines if line.member in members]


def _members(lines: list[Line]) -> dict[int, Member]:
    return Member.objects.in_bulk({line.member for line in lines})
