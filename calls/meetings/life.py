"""A meeting's life before its close: booked, moved, cancelled, attended or missed."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import IntegrityError, transaction

from calls import events, settling
from calls.meetings import hosting
from calls.models import (
    OPEN_STATUSES,
    CallAttempt,
    CallTask,
    Kind,
    Lapse,
    Meeting,
    MeetingStatus,
    Purpose,
)
from calls.rules import kinds, states
from calls.rules import slots as slot_rules
from memberships import holding
from memberships.events import Moment
from memberships.models import Club, Employee, Member, User
from memberships.rules.errors import Conflict, Invalid, Refused
from memberships.rules.sentences import N_, Sentence, ShortDay, sentence


class SlotTaken(Conflict):
    """The host has another meeting at that time."""

    code = "slot_taken"
    field = "starts_at"


class MemberHasMeeting(Conflict):
    """The member has a meeting ahead for the same purpose."""

    code = "member_has_meeting"


class OutsideClubHours(Invalid):
    """The club is closed at that time."""

    code = "outside_club_hours"
    field = "starts_at"


class SlotRefused(Invalid):
    """The instant lies in the past, too far ahead, or is no slot of the host."""

    field = "starts_at"


class AlreadyRecorded(Conflict):
    """The meeting has gone on meanwhile: somebody has said how it ended, moved or cancelled it."""

    code = "already_recorded"


class NotNow(Invalid):
    """The meeting's own time does not allow it: too early to have come or not come, too late to move or cancel."""


class UndoTooLate(Conflict):
    """The meeting was moved or confirmed meanwhile, so that its booking can't be taken back."""

    code = "undo_too_late"


def book(
    *,
    club: Club,
    member: Member,
    host: Employee,
    starts_at: dt.datetime,
    purpose: str = "",
    task: CallTask | None = None,
    attempt: CallAttempt | None = None,
    by: User | None,
    now: dt.datetime,
) -> Meeting:
    """Books a meeting; without a ``purpose`` the one of the call (``task``) that books it, else renewal.

    Raises SlotTaken, MemberHasMeeting, OutsideClubHours, SlotRefused, or Invalid for a host who is none.
    """
    kind = kinds.Kind(task.kind) if task else None
    origin = kinds.Kind(task.origin) if task and task.origin else None
    meeting = Meeting(
        club=club,
        member=member,
        host=host,
        purpose=purpose or kinds.purpose_of(kind, origin).value,
        starts_at=starts_at,
        task=task,
        attempt=attempt,
        calendar_uid=uuid.uuid4(),
    )
    with holding.operation(by=by):
        return _store(meeting, by=by, now=now)


def _store(meeting: Meeting, *, by: User | None, now: dt.datetime, instead_of: Meeting | None = None) -> Meeting:
    """Checks the slot and stores the meeting, inside the caller's transaction."""
    club, host, starts_at = meeting.club, meeting.host, meeting.starts_at
    if host.club_id != club.pk or not host.active or not host.is_host:
        text = sentence(N_("Choose somebody who receives members in this club."))
        raise Invalid(text, fields={"host": [text]})
    if meeting.member.club_id != club.pk:
        text = sentence(N_("There is no such member."))
        raise Invalid(text, fields={"member": [text]})
    if meeting.purpose not in Purpose.values:
        text = sentence(N_("A meeting is for one of: %(purposes)s."), purposes=", ".join(Purpose.values))
        raise Invalid(text, fields={"purpose": [text]})
    # Two bookings of one host wait for each other here: two inserts under an exclusion constraint could deadlock.
    Employee.objects.select_for_update(no_key=True).get(pk=host.pk)
    free = hosting.times(club=club, receiving=[host], now=now, besides=instead_of)[host.pk]
    refusal = slot_rules.why_no_slot(free, starts_at, now=now)
    if refusal is not None:
        raise _slot_error(refusal, meeting, free)
    _release_past(meeting, now)
    meeting.ends_at = starts_at + free.slot
    meeting.booked_at, meeting.booked_by = now, by
    try:
        with transaction.atomic():
            meeting.save(force_insert=True)
    except IntegrityError as error:
        raise _constraint_error(error, meeting, free) from error
    settle(meeting, now=now)
    for listener in events.meeting_booked:
        listener(meeting=meeting, moment=moment(meeting, by=by, now=now))
    return meeting


def _release_past(meeting: Meeting, now: dt.datetime) -> None:
    """A meeting that is over and that nobody marked is not ahead: it must not keep the member from a new one."""
    Meeting.objects.filter(
        member=meeting.member_id, purpose=meeting.purpose, status=MeetingStatus.SCHEDULED, ends_at__lte=now
    ).update(overtaken=True)


