"""Days on which the club is shut: the list, a new one with its preview, taking one back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from operator import attrgetter

from django import forms
from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from config import clock, tables
from config.access import policy
from config.forms import refuse, sent
from config.paging import By
from config.widgets import DayInput
from config.words import said
from memberships import access, foreseeing, frame, freezing
from memberships.models import Closure, Club, Member
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.rules.terms import DAY
from memberships.views import listing
from memberships.views.moving import hanging_line
from memberships.views.people import acting

SHOWN = 50
"""Moves that a preview names one by one; the rest is counted."""


EXPORT_HEADER = ("why", "starts_on", "ends_on", "taken_back_on", "memberships_frozen", "made_by")


class ClosureForm(forms.Form):
    starts_on = forms.DateField(label=gettext_lazy("First day"), widget=DayInput)
    ends_on = forms.DateField(label=gettext_lazy("Last day"), widget=DayInput)
    why = forms.CharField(label=gettext_lazy("Why"), max_length=200)


class TakeBackForm(forms.Form):
    on = forms.DateField(
        label=gettext_lazy("Open again from"),
        widget=DayInput,
        help_text=gettext_lazy("The days from this one on are given back; those before stay frozen."),
    )


COLUMNS = (
    tables.Column("why", gettext_lazy("Why")),
    tables.Column("days", gettext_lazy("Days"), sort="starts"),
    tables.Column("frozen", gettext_lazy("Memberships frozen"), numeric=True),
    tables.Column("made", gettext_lazy("Made by"), hide_small=True),
)
STATES = (("ahead", gettext_lazy("ahead")), ("now", gettext_lazy("now")), ("past", gettext_lazy("past")))


@policy(Right.OVERRIDE)
@require_safe
def closure_list(request: HttpRequest) -> HttpResponseBase:
    """The club's closures, the latest first, each with how many memberships it freezes."""
    club = frame.current_club(request, Right.OVERRIDE)
    today = clock.today(club.zone)
    table = tables.Table(
        query=request.GET,
        queryset=found(club, request.GET, today),
        columns=COLUMNS,
        sorts={"starts": (By("starts_on"), By("id"))},
        default_sort="-starts",
        row_template="memberships/_closure_row.html",
        filters=(tables.Filter("state", _("When"), list(STATES)),),
        exports=True,
        **listing.acts(request, club, LISTED),
        views=listing.tabs(
            request, club, LISTED, [(_("All"), {}), (_("Ahead"), {"state": "ahead"}), (_("Past"), {"state": "past"})],
            lambda query: found(club, query, today),
        ),
    )  # fmt: skip
    if download := listing.download(request, club, LISTED, table, "-starts_on", "-pk"):
        return download
    if not table.page.rows:
        some = Closure.objects.filter(club=club).exists()
        ways = table.ways(lambda query: found(club, query, today).count())
        table.empty = tables.Empty(_("No closure fits") if some else _("The club has not been closed yet"), "", ways)
    return tables.answer(request, "memberships/closure_list.html", table, {"today": today})


def found(club: Club, query: QueryDict, today: dt.date) -> QuerySet[Closure]:
    """The closures that an address asks for, with the memberships that each freezes."""
    standing = Count("freezes__membership", filter=Q(freezes__voided=False), distinct=True)
    rows = Closure.objects.filter(club=club).select_related("made_by").annotate(frozen=standing)
    match query.get("state", ""):
        case "":
            return rows
        case "ahead":
            return rows.filter(starts_on__gt=today)
        case "now":
            return rows.filter(starts_on__lte=today, ends_on__gte=today)
        case "past":
            return rows.filter(ends_on__lt=today)
        case _:
            return rows.none()


def _lines(rows: QuerySet[Closure], _club: Club, _today: dt.date) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield row.why, row.starts_on, row.ends_on, row.taken_back_on, row.frozen, str(row.made_by or "")


LISTED = listing.register(
    listing.Listed(
        "closures", gettext_lazy("Closures"), "closure_list", Right.OVERRIDE, ("state",), found,
        header=EXPORT_HEADER, export=_lines, named=attrgetter("why"),
    )
)  # fmt: skip


@policy(Right.OVERRIDE)
@require_http_methods(["GET", "POST"])
def closure_new(request: HttpRequest) -> HttpResponse:
    """Closes the club. ``?preview=1`` answers only the part that shows who would be frozen, and who left."""
    club = frame.current_club(request, Right.OVERRIDE)
    form = ClosureForm(sent(request))
    previewing = "preview" in request.GET
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        days = {"starts_on": form.cleaned_data["starts_on"], "ends_on": form.cleaned_data["ends_on"]}
        try:
            if previewing:
                preview, touched = foreseeing.closure(club=club, **days, now=clock.now(), by=acting(request))
                members = Member.objects.in_bulk({one.either.member for one in touched[:SHOWN]})
                context |= {
                    "previewed": True,
                    "frozen": len(preview.frozen),
                    "moves": preview.moves[:SHOWN],
                    "more": max(0, len(preview.moves) - SHOWN),
                    "left": [(one.membership, said(one.why)) for one in preview.left],
                    "hanging": [(members[one.either.member], hanging_line(one, club)) for one in touched[:SHOWN]],
                    "hanging_more": max(0, len(touched) - SHOWN),
                }
            else:
                why = form.cleaned_data["why"]
                done = freezing.close_club(club=club, **days, why=why, now=clock.now(), by=acting(request))
                messages.success(request, _("The closure is saved."))
                return redirect("closure_detail", done.closure.pk)
        except Refused as error:
            refuse(form, error)
    template = "memberships/_closure_preview.html" if previewing else "memberships/closure_form.html"
    return render(request, template, context, status=422 if form.errors and not previewing else 200)


@policy(Right.OVERRIDE)
@require_http_methods(["GET", "POST"])
def closure_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Whom a closure freezes, whom it had to leave; opens the club again from a day on."""
    closure = access.one(acting(request), Closure.objects.select_related("club", "made_by"), pk, Right.OVERRIDE)
    frame.enter(request, closure.club)
    today = clock.today(closure.club.zone)
    last = min(closure.ends_on, closure.taken_back_on - DAY) if closure.taken_back_on else closure.ends_on
    form = TakeBackForm(sent(request), initial={"on": max(today, closure.starts_on)})
    if request.method == "POST" and form.is_valid():
        try:
            freezing.reopen(closure=closure, on=form.cleaned_data["on"], now=clock.now(), by=acting(request))
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("The days are given back."))
            return redirect("closure_detail", closure.pk)
    freezes = closure.freezes.filter(voided=False).select_related("membership__member", "membership__plan")
    left = freezing.left_of(closure=closure, now=clock.now())
    context = {
        "closure": closure,
        "form": form,
        "last": last,
        "over": last < max(today, closure.starts_on),
        "frozen": freezes.values("membership").distinct().count(),
        "freezes": freezes.order_by("membership__member__last_name", "pk")[:SHOWN],
        "left": [(one.membership, said(one.why)) for one in left],
    }
    return render(request, "memberships/closure_detail.html", context, status=422 if form.errors else 200)
