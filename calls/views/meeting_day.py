"""What the host's page of a day shows: the day, the member who is next in one look, the week."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from calls import meetings, places
from calls.meetings import hosting
from calls.models import Kind, Meeting, MeetingResult, MeetingStatus, Purpose
from calls.rules import slots as slot_rules
from config import charts
from config.templatetags.ringback import short_day
from memberships import attendance, choosing, standing
from memberships.models import Club, Employee, Member, Membership, User
from memberships.rules import local_time, terms
from memberships.standing import Standing

DAY = dt.timedelta(days=1)
SHOWN = [MeetingStatus.SCHEDULED, MeetingStatus.ATTENDED, MeetingStatus.NO_SHOW]
UNCLOSED = Q(status=MeetingStatus.ATTENDED, closed_at=None) | Q(status=MeetingStatus.SCHEDULED)


@dataclass(frozen=True)
class Line:
    """One meeting of the day: what it is about, how it stands, in which tone."""

    meeting: Meeting
    about: str
    word: str
    tone: str
    past: bool
    now_before: bool = False


@dataclass(frozen=True)
class Cell:
    """Half an hour of a day in the week: a meeting, a free slot, time off, or nothing."""

    kind: str
    meeting: Meeting | None = None
    starts_at: dt.datetime | None = None
    today: bool = False


@dataclass(frozen=True)
class WeekDay:
    day: dt.date
    count: int
    working: bool
    today: bool


@dataclass(frozen=True)
class Week:
    number: int
    days: list[WeekDay]
    rows: list[tuple[dt.time, list[Cell]]] = field(default_factory=list)


def of_host(host: Employee) -> QuerySet[Meeting]:
    """The host's meetings that took or take place, with what the page shows of each."""
    return Meeting.objects.filter(host=host, status__in=SHOWN).select_related(
        "member", "club", "host", "task", "attempt__operator", "booked_by", "reason", "membership__plan"
    )


def unclosed(host: Employee, now: dt.datetime) -> list[Meeting]:
    """Meetings that are over and about which nobody has said how they went, the oldest first."""
    return list(of_host(host).filter(UNCLOSED, ends_at__lte=now).order_by("starts_at")[:12])


def on_day(host: Employee, day: dt.date) -> list[Meeting]:
    zone = host.club.zone
    first, end = local_time.first_instant(day, zone), local_time.end_of_day(day, zone)
    return list(of_host(host).filter(starts_at__gte=first, starts_at__lt=end).order_by("starts_at", "pk"))


def lines(found: list[Meeting], club: Club, now: dt.datetime) -> list[Line]:
    """The day's meetings as lines; the first that is not over carries the line of the present."""
    today = local_time.local_day(now, club.zone)
    stands = standing.of_members(members={meeting.member_id for meeting in found}, on=today)
    shown, drawn = [], not any(meeting.ends_at <= now for meeting in found)
    for meeting in found:
        past = meeting.ends_at <= now
        marks = not past and not drawn and local_time.local_day(meeting.starts_at, club.zone) == today
        drawn = drawn or marks
        word, tone = how_it_stands(meeting, now)
        about_it = about(meeting, stands[meeting.member_id], today)
        shown.append(Line(meeting, about_it, word, tone, past, now_before=marks))
    return shown


def how_it_stands(meeting: Meeting, now: dt.datetime) -> tuple[str, str]:
    """What became of a meeting, or is known about it, and the tone to say it in."""
    if meeting.status == MeetingStatus.NO_SHOW:
        return _("did not come"), "bad"
    if meeting.status == MeetingStatus.ATTENDED:
        match meeting.result:
            case MeetingResult.THINKING:
                return _("thinking, ring %(day)s") % {"day": short_day(meeting.ring_on)}, "dim"
            case MeetingResult.REFUSED:
                reason = meeting.reason
                return _("refused: %(reason)s") % {
                    "reason": _(reason.label) if reason.built_in else reason.label
                }, "bad"
            case "":
                return (_("attended"), "good") if meeting.closed_at else (_("came, how did it go?"), "warn")
            case _:
                return str(MeetingResult(meeting.result).label), "good"
    if meeting.ends_at <= now:
        return _("how did it go?"), "warn"
    return (_("confirmed"), "dim") if meeting.confirmed_at else (_("not confirmed yet"), "warn")


