"""The list of members, and one member's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from config import charts, clock, exports, tables
from config.access import policy
from config.paging import By, neighbours
from config.templatetags.ringback import DASH, days_tone, number, phone, short_day
from memberships import access, attendance, bulk, frame, places, searching, standing, visits
from memberships.models import Club, Member, Membership, Segment
from memberships.rights import Right
from memberships.rules.amounts import mask_amounts
from memberships.rules.terms import Status
from memberships.standing import Held
from memberships.views import listing, member_page
from memberships.views.listing import COUNT_TO

COLUMNS = (
    tables.Column("name", gettext_lazy("Member"), sort="name"),
    tables.Column("plan", gettext_lazy("Plan"), hide_small=True),
    tables.Column("ends", gettext_lazy("Last day"), sort="ends", numeric=True),
    tables.Column("left", gettext_lazy("Days left"), numeric=True),
    tables.Column("weeks", gettext_lazy("Visits, 12 weeks"), hide_small=True),
    tables.Column("usual", gettext_lazy("28 d / usual"), numeric=True, hide_small=True),
    tables.Column("segment", gettext_lazy("Segment"), hide_small=True),
    tables.Column("status", gettext_lazy("Status"), hide_small=True),
)
SORTS = {
    "name": (By("last_name"), By("first_name"), By("id")),
    "ends": (By("last_covered_on", nullable=True), By("id")),
}
SHOWN = ("last_name", "first_name", "phone", "do_not_call_since", "segment", "last_covered_on")
"""What the list reads of its members: half of what is stored about one is long texts."""
STATUS_NAMES = {
    Status.ACTIVE: gettext_lazy("active"),
    Status.FROZEN: gettext_lazy("frozen"),
    Status.PENDING: gettext_lazy("not begun"),
    Status.EXPIRED: gettext_lazy("ended"),
    Status.CANCELLED: gettext_lazy("cancelled"),
}
ENDS = {
    "7": (0, 7, gettext_lazy("within 7 days")),
    "14": (0, 14, gettext_lazy("within 14 days")),
    "30": (0, 30, gettext_lazy("within 30 days")),
    "45": (0, 45, gettext_lazy("within 45 days")),
    "-30": (-30, -1, gettext_lazy("up to 30 days ago")),
    "-365": (-365, -31, gettext_lazy("lost, under a year")),
}


@dataclass(frozen=True)
class Row:
    """One line of the list: the member, and the words that stand in its columns."""

    member: Member
    membership: Held | None
    key: str
    url: str
    name: str
    choose: str
    contact: str
    plan: str
    ends: str
    left: str
    tone: str
    spark: SafeString
    falling: bool
    lately: str
    usual: str
    segment: str
    status: str
    status_tone: str


@policy(Right.READ_MEMBERS)
@require_safe
def member_list(request: HttpRequest) -> HttpResponse:
    """Members of the current club: found by part of a name or number, filtered, sorted, paged by key."""
    club = frame.current_club(request, Right.READ_MEMBERS)
    today = clock.today(club.zone)
    prices = access.may(frame.person(request), Right.READ_PRICES, club)
    may_edit = access.may(frame.person(request), Right.EDIT_MEMBERS, club)
    beside = [visits.to_mend(club), bulk.fresh(club=club, now=clock.now())] if may_edit else []
    views, counts = listing.tabs_and_counts(
        request, club, LISTED, BUILT_IN, lambda query: found(club, query, today), beside
    )
    to_mend, fresh = counts if may_edit else (0, 0)
    table = tables.Table(
        query=request.GET,
        queryset=found(club, request.GET, today).only(*SHOWN),
        columns=COLUMNS,
        sorts=SORTS,
        default_sort="ends" if request.GET.get("ends") else "name",
        row_template="memberships/_member_row.html",
        filters=(
            tables.Filter("ends", _("Ends"), [(key, label) for key, (_a, _b, label) in ENDS.items()]),
            tables.Filter("status", _("Status"), [(one.value, label) for one, label in STATUS_NAMES.items()]),
            tables.Filter("plan", _("Plan"), listing.plan_choices(club, prices=prices)),
            tables.Filter("segment", _("Segment"), Segment.choices),
            tables.Filter("dnc", _("Do not call"), [("1", _("yes")), ("0", _("no"))], extra=True),
            tables.Filter("phone", _("Phone"), [("none", _("missing")), ("bad", _("marked wrong"))], extra=True),
        ),
        views=views,
        search=_("Part of a name, 7 digits of a number"),
        exports=access.may(frame.person(request), Right.EXPORT_MEMBERS, club),
        **listing.acts(request, club, LISTED, fresh=beside[1] if fresh else ()),
    )
    asked = request.GET.get("export")
    if asked in exports.FORMATS:
        access.require(frame.person(request), Right.EXPORT_MEMBERS, club)
        rows = _export(found(club, request.GET, today).order_by("last_name", "first_name", "pk"), club, today)
        return exports.response(asked, f"{club.slug}-members", EXPORT_HEADER, rows)
    if not table.page.rows:
        table.empty = _empty(club, table, today)
    table.page.rows[:] = rows_of(club, table.page.rows, today, prices=prices)
    if not request.GET.get("q"):  # what was searched for stays out of other addresses
        table.extra["of"] = f"?{urlencode({'of': listing.kept(LISTED, request.GET) or 'sort=name'})}"
    context = {"may_edit": may_edit, "to_mend": min(to_mend, COUNT_TO)}
    return tables.answer(request, "memberships/member_list.html", table, context)


def found(club: Club, query: QueryDict, today: dt.date) -> QuerySet[Member]:
    """The members that an address asks for; unknown values of a filter find nobody."""
    asked: list[Q] = []
    if ends := query.get("ends"):
        if ends not in ENDS:
            return Member.objects.none()
        first, last, _label = ENDS[ends]
        asked.append(Q(last_covered_on__range=(today + dt.timedelta(first), today + dt.timedelta(last))))
    if status := query.get("status"):
        if status not in set(Status):
            return Member.objects.none()
        asked.append(standing.member_status_q(status, today))
    if plan := query.get("plan"):
        last = Membership.objects.filter(member=OuterRef("pk"), last_covered_on=OuterRef("last_covered_on"))
        asked.append(Q(Exists(last.filter(plan__code=plan))))
    if segment := query.get("segment"):
        asked.append(Q(segment=segment))
    if dnc := query.get("dnc"):
        asked.append(Q(do_not_call_since__isnull=dnc == "0"))
    if asked_phone := query.get("phone"):
        asked.append(Q(phone="") if asked_phone == "none" else Q(phone_bad_since__isnull=False))
    rows = Member.objects.filter(*asked, club=club, merged_into=None)
    return searching.matching(rows, query.get("q", ""))


def rows_of(club: Club, members: list[Member], today: dt.date, *, prices: bool = True) -> list[Row]:
    """A page's lines, in as many queries whatever its length; without ``prices`` no plan's name says an amount.

    Each word that rows share is looked up once here, not once a row in the template.
    """
    ids = [member.pk for member in members]
    stands = standing.of_members(members=ids, on=today)
    came = attendance.of_members(club=club, members=ids, on=today)
    falling = attendance.falling(club=club, on=today, came=came)
    address, choose = tables.addresses("member_detail"), _("Select %(name)s")
    no_number, no_calls = _("no number"), f" · {_('do not call')}"
    segments = {value: str(label) for value, label in Segment.choices}
    statuses = {status: str(name) for status, name in STATUS_NAMES.items()}
    rows = []
    for member in members:
        stand, coming, name = stands[member.pk], came[member.pk], member.name
        term, frozen, falls = stand.membership, stand.status is Status.FROZEN, member.pk in falling
        left = (term.last_covered_on - today).days if term else -1
        plan = term.plan.name if term else ""
        rows.append(
            Row(
                member=member,
                membership=term,
                key=str(member.pk),
                url=address(member.pk),
                name=name,
                choose=choose % {"name": name},
                contact=f"{phone(member.phone)}{no_calls if member.do_not_call else ''}" if member.phone else no_number,
                plan=plan if prices else mask_amounts(plan),
                ends=short_day(term.last_covered_on, club) if term else DASH,
                left=number(left) if left >= 0 else "",
                tone=days_tone(left) if left >= 0 else "",
                spark=charts.spark(tuple(coming.weeks), falls),
                falling=falls,
                lately=str(coming.counts.lately),
                usual=str(round(coming.counts.usual)),
                segment=segments.get(member.segment, ""),
                status=statuses[stand.status] if stand.status else "",
                status_tone="ice" if frozen else "",
            )
        )
    return rows


BUILT_IN = (
    (gettext_lazy("All"), {}),
    (gettext_lazy("Ends within 30 days"), {"ends": "30"}),
    (gettext_lazy("Frozen"), {"status": "frozen"}),
    (gettext_lazy("Ended up to 30 days ago"), {"ends": "-30"}),
    (gettext_lazy("Lost, under a year"), {"ends": "-365"}),
)


def _empty(club: Club, table: tables.Table, today: dt.date) -> tables.Empty:
    if not Member.objects.filter(club=club).exists():
        return tables.Empty(_("No members yet"), _("Load a file with the import, or type in the first member."))
    ways = table.ways(lambda query: found(club, query, today)[:COUNT_TO].count())
    return tables.Empty(_("No member fits"), ways=ways)


EXPORT_HEADER = (
    "external_id", "last_name", "first_name", "phone", "email", "segment", "plan", "starts_on", "last_day", "status",
    "do_not_call",
)  # fmt: skip


def _export(members: QuerySet[Member], _club: Club, today: dt.date) -> Iterator[list[object]]:
    for batch in _batches(members.iterator(chunk_size=1000), 1000):
        stands = standing.of_members(members=[member.pk for member in batch], on=today)
        for member in batch:
            term = stands[member.pk].membership
            yield [
                member.external_id or "",
                member.last_name,
                member.first_name,
                member.phone,
                member.email,
                member.segment,
                term.plan.code if term else "",
                term.starts_on if term else None,
                term.last_covered_on if term else None,
                stands[member.pk].status or "",
                "yes" if member.do_not_call else "no",
            ]


def _batches(rows: Iterable[Member], size: int) -> Iterator[list[Member]]:
    batch: list[Member] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


LISTED = listing.register(
    listing.Listed(
        "members",
        gettext_lazy("Members"),
        "member_list",
        Right.READ_MEMBERS,
        filters=("ends", "status", "plan", "segment", "dnc", "phone"),
        found=found,
        header=EXPORT_HEADER,
        export=_export,
        member="pk",
        named=str,
    )
)


def _beside(member: Member, of: str, today: dt.date) -> dict[str, object]:
    """The members before and after one in the list that led to them (``of``: its address)."""
    query = listing.asked(of)
    if not query or query.get("q"):
        return {}
    rows = found(member.club, query, today)
    if not rows.filter(pk=member.pk).exists():
        return {}
    table = tables.Table(query, rows, (), SORTS, "", default_sort="ends" if query.get("ends") else "name")
    before, after = neighbours(rows, table.order, member)
    return {"before": before, "after": after, "of": urlencode({"of": of}), "list_query": of}


@policy(Right.READ_MEMBERS)
@require_safe
def member_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything that a club knows of one member."""
    user = frame.person(request)
    member = access.one(user, Member.objects.select_related("club", "merged_into"), pk, Right.READ_MEMBERS)
    if member.merged_into is not None and member.merged_into.club_id != member.club_id:
        raise Http404
    frame.enter(request, member.club)
    now = clock.now()
    prices = access.may(user, Right.READ_PRICES, member.club)
    context = member_page.context(member=member, now=now, prices=prices, tab=request.GET.get("show", ""))
    panels = [panel(request=request, member=member, now=now) for panel in places.member_panels]
    shown = sorted((panel for panel in panels if panel), key=lambda panel: panel.position)
    actions = [action for place in places.member_actions for action in place(request=request, member=member, now=now)]
    actions.sort(key=lambda action: action.position)
    context |= _beside(member, request.GET.get("of", ""), clock.today(member.club.zone))
    context |= {
        "main_panels": [panel for panel in shown if panel.column == "main"],
        "side_panels": [panel for panel in shown if panel.column == "side"],
        "actions": [action for action in actions if not action.rare],
        "rare_actions": [action for action in actions if action.rare],
        "may_edit": access.may(user, Right.EDIT_MEMBERS, member.club),
        "may_audit": access.may(user, Right.READ_AUDIT, member.club),
    }
    return render(request, "memberships/member_detail.html", context)
