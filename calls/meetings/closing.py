"""How a meeting that was attended is closed: renewed, changed plan, thinking, refused, or simply held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from calls import callbacks, events, policy
from calls.meetings.life import gone_on, moment, settle
from calls.models import Kind, Meeting, MeetingResult, MeetingStatus, Purpose, ReasonGroup, RefusalReason
from calls.rules import hours, outcomes, reasons
from memberships import holding, people, sales, standing
from memberships.models import Membership, Plan, Quote, User
from memberships.rules import local_time
from memberships.rules.errors import Invalid, Refused
from memberships.rules.sentences import N_, sentence
from memberships.sales import IN_FULL, Payment


class NotTheirOffer(Invalid):
    """The quote was made for somebody else."""

    field = "quote"


class ReasonRefused(Refused):
    """No reason, an unknown one, or one that asks for a note; ``code`` says which."""

    def __init__(self, problem: outcomes.Problem) -> None:
        super().__init__(problem.sentence, fields={problem.field: [problem.sentence]})
        self.code = problem.code


class RingOnRefused(Invalid):
    """The day to ring is not ahead, or too far."""

    field = "ring_on"


class NotSoldHere(Invalid):
    """The membership is somebody else's, was sold before the meeting's day, or is cancelled."""

    field = "membership"


class NothingToChange(Invalid):
    """The member has no running membership whose plan could change."""

    field = "plan"


def close_renewed(
    *,
    meeting: Meeting,
    quote: Quote,
    satisfied: bool | None = None,
    payment: Payment = IN_FULL,
    special_terms: str = "",
    by: User | None,
    now: dt.datetime,
) -> Meeting:
    """The member bought: sells the quote and closes the meeting, both or neither.

    Raises AlreadyRecorded, NotTheirOffer and what ``sales.sell_quote`` raises.
    """
    if quote.member_id != meeting.member_id:
        raise NotTheirOffer(sentence(N_("This offer was made for somebody else.")))
    with holding.member(meeting.member_id, now=now, by=by, terms=True):
        _close(meeting, MeetingResult.RENEWED, now=now, satisfied=satisfied)
        sold = sales.sell_quote(quote=quote, now=now, by=by, payment=payment, special_terms=special_terms)
        return _with_sale(meeting, sold, by=by, now=now)


def close_with_sale(*, meeting: Meeting, sold: Membership, by: User | None, now: dt.datetime) -> Meeting:
    """The member bought beside this page, on the meeting's day or later: closes the meeting as renewed by that sale.

    Raises NotSoldHere, AlreadyRecorded.
    """
    day = local_time.local_day(meeting.starts_at, meeting.club.zone)
    if sold.member_id != meeting.member_id or sold.sold_on < day or sold.cancelled_on is not None:
        raise NotSoldHere(sentence(N_("This sale was not made on the meeting's day or later.")))
    with holding.operation(by=by):
        _close(meeting, MeetingResult.RENEWED, now=now)
        return _with_sale(meeting, sold, by=by, now=now)


def close_changed_plan(
    *,
    meeting: Meeting,
    plan: Plan,
    on: dt.date | None = None,
    codes: Collection[str] = (),
    satisfied: bool | None = None,
    payment: Payment = IN_FULL,
    special_terms: str = "",
    override_reason: str | None = None,
    supervisor: bool = False,
    by: User | None,
    now: dt.datetime,
) -> Meeting:
    """The member takes another plan (from ``on``, None: today): changes it and closes the meeting, both or neither.

    Raises AlreadyRecorded, NothingToChange and what ``sales.change_plan`` raises.
    """
    with holding.member(meeting.member_id, now=now, by=by, terms=True) as held:
        _close(meeting, MeetingResult.CHANGED_PLAN, now=now, satisfied=satisfied)
        running = standing.current(member=held.member, on=held.moment.today)
        if running is None:
            raise NothingToChange(sentence(N_("There is no running membership whose plan could change.")))
        sold = sales.change_plan(
            membership=running,
            plan=plan,
            on=on,
            codes=codes,
            payment=payment,
            special_terms=special_terms,
            override_reason=override_reason,
            supervisor=supervisor,
            by=by,
            now=now,
        )
        return _with_sale(meeting, sold, by=by, now=now)


def _with_sale(meeting: Meeting, sold: Membership, *, by: User | None, now: dt.datetime) -> Meeting:
    Meeting.objects.filter(pk=meeting.pk).update(membership=sold)
    return _told(meeting, by=by, now=now)


def close_thinking(
    *,
    meeting: Meeting,
    ring_on: dt.date,
    note: str = "",
    satisfied: bool | None = None,
    by: User | None,
    now: dt.datetime,
) -> Meeting:
    """The member thinks about it and is rung on a day: a callback is promised for it.

    The promise is for the first calling window of that day. Raises RingOnRefused, AlreadyRecorded.
    """
    with holding.member(meeting.member_id, now=now, by=by) as held:
        zone, rules = held.member.zone(held.club), policy.of_club(held.club)
        windows = hours.spans_of_day(rules.windows, ring_on, zone)
        promised_at = windows[0][0] if windows else local_time.instant(ring_on, TEN, zone)
        for problem in outcomes.callback_problems(promised_at, policy=rules, zone=zone, now=now):
            raise RingOnRefused(problem.sentence)
        _close(meeting, MeetingResult.THINKING, now=now, satisfied=satisfied, ring_on=ring_on, note=note.strip())
        task = meeting.task
        callbacks.promise(
            member=held.member,
            promised_at=promised_at,
            cause=f"meeting:{meeting.pk}",
            note=note,
            origin=(task.origin or task.kind) if task else ORIGINS.get(meeting.purpose, ""),
            membership=task.membership if task else None,
            by=by,
            now=now,
        )
        return _told(meeting, by=by, now=now)


TEN = dt.time(10)
ORIGINS = {Purpose.RENEWAL: Kind.RENEWAL}
"""The kind of call that a meeting without one would have come from."""


def close_refused(
    *,
    meeting: Meeting,
    reason: str,
    note: str = "",
    competitor: str = "",
    satisfied: bool | None = None,
    by: User | None,
    now: dt.datetime,
) -> Meeting:
    """The member refused, for one of the club's reasons (its code). It counts as a refusal of the call that booked it.

    Raises ReasonRefused (``reason_required``, ``reason_unknown``, ``note_required``), AlreadyRecorded.
    """
    known = {row.code: row for row in RefusalReason.objects.filter(club=meeting.club_id, retired=False)}
    rules = {code: row.rule for code, row in known.items()}
    for problem in outcomes.reason_problems(reason, note, rules):
        raise ReasonRefused(problem)
    row = known[reason]
    rival = competitor.strip() if row.group == ReasonGroup.COMPETITOR else ""
    with holding.member(meeting.member_id, now=now, by=by):
        _close(
            meeting,
            MeetingResult.REFUSED,
            now=now,
            satisfied=satisfied,
            reason=row,
            note=note.strip(),
            competitor=rival,
        )
        if row.code == reasons.DECEASED:
            people.mark_deceased(member=meeting.member, now=now, by=by)
        settle(meeting, now=now)
        return _told(meeting, by=by, now=now)


def close_satisfied(
    *, meeting: Meeting, satisfied: bool | None, note: str = "", by: User | None, now: dt.datetime
) -> Meeting:
    """The meeting was held and asked for no sale (a session, a review, a complaint). Raises AlreadyRecorded."""
    with holding.operation(by=by):
        _close(meeting, "", now=now, satisfied=satisfied, note=note.strip())
        return _told(meeting, by=by, now=now)


def _close(meeting: Meeting, result: str, *, now: dt.datetime, **changes: object) -> None:
    """Closes an attended meeting in one conditional update. Raises AlreadyRecorded."""
    closed = Meeting.objects.filter(pk=meeting.pk, status=MeetingStatus.ATTENDED, closed_at=None).update(
        result=result, closed_at=now, **changes
    )
    if not closed:
        meeting.refresh_from_db()
        raise gone_on(meeting)


def _told(meeting: Meeting, *, by: User | None, now: dt.datetime) -> Meeting:
    meeting.refresh_from_db()
    for listener in events.meeting_closed:
        listener(meeting=meeting, moment=moment(meeting, by=by, now=now))
    return meeting