def about(meeting: Meeting, stand: Standing, today: dt.date) -> str:
    """One line on why the member comes."""
    row = stand.membership
    if row is None:
        return str(Purpose(meeting.purpose).label)
    if meeting.purpose == Purpose.SESSION:
        day = _("new, day %(n)s") % {"n": (today - row.chain_starts_on).days}
        return f"{day} · {Purpose.SESSION.label}"
    left = (row.last_covered_on - today).days
    if left < 0 and meeting.task and Kind.WINBACK in (meeting.task.kind, meeting.task.origin):
        return ngettext("win-back, left %(n)s day ago", "win-back, left %(n)s days ago", -left) % {"n": -left}
    words = (
        ngettext("%(n)s day left", "%(n)s days left", left) % {"n": left}
        if left >= 0
        else _("ended %(day)s") % {"day": short_day(row.last_covered_on)}
    )
    purpose = "" if meeting.purpose == Purpose.RENEWAL else f" · {Purpose(meeting.purpose).label}"
    return f"{row.plan.name} · {words}{purpose}"


def next_of(found: list[Meeting], now: dt.datetime) -> Meeting | None:
    """Whom the host sees now or next, else the last of the day."""
    ahead = [meeting for meeting in found if meeting.status == MeetingStatus.SCHEDULED and meeting.ends_at > now]
    still_in = [meeting for meeting in found if meeting.status == MeetingStatus.ATTENDED and not meeting.closed_at]
    return next(iter([*still_in, *ahead]), found[-1] if found else None)


# ---- the member in one look ------------------------------------------------------------------------------


def card(meeting: Meeting, user: User, now: dt.datetime) -> dict[str, object]:
    """The member's history in one look, and the plans at their price."""
    club, member = meeting.club, meeting.member
    member.club = club
    today = local_time.local_day(now, club.zone)
    rows = list(Membership.objects.filter(member=member).select_related("plan").order_by("starts_on", "pk"))
    stand = standing.of_member(member=member, on=today)
    coming = attendance.of_member(member=member, on=today)
    lapse = attendance.lapse_of(member=member, on=today)
    said_in = meeting.attempt if meeting.attempt and meeting.attempt.note else None
    return {
        "meeting": meeting,
        "member": member,
        "stand": stand,
        "left": (stand.membership.last_covered_on - today).days if stand.membership else None,
        "with_us": with_us(stand.membership, rows, today),
        "coming": coming,
        "usual": round(coming.counts.usual),
        "spark": charts.spark(tuple(coming.weeks), lapse is not None),
        "falling": lapse is not None,
        "bought_with": ", ".join(promotion.name for promotion in stand.membership.promotions.order_by("code"))
        if stand.membership
        else "",
        "freezes": _freezes(stand.membership),
        "more": [line for place in places.meeting_lines for line in place(member=member, on=today)],
        "said_in": said_in,
        "booked_in": _booked_in(meeting),
        "choices": choosing.plans(member=member, now=now, by=user),
        "sold_since": _sold_since(meeting, rows),
    }


def with_us(current: Membership | None, rows: list[Membership], today: dt.date) -> str:
    """How long without a break, how often renewed, how early the last time."""
    if current is None:
        return _("no membership yet")
    chain = [row for row in rows if row.chain_starts_on == current.chain_starts_on]
    months = terms.months_between(current.chain_starts_on, min(today, current.last_covered_on))
    years = months // 12
    length = (
        ngettext("%(n)s year", "%(n)s years", years) % {"n": years}
        if years
        else ngettext("%(n)s month", "%(n)s months", months) % {"n": months}
    )
    renewals = [row for row in chain if row.sale_kind == "renewal" and row.starts_on <= row.last_covered_on]
    if not renewals:
        return f"{length}, {_('never renewed yet')}"
    words = ngettext("renewed once", "renewed %(n)s times", len(renewals)) % {"n": len(renewals)}
    before = next((row for row in chain if row.pk == renewals[-1].renewed_from_id), None)
    early = (before.effective_ends_on - renewals[-1].sold_on).days if before else 0
    if early > 0:
        words += ", " + ngettext("%(n)s day early", "%(n)s days early", early) % {"n": early}
    return f"{length}, {words}"


def _freezes(row: Membership | None) -> str:
    if row is None or not row.freeze_allowance:
        return _("none in this plan")
    used = sum(freeze.days for freeze in row.freezes.filter(voided=False, closure=None))
    return _("%(used)s of %(all)s days used") % {"used": used, "all": row.freeze_allowance}


def _booked_in(meeting: Meeting) -> str:
    """By whom and in which call it was booked."""
    by = str(meeting.booked_by or "")
    if meeting.task is None:
        return _("booked by %(name)s") % {"name": by} if by else ""
    kind = str(Kind(meeting.task.origin or meeting.task.kind).label).lower()
    return _("booked by %(name)s, call: %(kind)s") % {"name": by, "kind": kind}