def _slot_error(refusal: slot_rules.Refusal, meeting: Meeting, free: slot_rules.Host) -> Refused:
    at = when(meeting.starts_at, meeting.club)
    Refusal = slot_rules.Refusal
    if refusal is Refusal.PAST:
        return SlotRefused(sentence(N_("%(at)s is past."), at=at))
    if refusal is Refusal.TOO_FAR:
        return SlotRefused(sentence(N_("Meetings are booked at most %(days)s days ahead."), days=free.days_ahead))
    if refusal is Refusal.OUTSIDE_CLUB_HOURS:
        hours = {"opens": f"{free.opens:%H:%M}", "closes": f"{free.closes:%H:%M}"}
        return OutsideClubHours(sentence(N_("The club is open from %(opens)s to %(closes)s."), **hours))
    if refusal is Refusal.NOT_A_SLOT:
        return SlotRefused(sentence(N_("%(host)s receives nobody on %(at)s."), host=meeting.host.name, at=at))
    return SlotTaken(sentence(N_("%(host)s has another meeting on %(at)s."), host=meeting.host.name, at=at))


def _constraint_error(error: IntegrityError, meeting: Meeting, free: slot_rules.Host) -> Exception:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
    if name == "meeting_host_once_at_a_time":
        return _slot_error(slot_rules.Refusal.TAKEN, meeting, free)
    if name == "meeting_one_ahead_per_purpose":
        other = Meeting.objects.get(
            member=meeting.member_id, purpose=meeting.purpose, status=MeetingStatus.SCHEDULED, overtaken=False
        )
        text = N_("%(member)s has a meeting for this already, on %(at)s.")
        return MemberHasMeeting(sentence(text, member=meeting.member.name, at=when(other.starts_at, meeting.club)))
    return error


def attended(*, meeting: Meeting, by: User | None, now: dt.datetime) -> Meeting:
    """The member came (from 60 minutes before; after *did not come*, still on that day).

    Raises NotNow, AlreadyRecorded.
    """
    with holding.operation(by=by):
        missed = meeting.status == MeetingStatus.NO_SHOW
        move(meeting, MeetingStatus.ATTENDED, now=now, attended_at=now)
        if missed:
            _drop_missed_calls(meeting, by=by, now=now)
        for listener in events.meeting_attended:
            listener(meeting=meeting, moment=moment(meeting, by=by, now=now))
    return meeting


def _drop_missed_calls(meeting: Meeting, *, by: User | None, now: dt.datetime) -> None:
    """Who came after all is not rung about not having come."""
    tasks = CallTask.objects.filter(meeting=meeting, kind=Kind.NO_SHOW, status__in=OPEN_STATUSES)
    ids = tasks.order_by("pk").values_list("pk", flat=True)
    settling.lapse(tasks=ids, because=Lapse.VISITED, moment=moment(meeting, by=by, now=now))


def no_show(*, meeting: Meeting, by: User | None, now: dt.datetime) -> Meeting:
    """The member did not come (from the meeting's end). Raises NotNow, AlreadyRecorded."""
    with holding.operation(by=by):
        move(meeting, MeetingStatus.NO_SHOW, now=now)
        settle(meeting, now=now)
        for listener in events.meeting_missed:
            listener(meeting=meeting, moment=moment(meeting, by=by, now=now))
    return meeting


def cancel(*, meeting: Meeting, why: str = "", by: User | None, now: dt.datetime) -> Meeting:
    """Calls a meeting off beforehand; that is never a no-show. Raises NotNow, AlreadyRecorded."""
    with holding.operation(by=by):
        move(meeting, MeetingStatus.CANCELLED, now=now, why=why)
        _tell_off(meeting, by=by, now=now)
    return meeting


def confirm(*, meeting: Meeting, now: dt.datetime) -> Meeting:
    """The member has confirmed to come. Twice changes nothing. Raises AlreadyRecorded, NotNow once it is over."""
    if now >= meeting.ends_at:
        raise NotNow(sentence(N_("This meeting is over.")))
    rows = Meeting.objects.filter(pk=meeting.pk, status=MeetingStatus.SCHEDULED)
    if not rows.filter(confirmed_at=None).update(confirmed_at=now) and not rows.exists():
        meeting.refresh_from_db()
        raise gone_on(meeting)
    meeting.refresh_from_db()
    return meeting


def reschedule(
    *,
    meeting: Meeting,
    starts_at: dt.datetime,
    host: Employee | None = None,
    why: str = "",
    by: User | None,
    now: dt.datetime,
) -> Meeting:
    """Moves a meeting: the old one reads *moved*, the answer is the new one with the same calendar UID.

    Raises what ``book`` raises, NotNow, AlreadyRecorded.
    """
    new = Meeting(
        club=meeting.club,
        member=meeting.member,
        host=host or meeting.host,
        purpose=meeting.purpose,
        starts_at=starts_at,
        task=meeting.task,
        attempt=meeting.attempt,
        moved_from=meeting,
        calendar_uid=meeting.calendar_uid,
    )
    with holding.operation(by=by):
        move(meeting, MeetingStatus.RESCHEDULED, now=now, why=why)
        return _store(new, by=by, now=now, instead_of=meeting)


