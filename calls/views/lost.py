"""Whom the manager rings to win back: lost members no operator is given, with what was said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from calls import complaints, lost
from calls.views import feedback
from config import clock, tables
from config.access import policy
from config.paging import By
from memberships import frame
from memberships.models import Club, Member, Segment, User
from memberships.rights import Right
from memberships.views import listing
from memberships.views.people import acting

COLUMNS = (
    tables.Column("member", gettext_lazy("Member"), sort="member"),
    tables.Column("last", gettext_lazy("Last day"), sort="last", numeric=True),
    tables.Column("segment", gettext_lazy("Segment"), hide_small=True),
    tables.Column("why", gettext_lazy("What was said")),
)
SORTS = {
    "last": (By("last_covered_on", nullable=True), By("id")),
    "member": (By("last_name"), By("first_name"), By("id")),
}
GONE = {
    "90": (0, 90, gettext_lazy("up to 90 days ago")),
    "180": (91, 180, gettext_lazy("91 to 180 days ago")),
    "365": (181, 365, gettext_lazy("more than 180 days ago")),
}
EXPORT_HEADER = ("external_id", "member", "phone", "last_day", "segment", "do_not_call", "said")


@policy(Right.SUPERVISE)
@require_safe
def lost_list(request: HttpRequest) -> HttpResponseBase:
    """The club's lost members whom the manager rings, who left last at the top."""
    club = frame.current_club(request, Right.SUPERVISE)
    today = clock.today(club.zone)

    def seen(query: QueryDict) -> QuerySet[Member]:
        return LISTED.rows(acting(request), club, query, today)

    table = tables.Table(
        query=request.GET,
        queryset=seen(request.GET),
        columns=COLUMNS,
        sorts=SORTS,
        default_sort="-last",
        row_template="calls/_lost_row.html",
        filters=(
            tables.Filter("gone", _("Left"), [(key, label) for key, (_a, _b, label) in GONE.items()]),
            tables.Filter("segment", _("Segment"), Segment.choices),
            tables.Filter("over", _("Over"), [("complaint", _("a complaint")), ("refusal", _("a refusal"))]),
            tables.Filter("dnc", _("Do not call"), [("1", _("yes")), ("0", _("no"))], extra=True),
        ),
        views=listing.tabs(request, club, LISTED, [(_("All"), {}), (_("May be rung"), {"dnc": "0"})], None),
        exports=True,
        **listing.acts(request, club, LISTED),
    )
    if download := listing.download(request, club, LISTED, table, "-last_covered_on", "pk", file="win-back"):
        return download
    if not table.page.rows:
        plain = not any(request.GET.get(name) for name in LISTED.filters)
        text = _("Members who left over somebody who works here stand here while a promotion brings people back.")
        ways = table.ways(lambda query: seen(query).count())
        table.empty = tables.Empty(_("Nobody is to be rung by the manager") if plain else _("Nobody fits"), text, ways)
    over = complaints.not_about(acting(request), complaints.over_people())
    said = lost.said_by([row.pk for row in table.page.rows], club, over)
    for row in table.page.rows:
        row.said = said.get(row.pk, [])  # type: ignore[attr-defined]
    return tables.answer(request, "calls/lost_list.html", table, {"tabs": feedback.tabs(request, club, "lost")})


def found(club: Club, query: QueryDict, today: dt.date) -> QuerySet[Member]:
    """The members that an address asks for; unknown values of a filter find nobody."""
    rows = lost.for_manager(club=club, on=today, now=clock.now())
    if gone := query.get("gone"):
        if gone not in GONE:
            return rows.none()
        least, most, _label = GONE[gone]
        rows = rows.filter(last_covered_on__range=(today - dt.timedelta(most), today - dt.timedelta(least)))
    if segment := query.get("segment"):
        rows = rows.filter(segment=segment)
    if over := query.get("over"):
        complained = complaints.over_people().filter(club=club, member__isnull=False).values("member")
        rows = rows.filter(pk__in=complained) if over == "complaint" else rows.exclude(pk__in=complained)
    if dnc := query.get("dnc"):
        rows = rows.filter(do_not_call_since__isnull=dnc == "0")
    return rows


def not_over(user: User, rows: QuerySet[Member]) -> QuerySet[Member]:
    """These members without those who complained about the reader: somebody else rings them."""
    over = complaints.over_people().filter(about__user=user, member__isnull=False)
    return rows.exclude(pk__in=over.values("member"))


def _lines(rows: QuerySet[Member], club: Club, _today: dt.date) -> Iterator[tuple[object, ...]]:
    people = list(rows)
    said = lost.said_by([row.pk for row in people], club, complaints.over_people().filter(club=club))
    for row in people:
        words = "; ".join(f"{word.on} {word.text}" for word in said.get(row.pk, []))
        yield (
            *(row.external_id or "", row.name, row.phone, row.last_covered_on, row.segment),
            *("yes" if row.do_not_call else "no", words),
        )


LISTED = listing.register(
    listing.Listed(
        "lost", gettext_lazy("Win back yourself"), "lost_list", Right.SUPERVISE,
        filters=("gone", "segment", "over", "dnc"), found=found, header=EXPORT_HEADER, export=_lines,
        member="pk", named=str, seen=not_over,
    )
)  # fmt: skip
