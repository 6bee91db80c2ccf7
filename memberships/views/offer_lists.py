"""The lists of plans and of promotions; operators see what may be said on the phone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from operator import attrgetter

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from config import charts, clock, exports, tables
from config.access import policy
from config.paging import By
from memberships import access, frame, quiet
from memberships.exports import PLANS as FILE_OF_PLANS
from memberships.exports import PROMOTIONS as FILE_OF_PROMOTIONS
from memberships.exports import File
from memberships.exports import table as file_rows
from memberships.models import Audience, Club, Membership, Plan, Promotion, PromotionKind
from memberships.rights import Right
from memberships.rules import amounts
from memberships.views import listing
from memberships.views.people import acting

PLAN_COLUMNS = (
    tables.Column("plan", gettext_lazy("Plan"), sort="name"),
    tables.Column("term", gettext_lazy("Term")),
    tables.Column("zones", gettext_lazy("Zones"), hide_small=True),
    tables.Column("price", gettext_lazy("List price"), sort="price", numeric=True),
    tables.Column("freeze", gettext_lazy("Freeze days"), numeric=True, hide_small=True),
    tables.Column("running", gettext_lazy("Running"), sort="running", numeric=True),
)
PLAN_SORTS = {
    "sale": (By("active", descending=True), By("code"), By("id")),
    "name": (By("name"), By("id")),
    "price": (By("price"), By("id")),
    "running": (By("running", descending=True), By("id")),
}
PROMOTION_COLUMNS = (
    tables.Column("promotion", gettext_lazy("Promotion"), sort="name"),
    tables.Column("value", gettext_lazy("Value"), numeric=True),
    tables.Column("audience", gettext_lazy("For whom"), hide_small=True),
    tables.Column("period", gettext_lazy("Sale period"), sort="starts", hide_small=True),
    tables.Column("uses", gettext_lazy("Uses"), sort="uses", numeric=True),
    tables.Column("phone", gettext_lazy("Said on the phone"), hide_small=True),
)
PROMOTION_SORTS = {
    "starts": (By("starts_on"), By("id")),
    "name": (By("name"), By("id")),
    "uses": (By("uses", descending=True), By("id")),
}


@policy(Right.READ_OFFERS)
@require_safe
def plan_list(request: HttpRequest) -> HttpResponseBase:
    """The club's plans, those on sale first; operators see names, terms and zones."""
    club = frame.current_club(request, Right.READ_OFFERS)
    today = clock.today(club.zone)
    prices = access.may(acting(request), Right.READ_PRICES, club)
    table = tables.Table(
        query=request.GET,
        queryset=found_plans(club, request.GET, today),
        columns=[column for column in PLAN_COLUMNS if prices or column.name != "price"],
        sorts={name: order for name, order in PLAN_SORTS.items() if prices or name != "price"},
        row_template="memberships/_plan_row.html",
        filters=(tables.Filter("sale", _("For sale"), [("1", _("yes")), ("0", _("no"))]),),
        exports=True,
        **listing.acts(request, club, PLANS),
        views=listing.tabs(
            request, club, PLANS, [(_("All"), {}), (_("For sale"), {"sale": "1"}), (_("Not for sale"), {"sale": "0"})],
            lambda query: found_plans(club, query, today),
        ),
    )  # fmt: skip
    if prices:
        header, rows = FILE_OF_PLANS.columns, lambda: _plan_lines(table.queryset, club, today)
    else:
        header = ("code", "name", "term", "zones")
        shown = quiet.plans(table.queryset.order_by("code"))
        rows = lambda: [(row.code, row.name, row.term, ";".join(row.zones)) for row in shown]  # noqa: E731
    if download := exports.asked(request, f"{club.slug}-plans", header, rows):
        return download
    if not table.page.rows:
        some = Plan.objects.filter(club=club).exists()
        text = "" if some else _("Load them with the import, or type in the first one.")
        ways = table.ways(lambda query: found_plans(club, query, today).count())
        table.empty = tables.Empty(_("No plan fits") if some else _("No plans yet"), text, ways)
    if not prices:
        quiet.plans(table.page.rows)
    context = {"may_write": access.may(acting(request), Right.WRITE_OFFERS, club)}
    return tables.answer(request, "memberships/plan_list.html", table, context)


def found_plans(club: Club, query: QueryDict, today: dt.date) -> QuerySet[Plan]:
    """The plans that an address asks for, each with how many memberships of it run today."""
    running = Membership.objects.filter(plan=OuterRef("pk"), starts_on__lte=today, last_covered_on__gte=today)
    counted = running.order_by().values("plan").annotate(n=Count("pk")).values("n")
    rows = Plan.objects.filter(club=club)
    rows = rows.annotate(running=Coalesce(Subquery(counted, output_field=IntegerField()), 0))
    if sale := query.get("sale"):
        rows = rows.filter(active=sale == "1")
    return rows