def withdraw(*, meeting: Meeting, by: User | None, now: dt.datetime) -> Meeting:
    """Takes a booking back with the outcome that made it. Raises UndoTooLate once it was moved or confirmed."""
    with holding.operation(by=by):
        taken_back = Meeting.objects.filter(
            pk=meeting.pk, status=MeetingStatus.SCHEDULED, moved_from=None, confirmed_at=None, starts_at__gt=now
        ).update(status=MeetingStatus.CANCELLED)
        meeting.refresh_from_db()
        if not taken_back:
            raise UndoTooLate(sentence(N_("The meeting was moved or confirmed meanwhile; cancel it instead.")))
        _tell_off(meeting, by=by, now=now)
    return meeting


def _tell_off(meeting: Meeting, *, by: User | None, now: dt.datetime) -> None:
    settle(meeting, now=now)
    for listener in events.meeting_off:
        listener(meeting=meeting, moment=moment(meeting, by=by, now=now))


def move(meeting: Meeting, to: MeetingStatus, *, now: dt.datetime, **changes: object) -> None:
    """Takes the meeting to another state if rules and time allow, in one conditional update.

    The object is refreshed. Raises AlreadyRecorded where its state says no, NotNow where its time does.
    """
    was = states.MeetingState(meeting.status)
    times = {"starts_at": meeting.starts_at, "ends_at": meeting.ends_at, "at": now, "zone": meeting.club.zone}
    if not states.meeting_may_move(was, states.MeetingState(to), **times):
        if states.MeetingState(to) in states.MEETING_MOVES[was]:
            raise _wrong_time(meeting, to)
        raise gone_on(meeting)
    changed = Meeting.objects.filter(
        pk=meeting.pk, status=was, starts_at=meeting.starts_at, result="", closed_at=None
    ).update(status=to, **changes)
    meeting.refresh_from_db()
    if not changed:
        raise gone_on(meeting)


def _wrong_time(meeting: Meeting, to: MeetingStatus) -> NotNow:
    starts, ends = when(meeting.starts_at, meeting.club), when(meeting.ends_at, meeting.club)
    if meeting.status == MeetingStatus.NO_SHOW:
        return NotNow(sentence(N_("That the member came after all can be said on the day of the meeting only.")))
    if to == MeetingStatus.ATTENDED:
        text = N_("The meeting is on %(at)s; that the member came can be said from an hour before.")
        return NotNow(sentence(text, at=starts))
    if to == MeetingStatus.NO_SHOW:
        text = N_("The meeting lasts until %(at)s; only then can it be said that nobody came.")
        return NotNow(sentence(text, at=ends))
    if to == MeetingStatus.RESCHEDULED:
        return NotNow(sentence(N_("The meeting ended on %(at)s; book a new one."), at=ends))
    return NotNow(sentence(N_("The meeting began on %(at)s; it can't be cancelled any more."), at=starts))


def gone_on(meeting: Meeting) -> AlreadyRecorded:
    """What to tell somebody whose meeting went on without them."""
    if meeting.closed_at:
        return AlreadyRecorded(sentence(N_("This meeting is closed already.")))
    status = states.MeetingState(meeting.status)
    return AlreadyRecorded(sentence(GONE_ON[status]))


GONE_ON = {
    states.MeetingState.SCHEDULED: N_("This meeting lies ahead; nobody has said yet how it went."),
    states.MeetingState.ATTENDED: N_("This meeting is recorded already: the member came."),
    states.MeetingState.NO_SHOW: N_("This meeting is recorded already: the member did not come."),
    states.MeetingState.RESCHEDULED: N_("This meeting was moved."),
    states.MeetingState.CANCELLED: N_("This meeting is cancelled."),
}


def settle(meeting: Meeting, *, now: dt.datetime) -> None:
    """A meeting booked, off or refused changes what the contact policy says about the member's other calls."""
    waiting = CallTask.objects.filter(member=meeting.member_id, status__in=OPEN_STATUSES)
    settling.settle(tasks=list(waiting.values_list("pk", flat=True)), now=now)


def moment(meeting: Meeting, *, by: User | None, now: dt.datetime) -> Moment:
    """The instant, and the club's day that it falls on."""
    return holding.moment_in(meeting.club, now, by)


def when(at: dt.datetime, club: Club) -> Sentence:
    """Day and time at the club: "15 January, 14:30"."""
    local = at.astimezone(club.zone)
    return sentence(N_("%(day)s, %(time)s"), day=ShortDay(local.date()), time=f"{local:%H:%M}")
