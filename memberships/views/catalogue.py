"""Plans and promotions: what is sold, and on which terms."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from config import charts, clock, exports
from config.access import policy
from config.forms import refuse
from memberships import access, catalogue, frame, quiet
from memberships.exports import PLANS, PROMOTIONS, table
from memberships.forms.catalogue import PlanForm, PromotionForm
from memberships.models import Club, Plan, Promotion
from memberships.rights import Right
from memberships.rules import amounts
from memberships.rules.errors import Refused
from memberships.views.people import acting


@policy(Right.READ_OFFERS)
@require_safe
def plan_list(request: HttpRequest) -> HttpResponseBase:
    """The club's plans; operators see names, terms and zones. They go out as the file that the import reads."""
    club = frame.current_club(request, Right.READ_OFFERS)
    today = clock.today(club.zone)
    running = Q(memberships__starts_on__lte=today, memberships__last_covered_on__gte=today)
    plans = Plan.objects.filter(club=club).annotate(running=Count("memberships", running)).order_by("-active", "code")
    if access.may(acting(request), Right.READ_PRICES, club):
        header, rows = PLANS.columns, lambda: table(PLANS, club, today)
    else:
        plans = quiet.plans(plans)
        header = ("code", "name", "term", "zones")
        rows = lambda: [(plan.code, plan.name, plan.term, ";".join(plan.zones)) for plan in plans]  # noqa: E731
    if download := exports.asked(request, f"{club.slug}-plans", header, rows):
        return download
    context = {"plans": plans, "may_write": access.may(acting(request), Right.WRITE_OFFERS, club)}
    return render(request, "memberships/plan_list.html", context)


@policy(Right.WRITE_OFFERS)
@require_http_methods(["GET", "POST"])
def plan_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Makes a plan, or changes one: later sales only."""
    if pk is None:
        plan = Plan(club=frame.current_club(request, Right.WRITE_OFFERS))
    else:
        plan = access.one(acting(request), Plan.objects.select_related("club"), pk, Right.WRITE_OFFERS)
        frame.enter(request, plan.club)
    form = PlanForm(request.POST or None, instance=plan)
    if request.method == "POST" and form.is_valid():
        try:
            catalogue.save_plan(plan=plan, values=form.cleaned_data, now=clock.now(), by=acting(request))
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved. What was sold before keeps its own terms."))
            return redirect("plan_list")
    context = {"form": form, "plan": plan if plan.pk else None}
    return render(request, "memberships/plan_form.html", context, status=422 if form.errors else 200)


@policy(Right.READ_OFFERS)
@require_safe
def promotion_list(request: HttpRequest) -> HttpResponseBase:
    """The club's promotions with a bar for each sale period; operators see what may be said on the phone.

    They go out as the file that the import reads, to operators as what they see.
    """
    club = frame.current_club(request, Right.READ_OFFERS)
    today = clock.today(club.zone)
    rows = list(Promotion.objects.filter(clubs=club).prefetch_related("plans", "clubs").order_by("starts_on", "pk"))
    running = [row for row in rows if row.starts_on <= today and (row.ends_on is None or row.ends_on >= today)]
    prices = access.may(acting(request), Right.READ_PRICES, club)
    for row in rows:
        row.running = row in running  # type: ignore[attr-defined]
        row.over = row.ends_on is not None and row.ends_on < today  # type: ignore[attr-defined]
        row.bar = _bar(row, today)  # type: ignore[attr-defined]
        if not prices:
            row.name = amounts.mask_amounts(row.name)
            row.phone_summary = amounts.mask_amounts(row.phone_summary)
        row.days = int(row.value)  # type: ignore[attr-defined]
    shown = rows if prices else [row for row in running if row.phone_summary]
    if prices:
        download = exports.asked(
            request, f"{club.slug}-promotions", PROMOTIONS.columns, lambda: table(PROMOTIONS, club, today)
        )
    else:
        header = ("name", "phone_summary", "ends_on")
        lines = [(row.name, row.phone_summary, row.ends_on) for row in shown]
        download = exports.asked(request, f"{club.slug}-promotions", header, lambda: lines)
    if download:
        return download
    context = {
        "promotions": shown,
        "may_write": access.may(acting(request), Right.WRITE_OFFERS, club),
        "today": today,
    }
    template = "memberships/promotion_list.html" if prices else "memberships/promotion_summaries.html"
    return render(request, template, context)


def _bar(row: Promotion, today: dt.date) -> object:
    """Where today lies in the sale period, an open one taken to a year from now."""
    last = row.ends_on or max(row.starts_on, today) + dt.timedelta(days=365)
    return charts.term_bar(charts.Span(row.starts_on, last), today=min(max(today, row.starts_on), last))


@policy(Right.WRITE_OFFERS)
@require_http_methods(["GET", "POST"])
def promotion_edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Makes a promotion, or changes one; one of several clubs is an owner's of all of them."""
    club = frame.current_club(request, Right.WRITE_OFFERS)
    promotion = Promotion()
    clubs: list[Club] = [club]
    if pk is not None:
        mine = access.club_ids(acting(request), Right.READ_OFFERS)
        promotion = access.promotion(acting(request), pk)
        clubs = list(promotion.clubs.order_by("pk"))
        if len(clubs) > 1 and not all(access.may(acting(request), Right.OWN_CLUBS, one) for one in clubs):
            raise PermissionDenied
        club = next(one for one in clubs if one.pk in mine)
        access.require(acting(request), Right.WRITE_OFFERS, club)
        frame.enter(request, club)
    initial = {"plans": promotion.plans.all()} if promotion.pk else {"starts_on": clock.today(club.zone)}
    form = PromotionForm(request.POST or None, instance=promotion, club=club, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if name != "plans"}
        elsewhere = promotion.plans.exclude(club=club) if promotion.pk else Plan.objects.none()
        try:
            catalogue.save_promotion(
                promotion=promotion,
                values=values,
                clubs=clubs,
                plans=[*form.cleaned_data["plans"], *elsewhere],
                now=clock.now(),
                by=acting(request),
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("Saved. What was sold before keeps its own terms."))
            return redirect("promotion_list")
    context = {"form": form, "promotion": promotion if promotion.pk else None, "clubs_of_it": clubs}
    return render(request, "memberships/promotion_form.html", context, status=422 if form.errors else 200)
