"""A member's memberships: terms and money, freezes with a preview of what they move, cancelling."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from config import charts, clock
from config.access import policy
from config.forms import refuse
from memberships import access, frame, freezing, quiet, sales, standing
from memberships.forms.terms import CancelForm, FreezeForm, ReturnForm
from memberships.models import Freeze, Member, Membership
from memberships.rights import Right
from memberships.rules.chains import Move
from memberships.rules.errors import Refused
from memberships.rules.terms import Status
from memberships.views.people import acting

RUNNING = (Status.ACTIVE, Status.FROZEN, Status.PENDING)


@policy(Right.READ_MEMBERS)
@require_safe
def member_terms(request: HttpRequest, pk: int) -> HttpResponse:
    """All memberships of a member, newest first; money only for who may read prices."""
    member = access.one(acting(request), Member.objects.select_related("club"), pk, Right.READ_MEMBERS)
    frame.enter(request, member.club)
    today = clock.today(member.club.zone)
    prices = access.may(acting(request), Right.READ_PRICES, member.club)
    rows = list(
        Membership.objects.filter(member=member)
        .select_related("plan", "renewed_from")
        .prefetch_related("promotions", "freezes")
        .order_by("-starts_on", "-pk")
    )
    statuses = standing.statuses(memberships=rows, on=today)
    for row in rows:
        row.status = statuses[row.pk]  # type: ignore[attr-defined]
        row.may_change = statuses[row.pk] in RUNNING  # type: ignore[attr-defined]
        row.shown_freezes = sorted(row.freezes.all(), key=lambda freeze: freeze.starts_on)  # type: ignore[attr-defined]
        row.bought_with = [promotion.name for promotion in row.promotions.all()]  # type: ignore[attr-defined]
        if not prices:
            row.bought_with = quiet.names(row.promotions.all())  # type: ignore[attr-defined]
            quiet.memberships([row])
    may_sell = access.may(acting(request), Right.SELL, member.club)
    context = {"member": member, "rows": rows, "today": today, "may_sell": may_sell}
    return render(request, "memberships/member_terms.html", context)


@policy(Right.SELL)
@require_http_methods(["GET", "POST"])
def freeze_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Gives a freeze. ``?preview=1`` answers only the part that shows what it would move."""
    row = _membership(request, pk)
    overrides = access.may(acting(request), Right.OVERRIDE, row.club)
    today = clock.today(row.club.zone)
    initial = {"starts_on": max(today, row.starts_on)}
    form = FreezeForm(request.POST or None, overrides=overrides, initial=initial)
    context: dict[str, object] = {"form": form, "row": row, "member": row.member, "today": today}
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        override = data.get("override_reason") or None
        days = {"starts_on": data["starts_on"], "ends_on": data["ends_on"]}
        try:
            if "preview" in request.GET:
                plan = freezing.preview(membership=row, **days, now=clock.now(), override_reason=override)
                context |= shown_moves(row, plan.moves, charts.Span(**days), today)
            else:
                freezing.give(
                    membership=row,
                    **days,
                    reason=data["reason"],
                    override_reason=override,
                    now=clock.now(),
                    by=acting(request),
                )
                messages.success(request, _("The freeze is saved."))
                return redirect("member_detail", row.member_id)
        except Refused as error:
            refuse(form, error)
    template = "memberships/_freeze_moves.html" if "preview" in request.GET else "memberships/freeze_form.html"
    status = 422 if form.errors and "preview" not in request.GET else 200
    return render(request, template, context, status=status)


@policy(Right.SELL)
@require_http_methods(["GET", "POST"])
def freeze_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Ends a freeze early; its unused days go back."""
    rows = Freeze.objects.select_related("membership__club", "membership__member", "membership__plan")
    freeze = access.one(acting(request), rows, pk, Right.SELL, club_path="membership__club_id")
    row = freeze.membership
    frame.enter(request, row.club)
    today = clock.today(row.club.zone)
    form = ReturnForm(request.POST or None, initial={"returned_on": today})
    if request.method == "POST" and form.is_valid():
        try:
            freezing.end(
                freeze=freeze,
                returned_on=form.cleaned_data["returned_on"],
                now=clock.now(),
                by=acting(request),
                supervisor=access.may(acting(request), Right.OVERRIDE, row.club),
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("The freeze is ended."))
            return redirect("member_detail", row.member_id)
    context = {"form": form, "row": row, "member": row.member, "freeze": freeze, "today": today}
    return render(request, "memberships/freeze_end.html", context, status=422 if form.errors else 200)


@policy(Right.SELL)
@require_http_methods(["GET", "POST"])
def membership_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancels a membership from a day on."""
    row = _membership(request, pk)
    today = clock.today(row.club.zone)
    form = CancelForm(request.POST or None, initial={"on": today})
    if request.method == "POST" and form.is_valid():
        try:
            sales.cancel(
                membership=row,
                on=form.cleaned_data["on"],
                reason=form.cleaned_data["reason"],
                now=clock.now(),
                by=acting(request),
                supervisor=access.may(acting(request), Right.OVERRIDE, row.club),
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("The membership is cancelled."))
            return redirect("member_detail", row.member_id)
    context = {"form": form, "row": row, "member": row.member, "today": today}
    return render(request, "memberships/membership_cancel.html", context, status=422 if form.errors else 200)


def shown_moves(
    row: Membership, moves: tuple[Move, ...], frozen: charts.Span | None, today: dt.date
) -> dict[str, object]:
    """The context of the part that shows both ends of everything that moves."""
    names = {one.pk: one.plan.name for one in Membership.objects.filter(member=row.member_id).select_related("plan")}
    drawn = [
        charts.Move(
            names[move.membership],
            charts.Span(move.before.starts_on, move.before.effective_ends_on),
            charts.Span(move.after.starts_on, move.after.effective_ends_on),
            current=move.membership == row.pk,
        )
        for move in moves
    ]
    return {"moves": drawn, "drawing": charts.moves(drawn, frozen, today=today) if drawn else "", "previewed": True}


def _membership(request: HttpRequest, pk: int) -> Membership:
    rows = Membership.objects.select_related("club", "member", "plan")
    row = access.one(acting(request), rows, pk, Right.SELL)
    frame.enter(request, row.club)
    return row
