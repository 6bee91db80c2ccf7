"""Saving a view of a list, renaming, sharing and deleting it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config import clock
from config.access import policy
from config.forms import refuse, sent
from memberships import access, frame, saved_views
from memberships.forms.lists import SavedViewForm
from memberships.models import Club, SavedView, User
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.views import listing
from memberships.views.listing import Listed
from memberships.views.people import acting


@policy(Right.READ_MEMBERS)
@require_http_methods(["GET", "POST"])
def saved_view_new(request: HttpRequest) -> HttpResponse:
    """Keeps the list of the address (``?list=members&ends=30``) under a name, as a tab above it."""
    user = acting(request)
    club = frame.current_club(request, Right.READ_MEMBERS)
    one = listing.listed.get(request.GET.get("list", ""))
    if one is None:
        return redirect("start")
    access.require(user, one.right, club)
    query = listing.kept(one, request.GET)
    may_share = access.may(user, Right.SUPERVISE, club)
    form = SavedViewForm(sent(request), may_share=may_share)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                view = saved_views.save(
                    club=club, owner=user, list_name=one.name, name=form.cleaned_data["name"], query=query,
                    shared=form.shares, now=clock.now(),
                )  # fmt: skip
            except Refused as error:
                refuse(form, error)
                status = error.status
            else:
                messages.success(request, _("The view %(name)s stands above the list now.") % {"name": view.name})
                return _to_list(one, query)
    context = {"form": form, "view": None, **_about(one, user, club, query)}
    return render(request, "memberships/saved_view.html", context, status=status)


@policy(Right.READ_MEMBERS)
@require_http_methods(["GET", "POST"])
def saved_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Renames, shares or deletes a view: its owner, and a manager one that the club sees. Others are led to it."""
    user = acting(request)
    view = access.one(user, SavedView.objects.select_related("club", "owner"), pk, Right.READ_MEMBERS)
    supervises = access.may(user, Right.SUPERVISE, view.club)
    one = listing.listed.get(view.list)
    if one is None or not (view.shared or view.owner_id == user.pk):
        raise Http404
    frame.enter(request, view.club)
    if view.owner_id != user.pk and not supervises:
        if request.method == "POST":
            raise Http404
        return _to_list(one, view.query)
    initial = {"name": view.name, "shared": view.shared}
    form = SavedViewForm(sent(request), may_share=supervises, initial=initial)
    status = 200
    if request.method == "POST" and request.POST.get("do") == "delete":
        saved_views.delete(view=view, by=user)
        messages.success(
            request, _("The view %(name)s is gone. The rows that it showed are not.") % {"name": view.name}
        )
        return _to_list(one, "")
    if request.method == "POST":
        status = 422
        if form.is_valid():
            shared = form.shares if supervises else view.shared
            try:
                saved_views.change(view=view, name=form.cleaned_data["name"], shared=shared, by=user)
            except Refused as error:
                refuse(form, error)
                status = error.status
            else:
                messages.success(request, _("Saved."))
                return _to_list(one, view.query)
    context = {"form": form, "view": view, **_about(one, user, view.club, view.query)}
    return render(request, "memberships/saved_view.html", context, status=status)


def _to_list(one: Listed, query: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse(one.url_name)}{'?' if query else ''}{query}")


def _about(one: Listed, user: User, club: Club, query: str) -> dict[str, object]:
    """What the page says of the list behind a view."""
    count = None
    if one.found is not None:
        count = one.rows(user, club, QueryDict(query), clock.today(club.zone)).order_by()[: listing.COUNT_TO].count()
    return {"listed": one, "list_url": _to_list(one, query).url, "count": count}
