"""What is done to the chosen rows of a list: asked first with the count, taken back or said to be final."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from config import clock, exports
from config.access import policy
from config.forms import refuse, sent
from config.templatetags.ringback import number
from memberships import access, bulk, frame
from memberships.forms.lists import NoteForm
from memberships.forms.people import ReasonForm
from memberships.models import BulkMark, Club
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.views import listing
from memberships.views.listing import Listed
from memberships.views.people import acting

SHOWN = 10
"""Rows that are named when it is asked; the rest is counted."""


@policy(Right.EDIT_MEMBERS)
@require_POST
def members_bulk(request: HttpRequest) -> HttpResponseBase:
    """Marks the chosen members as not to be called, or takes them out as a file."""
    club = frame.current_club(request, Right.EDIT_MEMBERS)
    one = listing.listed["members"]
    if request.POST.get("do") == "export":
        return _export(request, one, club)
    return _do_not_call(request, one, club)


@policy(Right.EXPORT_MEMBERS)
@require_POST
def memberships_bulk(request: HttpRequest) -> HttpResponseBase:
    """Takes the chosen memberships out as a file."""
    return _export(request, listing.listed["memberships"], frame.current_club(request, Right.EXPORT_MEMBERS))


@policy(Right.CLEAR_DNC)
@require_http_methods(["GET", "POST"])
def bulk_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks why, and takes do-not-call away again from all that were marked together."""
    user = acting(request)
    mark = access.one(user, BulkMark.objects.select_related("club", "made_by"), pk, Right.CLEAR_DNC)
    frame.enter(request, mark.club)
    form = ReasonForm(sent(request))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                bulk.take_back(mark=mark, reason=form.cleaned_data["reason"], now=clock.now(), by=user)
            except Refused as error:
                refuse(form, error)
                status = error.status
            else:
                messages.success(request, _told_back(mark.count))
                return redirect("member_list")
    context = {"form": form, "mark": mark, "until": mark.made_at + bulk.REVERSIBLE}
    return render(request, "memberships/bulk_undo.html", context, status=status)


def _told_back(count: int) -> str:
    words = ngettext("%(n)s member may be called again.", "%(n)s members may be called again.", count)
    return words % {"n": number(count)}


def _do_not_call(request: HttpRequest, one: Listed, club: Club) -> HttpResponse:
    rows = listing.chosen(one, club, request.POST, clock.today(club.zone))
    asked = request.POST.get("confirmed")
    form = NoteForm(request.POST if asked else None)
    status = 200
    if rows is not None and asked:
        status = 422
        if form.is_valid():
            ids = list(rows.order_by("pk").values_list("pk", flat=True)[: bulk.MOST + 1])
            try:
                mark = bulk.do_not_call(
                    club=club, members=ids, note=form.cleaned_data["note"], now=clock.now(), by=acting(request)
                )
            except Refused as error:
                refuse(form, error)
            else:
                words = ngettext(
                    "Nobody rings %(n)s member any more.", "Nobody rings %(n)s members any more.", mark.count
                )
                messages.success(request, words % {"n": number(mark.count)})
                return redirect("member_list")
    context = {"form": form, "may_take_back": access.may(acting(request), Right.CLEAR_DNC, club), "most": bulk.MOST}
    return _asked(request, one, rows, "do_not_call", context, status)


def _export(request: HttpRequest, one: Listed, club: Club) -> HttpResponseBase:
    access.require(acting(request), Right.EXPORT_MEMBERS, club)
    today = clock.today(club.zone)
    rows = listing.chosen(one, club, request.POST, today)
    form = request.POST.get("form", "")
    if rows is not None and request.POST.get("confirmed") and form in exports.FORMATS:
        assert one.export is not None
        found = one.export(rows.order_by("pk"), today)
        return exports.response(form, f"{club.slug}-{one.name}", one.header, found)
    return _asked(request, one, rows, "export", {}, 200)


def _asked(
    request: HttpRequest, one: Listed, rows: QuerySet | None, do: str, context: dict[str, object], status: int
) -> HttpResponse:
    """The page that asks, with the count and the first names; 422 where a row is not there or none is chosen."""
    whole = bool(request.POST.get("all"))
    known = {
        "listed": one,
        "do": do,
        "whole": whole,
        "query": request.POST.get("query", "") if whole else "",
        "refused": rows is None,
        "count": rows.count() if rows is not None else 0,
        "rows": list(rows.order_by("pk")[:SHOWN]) if rows is not None else [],
        "ids": [] if whole or rows is None else list(rows.order_by("pk").values_list("pk", flat=True)),
    }
    known["others"] = known["count"] - len(known["rows"])  # type: ignore[operator, arg-type]
    return render(request, "memberships/bulk.html", context | known, status=422 if rows is None else status)