def _sold_since(meeting: Meeting, rows: list[Membership]) -> Membership | None:
    """A membership that was sold on the meeting's day or later, beside this page."""
    day = local_time.local_day(meeting.starts_at, meeting.club.zone)
    sold = [
        row for row in rows if row.sold_on >= day and row.cancelled_on is None and row.created_at >= meeting.booked_at
    ]
    return sold[-1] if sold else None


# ---- the week --------------------------------------------------------------------------------------------


WEEK_HEADER = ("starts_at", "ends_at", "member", "host", "purpose", "status", "result", "satisfied", "reason", "note")


def lines_of_week(club: Club, day: dt.date) -> list[tuple[object, ...]]:
    """The meetings of all hosts in the week of a day, for a table."""
    monday = day - day.weekday() * DAY
    end = local_time.end_of_day(monday + 6 * DAY, club.zone)
    rows = Meeting.objects.filter(club=club, starts_at__gte=local_time.first_instant(monday, club.zone))
    found = rows.filter(starts_at__lt=end).select_related("member", "host", "reason").order_by("starts_at", "pk")
    return [
        (
            *(row.starts_at.astimezone(club.zone), row.ends_at.astimezone(club.zone), row.member.name, row.host.name),
            *(row.purpose, row.status, row.result, row.satisfied, row.reason.code if row.reason else "", row.note),
        )
        for row in found
    ]


def week(host: Employee, day: dt.date, now: dt.datetime) -> Week:
    """The host's week around a day, half hour by half hour."""
    club = host.club
    monday = day - day.weekday() * DAY
    days = [monday + n * DAY for n in range(7)]
    today = local_time.local_day(now, club.zone)
    first, end = local_time.first_instant(monday, club.zone), local_time.end_of_day(days[-1], club.zone)
    found = list(of_host(host).filter(starts_at__gte=first, starts_at__lt=end).order_by("starts_at", "pk"))
    working = {starts_at for starts_at, _end in _working(host, first, days)}
    free = {slot.starts_at for slot in meetings.slots(club=club, host=host, now=now, first=monday, last=days[-1])}
    step = hosting.numbers(club).slot_minutes
    at = {meeting: meeting.starts_at.astimezone(club.zone) for meeting in found}
    minutes = [one.hour * 60 + one.minute for one in [*working, *at.values()]]
    counts = Counter(local.date() for local in at.values())
    worked = {one.date() for one in working}
    heads = [WeekDay(one, counts[one], one in worked or bool(counts[one]), one == today) for one in days]
    rows = []
    for begin in range(min(minutes), max(minutes) + 1, step) if minutes else ():
        time = dt.time(begin // 60, begin % 60)
        cells = []
        for one in days:
            inside = [m for m, local in at.items() if local.date() == one and begin <= _minute(local) < begin + step]
            starts_at = local_time.instant(one, time, club.zone)
            cells.append(_cell(inside, starts_at, working, free, today=one == today))
        rows.append((time, cells))
    return Week(monday.isocalendar().week, heads, rows)


def _working(host: Employee, first: dt.datetime, days: list[dt.date]) -> Iterable[tuple[dt.datetime, dt.datetime]]:
    """All slots of the host's hours in the week, taken or not."""
    known = hosting.times(club=host.club, receiving=[host], now=first)[host.pk]
    unbooked = slot_rules.Host(
        zone=known.zone, hours=known.hours, days_off=known.days_off, opens=known.opens, closes=known.closes,
        slot=known.slot, days_ahead=len(days),
    )  # fmt: skip
    return slot_rules.free_slots(unbooked, now=first, first=days[0], last=days[-1])


def _cell(
    inside: list[Meeting],
    starts_at: dt.datetime,
    working: set[dt.datetime],
    free: set[dt.datetime],
    *,
    today: bool,
) -> Cell:
    if inside:
        return Cell(EVENTS[inside[0].status], inside[0], today=today)
    if starts_at in free:
        return Cell("free", starts_at=starts_at, today=today)
    return Cell("" if starts_at in working else "off", today=today)


EVENTS = {MeetingStatus.ATTENDED: "att", MeetingStatus.NO_SHOW: "ns", MeetingStatus.SCHEDULED: "sch"}


def _minute(local: dt.datetime) -> int:
    return local.hour * 60 + local.minute


def of_member(member: Member) -> QuerySet[Meeting]:
    """A member's meetings ahead."""
    return Meeting.objects.filter(member=member, status=MeetingStatus.SCHEDULED).select_related("host")
