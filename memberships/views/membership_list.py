"""The list of memberships: ending soon, frozen, with a balance due, with special terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from config import clock, exports, tables
from config.access import policy
from config.paging import By
from config.templatetags.ringback import days_tone, money, number, short_day
from memberships import access, frame, quiet, standing
from memberships.models import Club, Membership, SaleKind
from memberships.rights import Right
from memberships.rules.terms import Status
from memberships.views import listing
from memberships.views.listing import COUNT_TO
from memberships.views.members import ENDS, STATUS_NAMES

COLUMNS = (
    tables.Column("member", gettext_lazy("Member"), sort="member"),
    tables.Column("plan", gettext_lazy("Plan"), hide_small=True),
    tables.Column("kind", gettext_lazy("Sold as"), hide_small=True),
    tables.Column("sold", gettext_lazy("Sold on"), sort="sold", numeric=True, hide_small=True),
    tables.Column("starts", gettext_lazy("First day"), sort="starts", numeric=True, hide_small=True),
    tables.Column("ends", gettext_lazy("Last day"), sort="ends", numeric=True),
    tables.Column("left", gettext_lazy("Days left"), numeric=True),
    tables.Column("status", gettext_lazy("Status"), hide_small=True),
    tables.Column("special", gettext_lazy("Special terms"), hide_small=True),
)
MONEY = (
    tables.Column("paid", gettext_lazy("Paid"), numeric=True, hide_small=True),
    tables.Column("due", gettext_lazy("Due"), sort="due", numeric=True),
)
SORTS = {
    "ends": (By("effective_ends_on"), By("id")),
    "starts": (By("starts_on"), By("id")),
    "sold": (By("sold_on"), By("id")),
    "member": (By("member__last_name"), By("member__first_name"), By("id")),
}
MONEY_SORTS = {**SORTS, "due": (By("balance_due"), By("id"))}


@policy(Right.READ_MEMBERS)
@require_safe
def membership_list(request: HttpRequest) -> HttpResponse:
    """Memberships of the current club, filtered, sorted, paged by key; money only for who may read prices."""
    club = frame.current_club(request, Right.READ_MEMBERS)
    today = clock.today(club.zone)
    prices = access.may(frame.person(request), Right.READ_PRICES, club)
    may_export = access.may(frame.person(request), Right.EXPORT_MEMBERS, club)
    filters = [
        tables.Filter("ends", _("Ends"), [(key, label) for key, (_a, _b, label) in ENDS.items()]),
        tables.Filter("status", _("Status"), [(one.value, label) for one, label in STATUS_NAMES.items()]),
        tables.Filter("plan", _("Plan"), listing.plan_choices(club, prices=prices)),
        tables.Filter("kind", _("Sold as"), SaleKind.choices),
        tables.Filter("special", _("Special terms"), [("1", _("yes"))], extra=True),
    ]
    if prices:
        filters.append(tables.Filter("due", _("Balance due"), [("1", _("yes")), ("late", _("overdue"))], extra=True))
    table = tables.Table(
        query=request.GET,
        queryset=found(club, request.GET, today, prices=prices),
        columns=(*COLUMNS, *(MONEY if prices else ())),
        sorts=MONEY_SORTS if prices else SORTS,
        default_sort="ends" if request.GET.get("ends") or request.GET.get("status") else "-ends",
        row_template="memberships/_membership_row.html",
        filters=filters,
        views=listing.tabs(
            request, club, LISTED, _built_in(prices), lambda query: found(club, query, today, prices=prices)
        ),
        exports=may_export,
        **listing.acts(request, club, LISTED),
    )
    asked = request.GET.get("export")
    if asked in exports.FORMATS:
        access.require(frame.person(request), Right.EXPORT_MEMBERS, club)
        rows = _export(table.queryset.order_by("effective_ends_on", "pk"), club, today)
        return exports.response(asked, f"{club.slug}-memberships", EXPORT_HEADER, rows)
    if not table.page.rows:
        count = table.ways(lambda query: found(club, query, today, prices=prices)[:COUNT_TO].count())
        table.empty = tables.Empty(_("No membership fits"), ways=count)
    table.page.rows[:] = _rows_of(club, table.page.rows, today, prices)
    context = {"may_close": access.may(frame.person(request), Right.OVERRIDE, club)}
    return tables.answer(request, "memberships/membership_list.html", table, context)


def found(club: Club, query: QueryDict, today: dt.date, *, prices: bool = True) -> QuerySet[Membership]:
    """The memberships that an address asks for; unknown values of a filter find none."""
    rows = Membership.objects.filter(club=club).select_related("member", "plan")
    if ends := query.get("ends"):
        if ends not in ENDS:
            return rows.none()
        first, last, _label = ENDS[ends]
        rows = rows.filter(effective_ends_on__range=(today + dt.timedelta(first), today + dt.timedelta(last)))
    if status := query.get("status"):
        if status not in set(Status):
            return rows.none()
        rows = rows.filter(standing.status_q(status, today))
    if plan := query.get("plan"):
        rows = rows.filter(plan__code=plan)
    if kind := query.get("kind"):
        rows = rows.filter(sale_kind=kind)
    if query.get("special"):
        rows = rows.exclude(special_terms="")
    if prices and (due := query.get("due")):
        rows = rows.filter(balance_due__gt=0)
        rows = rows.filter(balance_due_on__lt=today) if due == "late" else rows
    return rows


def _built_in(prices: bool) -> list[tuple[object, dict[str, str]]]:
    tabs: list[tuple[object, dict[str, str]]] = [
        (_("All"), {}),
        (_("Ending soon"), {"ends": "30", "status": "active"}),
        (_("Frozen"), {"status": "frozen"}),
        (_("Special terms"), {"special": "1", "status": "active"}),
    ]
    if prices:
        tabs.insert(3, (_("Balance due"), {"due": "1"}))
    return tabs


@dataclass(frozen=True)
class Row:
    """One line of the list: the words that stand in its columns; money only for who may read prices."""

    key: str
    url: str
    name: str
    choose: str
    plan: str
    kind: str
    sold: str
    starts: str
    ends: str
    left: str
    tone: str
    status: str
    frozen: bool
    special: str
    paid: str
    due: str


def _rows_of(club: Club, found: list[Membership], today: dt.date, prices: bool) -> list[Row]:
    """A page's lines; each word that they share is looked up once."""
    if not prices:
        quiet.memberships(found)
    stands = standing.statuses(memberships=found, on=today)
    address, choose = tables.addresses("member_terms"), _("Select %(name)s, %(plan)s")
    kinds = {value: str(label) for value, label in SaleKind.choices}
    words = {status: str(name) for status, name in STATUS_NAMES.items()}
    rows = []
    for one in found:
        status, name, plan = stands[one.pk], one.member.name, one.plan.name
        left = (one.effective_ends_on - today).days
        rows.append(
            Row(
                key=str(one.pk),
                url=address(one.member_id),
                name=name,
                choose=choose % {"name": name, "plan": plan},
                plan=plan,
                kind=kinds.get(one.sale_kind, one.sale_kind),
                sold=short_day(one.sold_on, club),
                starts=short_day(one.starts_on, club),
                ends=short_day(one.last_covered_on, club),
                left=number(left) if status in (Status.ACTIVE, Status.FROZEN) else "",
                tone=days_tone(left) if left >= 0 else "",
                status=words[status],
                frozen=status is Status.FROZEN,
                special=one.special_terms,
                paid=money(one.price_paid, club) if prices else "",
                due=money(one.balance_due, club) if prices and one.balance_due else "",
            )
        )
    return rows


EXPORT_HEADER = (
    "external_id", "member", "plan", "sale_kind", "sold_on", "starts_on", "ends_on", "last_day", "price", "price_paid",
    "balance_due", "balance_due_on", "special_terms", "cancelled_on",
)  # fmt: skip


def _export(rows: QuerySet[Membership], _club: Club, _today: dt.date) -> Iterator[list[object]]:
    for row in rows.iterator(chunk_size=1000):
        yield [
            row.external_id or "",
            row.member.external_id or row.member.name,
            row.plan.code,
            row.sale_kind,
            row.sold_on,
            row.starts_on,
            row.ends_on,
            row.last_covered_on,
            row.price,
            row.price_paid,
            row.balance_due,
            row.balance_due_on,
            row.special_terms,
            row.cancelled_on,
        ]


LISTED = listing.register(
    listing.Listed(
        "memberships",
        gettext_lazy("Memberships"),
        "membership_list",
        Right.READ_MEMBERS,
        filters=("ends", "status", "plan", "kind", "special", "due"),
        found=found,
        header=EXPORT_HEADER,
        export=_export,
        member="member_id",
    )
)
