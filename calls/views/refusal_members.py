"""The members behind a bar or a cell of the report of refusals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from calls import figures
from calls.figures import Names
from calls.models import ReasonGroup
from calls.rules import refusals as rules
from calls.rules.refusals import Refusal
from calls.views.refusal_asked import FILTERS, asked_by, who_said
from config import exports
from config.access import policy
from memberships import frame
from memberships.rights import Right

PAGE = 50
MEMBER_HEADER = (
    gettext_lazy("Day"), gettext_lazy("Member"), gettext_lazy("Number"), gettext_lazy("Reason"),
    gettext_lazy("Who can act"), gettext_lazy("Competitor"), gettext_lazy("Call"), gettext_lazy("Operator"),
    gettext_lazy("Plan"), gettext_lazy("Segment"), gettext_lazy("Tenure"), gettext_lazy("Note"),
)  # fmt: skip


@policy(Right.READ_REPORTS)
@require_safe
def refusal_members(request: HttpRequest) -> HttpResponseBase:
    """The members behind a bar or a cell: who refused, when, why and in which words."""
    club = frame.current_club(request, Right.READ_REPORTS)
    asked = asked_by(request, club)
    found = rules.chosen(figures.refusals(club=club, first=asked.first, last=asked.last), asked.filters)
    found = [one for one in reversed(found) if one.note or not request.GET.get("note")]
    names = figures.names(club, found)
    if (form := request.GET.get("export", "")) in exports.FORMATS:
        name = f"{club.slug}-refusals-members-{asked.first}-{asked.last}"
        return exports.response(form, name, [str(title) for title in MEMBER_HEADER], _member_rows(found, names))
    page = max(1, int(request.GET["page"][:6])) if request.GET.get("page", "").isdecimal() else 1
    shown = found[(page - 1) * PAGE : page * PAGE]
    people = figures.people(shown)
    context = {
        "asked": asked,
        "chosen": [
            (label, ", ".join(names.of(name, key) for key in asked.filters[name]), asked.members(**{name: None}))  # type: ignore[arg-type]
            for name, label in {"reason": _("Reason"), **FILTERS}.items()
            if asked.filters[name]
        ],
        "rows": [
            {
                "refusal": one,
                "member": people.get(one.member),
                "reason": names.of("reason", one.reason),
                "group": "rival" if one.group == ReasonGroup.COMPETITOR else one.group,
                "kind": names.of("kind", one.kind),
                "operator": names.of("operator", one.operator),
                "about": who_said(one, names),
            }
            for one in shown
        ],
        "total": len(found),
        "distinct": len({one.member for one in found}),
        "report_url": asked.url("refusal_report", reason=None, month=None, note=None),
        "csv_url": asked.members(export="csv"),
        "xlsx_url": asked.members(export="xlsx"),
        "newer": asked.url(page=str(page - 1)) if page > 1 else "",
        "older": asked.url(page=str(page + 1)) if page * PAGE < len(found) else "",
        "formula": _(figures.FORMULA),
    }
    return render(request, "calls/refusal_members.html", context)


def _member_rows(found: Sequence[Refusal], names: Names) -> Iterator[list[object]]:
    people = figures.people(found)
    for one in found:
        member = people.get(one.member)
        yield [
            one.on,
            member.name if member else "",
            (member.external_id or member.pk) if member else "",
            names.of("reason", one.reason),
            names.of("group", one.group),
            one.competitor,
            names.of("kind", one.kind),
            names.of("operator", one.operator),
            names.of("plan", one.plan),
            names.of("segment", one.segment),
            names.of("tenure", one.tenure),
            one.note,
        ]