@policy(Right.READ_OFFERS)
@require_safe
def promotion_list(request: HttpRequest) -> HttpResponseBase:
    """The club's promotions, each sale period a bar over the same months; operators see what may be said."""
    club = frame.current_club(request, Right.READ_OFFERS)
    today = clock.today(club.zone)
    if not access.may(acting(request), Right.READ_PRICES, club):
        return _summaries(request, club, today)
    table = tables.Table(
        query=request.GET,
        queryset=found_promotions(club, request.GET, today).prefetch_related("plans", "clubs"),
        columns=PROMOTION_COLUMNS,
        sorts=PROMOTION_SORTS,
        default_sort="-starts",
        exports=True,
        **listing.acts(request, club, PROMOTIONS),
        row_template="memberships/_promotion_row.html",
        filters=(
            tables.Filter("state", _("Sold"), list(STATES)),
            tables.Filter("kind", _("Kind"), PromotionKind.choices),
            tables.Filter("for", _("For whom"), Audience.choices),
            tables.Filter("code", _("Only with its code"), [("1", _("yes")), ("0", _("no"))], extra=True),
        ),
        views=listing.tabs(
            request, club, PROMOTIONS, [(_("All"), {}), *((label, {"state": state}) for state, label in STATES)],
            lambda query: found_promotions(club, query, today),
        ),
    )  # fmt: skip
    columns = FILE_OF_PROMOTIONS.columns
    if download := exports.asked(
        request, f"{club.slug}-promotions", columns, lambda: _promotion_lines(table.queryset, club, today)
    ):
        return download
    if not table.page.rows:
        some = Promotion.objects.filter(clubs=club).exists()
        text = "" if some else _("A promotion lowers a price, adds days or gives something, while it is sold.")
        ways = table.ways(lambda query: found_promotions(club, query, today).count())
        table.empty = tables.Empty(_("No promotion fits") if some else _("No promotions yet"), text, ways)
    _dress(table.page.rows, today)
    table.extra["axis"] = charts.months_row(_axis(table.page.rows, today)) if table.page.rows else ""
    context = {"may_write": access.may(acting(request), Right.WRITE_OFFERS, club), "today": today}
    return tables.answer(request, "memberships/promotion_list.html", table, context)


STATES = (
    ("now", gettext_lazy("Running")),
    ("coming", gettext_lazy("Not yet")),
    ("over", gettext_lazy("Over")),
    ("used", gettext_lazy("Used up")),
)


def found_promotions(club: Club, query: QueryDict, today: dt.date) -> QuerySet[Promotion]:
    """The promotions that an address asks for; unknown values of a filter find none."""
    rows = Promotion.objects.filter(clubs=club)
    if state := query.get("state"):
        match state:
            case "now":
                rows = rows.filter(running_q(today))
            case "coming":
                rows = rows.filter(starts_on__gt=today)
            case "over":
                rows = rows.filter(ends_on__lt=today)
            case "used":
                rows = rows.filter(uses__gte=F("max_uses"))
            case _:
                return rows.none()
    if kind := query.get("kind"):
        rows = rows.filter(kind=kind)
    if audience := query.get("for"):
        rows = rows.filter(audience__contains=[audience])
    if code := query.get("code"):
        rows = rows.filter(needs_code=code == "1")
    return rows


def running_q(today: dt.date) -> Q:
    """Promotions that are sold on a day."""
    return Q(starts_on__lte=today) & (Q(ends_on=None) | Q(ends_on__gte=today))


def _summaries(request: HttpRequest, club: Club, today: dt.date) -> HttpResponseBase:
    """What may be said on the phone of the promotions that run today."""
    rows = list(
        Promotion.objects.filter(running_q(today), clubs=club).exclude(phone_summary="").order_by("ends_on", "pk")
    )
    for row in rows:
        row.name = amounts.mask_amounts(row.name)
        row.phone_summary = amounts.mask_amounts(row.phone_summary)
    header = ("name", "phone_summary", "ends_on")
    lines = [(row.name, row.phone_summary, row.ends_on) for row in rows]
    download = exports.asked(request, f"{club.slug}-promotions", header, lambda: lines)
    return download or render(request, "memberships/promotion_summaries.html", {"promotions": rows})


def _axis(rows: list[Promotion], today: dt.date) -> charts.Axis:
    return charts.axis_of([(row.starts_on, row.ends_on) for row in rows], today=today)


def _dress(rows: list[Promotion], today: dt.date) -> None:
    """Gives each row of a page its bar over the months that the page shows."""
    axis = _axis(rows, today)
    for row in rows:
        row.over = row.ends_on is not None and row.ends_on < today  # type: ignore[attr-defined]
        row.bar = charts.period_row(row.starts_on, row.ends_on, axis)  # type: ignore[attr-defined]
        row.days = int(row.value)  # type: ignore[attr-defined]
        row.audiences = [Audience(one).label for one in row.audience]  # type: ignore[attr-defined]
        row.used_up = row.max_uses is not None and row.uses >= row.max_uses  # type: ignore[attr-defined]


def _lines_of(file: File, rows: QuerySet, club: Club, today: dt.date) -> list[Sequence[object]]:
    """The lines of a file that stand for these rows, in the file's own order and writing."""
    codes, at = set(rows.order_by().values_list("code", flat=True)), file.columns.index("code")
    return [line for line in file_rows(file, club, today) if line[at] in codes]


def _plan_lines(rows: QuerySet[Plan], club: Club, today: dt.date) -> list[Sequence[object]]:
    return _lines_of(FILE_OF_PLANS, rows, club, today)


def _promotion_lines(rows: QuerySet[Promotion], club: Club, today: dt.date) -> list[Sequence[object]]:
    return _lines_of(FILE_OF_PROMOTIONS, rows, club, today)


PLANS = listing.register(
    listing.Listed(
        "plans",
        gettext_lazy("Plans"),
        "plan_list",
        Right.READ_OFFERS,
        filters=("sale",),
        found=found_plans,
        header=FILE_OF_PLANS.columns,
        export=_plan_lines,
        named=attrgetter("name"),
    )
)
PROMOTIONS = listing.register(
    listing.Listed(
        "promotions", gettext_lazy("Promotions"), "promotion_list", Right.READ_PRICES,
        filters=("state", "kind", "for", "code"), found=found_promotions,
        header=FILE_OF_PROMOTIONS.columns, export=_promotion_lines, named=attrgetter("name"),
    )
)  # fmt: skip
