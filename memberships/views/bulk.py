"""What is done to the chosen rows of a list: asked first with the count, taken back or said to be final."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from config import clock, exports
from config.access import policy
from config.forms import refuse, sent
from config.templatetags.ringback import number
from memberships import access, bulk, frame
from memberships.forms.lists import NoteForm
from memberships.forms.people import ReasonForm
from memberships.models import BulkMark, Club, Member
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.views import listing
from memberships.views.listing import Listed
from memberships.views.people import acting

SHOWN = 10
"""Rows that are named when it is asked; the rest is counted."""


@policy(Right.EDIT_MEMBERS)
@require_POST
def list_bulk(request: HttpRequest, name: str) -> HttpResponseBase:
    """Marks the members behind the chosen rows as not to be called, or takes the rows out as a file."""
    club = frame.current_club(request, Right.EDIT_MEMBERS)
    one = listing.listed.get(name)
    exporting = request.POST.get("do") == "export"
    if one is None or not (one.export if exporting else one.member):
        raise Http404
    access.require(acting(request), one.right, club)
    return _export(request, one, club) if exporting else _do_not_call(request, one, club)


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


def _told_marked(count: int) -> str:
    if not count:
        return _("All of them were marked already.")
    words = ngettext("Nobody rings %(n)s member any more.", "Nobody rings %(n)s members any more.", count)
    return words % {"n": number(count)}


def _told_back(count: int) -> str:
    words = ngettext("%(n)s member may be called again.", "%(n)s members may be called again.", count)
    return words % {"n": number(count)}


def _do_not_call(request: HttpRequest, one: Listed, club: Club) -> HttpResponse:
    rows = listing.chosen(one, acting(request), club, request.POST, clock.today(club.zone))
    people = None if rows is None else _behind(one, rows)
    asked = request.POST.get("confirmed")
    form = NoteForm(request.POST if asked else None)
    status = 200
    if people is not None and asked:
        status = 422
        if form.is_valid():
            ids = list(people.order_by("pk").values_list("pk", flat=True)[: bulk.MOST + 1])
            try:
                mark = bulk.do_not_call(
                    club=club, members=ids, note=form.cleaned_data["note"], now=clock.now(), by=acting(request)
                )
            except Refused as error:
                refuse(form, error)
            else:
                messages.success(request, _told_marked(mark.count))
                return redirect(one.url_name)
    context = {"form": form, "may_take_back": access.may(acting(request), Right.CLEAR_DNC, club), "most": bulk.MOST}
    if people is not None:
        context |= _counted(people, [str(row) for row in people.order_by("pk")[:SHOWN]])
    return _asked(request, one, rows, "do_not_call", context, status)


def _behind(one: Listed, rows: QuerySet) -> QuerySet[Member]:
    """The members behind rows, each once."""
    return Member.objects.filter(pk__in=rows.order_by().values(one.member), merged_into=None)


def _export(request: HttpRequest, one: Listed, club: Club) -> HttpResponseBase:
    access.require(acting(request), Right.EXPORT_MEMBERS, club)
    today = clock.today(club.zone)
    rows = listing.chosen(one, acting(request), club, request.POST, today)
    form = request.POST.get("form", "")
    if rows is not None and request.POST.get("confirmed") and form in exports.FORMATS:
        assert one.export is not None
        found = one.export(rows.order_by("pk"), club, today)
        return exports.response(form, f"{club.slug}-{one.name}", [str(head) for head in one.header], found)
    context = _counted(rows, [one.named(row) for row in rows.order_by("pk")[:SHOWN]]) if rows is not None else {}
    return _asked(request, one, rows, "export", context, 200)


def _counted(found: QuerySet, names: list[str]) -> dict[str, object]:
    """How many there are, and the first of them by name."""
    count = found.count()
    return {"count": count, "names": names, "others": count - len(names)}


def _asked(
    request: HttpRequest, one: Listed, rows: QuerySet | None, do: str, context: dict[str, object], status: int
) -> HttpResponse:
    """The page that asks, with the count and the first names; 422 where a row is not there or none is chosen."""
    whole = bool(request.POST.get("all"))
    known = {
        "listed": one,
        "do": do,
        "whole": whole,
        "query": request.POST.get("query", "") if rows is not None else "",
        "refused": rows is None,
        "ids": [] if whole or rows is None else list(rows.order_by("pk").values_list("pk", flat=True)),
    }
    return render(request, "memberships/bulk.html", known | context, status=422 if rows is None else status)
