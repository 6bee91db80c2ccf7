"""Every checklist of a club as a list: who is on the way, who is late and since when, who is through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import Count, Min, Q, QuerySet
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from config import clock, tables
from config.access import policy
from config.paging import By
from memberships import access, frame
from memberships.models import Club, Employee, Plan
from memberships.rights import Right
from memberships.views import listing
from memberships.views.people import acting
from onboarding import checklists
from onboarding.models import Checklist, StepStatus
from onboarding.views import board

COLUMNS = (
    tables.Column("member", gettext_lazy("Member"), sort="member"),
    tables.Column("plan", gettext_lazy("Plan"), hide_small=True),
    tables.Column("began", gettext_lazy("First day"), sort="began", numeric=True, hide_small=True),
    tables.Column("steps", gettext_lazy("Steps")),
    tables.Column("next", gettext_lazy("Next step"), sort="next"),
)
SORTS = {
    "next": (By("next_due", nullable=True), By("id")),
    "began": (By("membership__chain_starts_on"), By("id")),
    "member": (By("member__last_name"), By("member__first_name"), By("id")),
}
STATES = (
    ("running", gettext_lazy("On the way")),
    ("late", gettext_lazy("Late")),
    ("closed", gettext_lazy("Closed")),
)
EXPORT_HEADER = ("member", "plan", "first_day", "steps_done", "steps_skipped", "steps_open", "next_due_on", "closed_at")
OPEN = Q(steps__status=StepStatus.OPEN)


@policy(Right.WORK_CHECKLISTS)
@require_safe
def checklist_list(request: HttpRequest) -> HttpResponseBase:
    """The club's checklists, what is due first at the top."""
    club = frame.current_club(request, Right.WORK_CHECKLISTS)
    today = clock.today(club.zone)
    staff = Employee.objects.filter(club=club, active=True).order_by("name", "pk")
    plans = Plan.objects.filter(club=club, memberships__checklist__isnull=False).distinct().order_by("name", "pk")
    table = tables.Table(
        query=request.GET,
        queryset=found(club, request.GET, today),
        columns=COLUMNS,
        sorts=SORTS,
        default_sort="next",
        row_template="onboarding/_checklist_row.html",
        filters=(
            tables.Filter("state", _("Status"), list(STATES)),
            tables.Filter("who", _("Next step of"), [(str(one.pk), one.name) for one in staff]),
            tables.Filter("plan", _("Plan"), [(plan.code, plan.name) for plan in plans]),
        ),
        views=listing.tabs(
            request, club, LISTED, [(_("All"), {}), *((label, {"state": state}) for state, label in STATES)],
            lambda query: found(club, query, today),
        ),
        exports=access.may(acting(request), Right.EXPORT_MEMBERS, club),
        **listing.acts(request, club, LISTED),
    )  # fmt: skip
    if download := listing.download(request, club, LISTED, table, "next_due", "pk"):
        return download
    if not table.page.rows:
        some = Checklist.objects.filter(club=club).exists()
        text = "" if some else _("A new sale starts a checklist by itself.")
        ways = table.ways(lambda query: found(club, query, today)[: listing.COUNT_TO].count())
        table.empty = tables.Empty(_("No checklist fits") if some else _("No checklists yet"), text, ways)
    cards = {card.checklist.pk: card for card in board.cards_of([row.pk for row in table.page.rows], today)}
    table.page.rows[:] = [cards[row.pk] for row in table.page.rows]
    return tables.answer(request, "onboarding/checklist_list.html", table)


def found(club: Club, query: QueryDict, today: dt.date) -> QuerySet[Checklist]:
    """The checklists that an address asks for; unknown values of a filter find none."""
    rows = Checklist.objects.filter(club=club)
    match query.get("state", ""):
        case "":
            pass
        case "running":
            rows = checklists.running(club, today)
        case "late":
            rows = checklists.running(club, today).filter(pk__in=board.late(club, today))
        case "closed":
            rows = rows.exclude(closed_at=None)
        case _:
            rows = rows.none()
    if plan := query.get("plan"):
        rows = rows.filter(membership__plan__code=plan)
    if who := query.get("who"):
        mine = Checklist.objects.filter(OPEN, club=club, steps__employee=access.id_in(who))
        rows = rows.filter(pk__in=mine.values("pk"))
    return rows.annotate(next_due=Min("steps__due_on", filter=OPEN))


def _lines(rows: QuerySet[Checklist], _club: Club, _today: dt.date) -> Iterator[tuple[object, ...]]:
    counted = rows.select_related("member", "membership__plan").annotate(
        done=Count("steps", filter=Q(steps__status=StepStatus.DONE)),
        skipped=Count("steps", filter=Q(steps__status=StepStatus.SKIPPED)),
        waiting=Count("steps", filter=OPEN),
    )
    for row in counted.iterator(500):
        yield (
            *(row.member.name, row.membership.plan.code, row.membership.chain_starts_on),
            *(row.done, row.skipped, row.waiting, row.next_due, row.closed_at),
        )


LISTED = listing.register(
    listing.Listed(
        "checklists", gettext_lazy("Checklists"), "checklist_list", Right.WORK_CHECKLISTS,
        filters=("state", "who", "plan"), found=found, header=EXPORT_HEADER, export=_lines, member="member_id",
    )
)  # fmt: skip
