"""Calls that one event asks for (§5): a promise, a missed call or meeting, a freeze that ends, a birthday …

As in ``planning``, each ``…_call`` answers what is wanted on a club day, or ``None``.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo

from calls.rules import hours
from calls.rules.facts import Policy
from calls.rules.kinds import Kind
from calls.rules.planning import Wanted
from memberships.rules import local_time, special_days
from memberships.rules.sentences import N_, ShortDay, sentence
from memberships.rules.terms import DAY, Span

PROMISE_IS_OWN_FOR = dt.timedelta(minutes=15)
MISSED_CALL_WITHIN = dt.timedelta(hours=1)


def callback_call(*, cause: str, promised_at: dt.datetime, zone: zoneinfo.ZoneInfo, note: str = "") -> Wanted:
    """The callback promised for an instant; ``cause``: the attempt, or what the desk knows it by."""
    text = N_("Asked to be rung: %(note)s") if note else N_("Asked to be rung.")
    return Wanted(
        kind=Kind.CALLBACK,
        key=cause,
        due_on=promised_at.astimezone(zone).date(),
        due_at=promised_at,
        reason=sentence(text, note=note) if note else sentence(text),
    )


def own_until(promised_at: dt.datetime) -> dt.datetime:
    """Until when a callback is kept for the operator who promised it; then it is anybody's."""
    return promised_at.astimezone(dt.UTC) + PROMISE_IS_OWN_FOR


def missed_call_call(*, call: int, at: dt.datetime, zone: zoneinfo.ZoneInfo) -> Wanted:
    """The answer to an inbound call that nobody took. (Of a do-not-call member a request is made instead.)"""
    return Wanted(
        kind=Kind.MISSED_CALL,
        key=str(call),
        due_on=at.astimezone(zone).date(),
        due_at=at,
        reason=sentence(N_("Rang us at %(time)s, nobody answered."), time=f"{at.astimezone(zone):%H:%M}"),
    )


def answer_by(at: dt.datetime, policy: Policy, zone: zoneinfo.ZoneInfo) -> dt.datetime | None:
    """Until when a missed call should be answered: its local day, or an hour from the next opening if closed then."""
    opening = hours.next_opening(policy.windows, at, zone)
    if opening is None or opening > at:
        return opening and opening + MISSED_CALL_WITHIN
    return local_time.end_of_day(at.astimezone(zone).date(), zone)


def no_show_day(missed_on: dt.date, policy: Policy) -> dt.date | None:
    """The first day after a missed meeting that has a calling window and is no holiday; ``None``: no windows."""
    for offset in range(1, 367):
        day = missed_on + offset * DAY
        if hours.has_window(policy.windows, day) and not policy.holiday_name(day):
            return day
    return None


def no_show_call(*, on: dt.date, meeting: int, missed_on: dt.date, policy: Policy) -> Wanted | None:
    """The call after a missed meeting; ``missed_on``: its club day."""
    due_on = no_show_day(missed_on, policy)
    if due_on is None or due_on > on:
        return None
    text = sentence(N_("Did not come to the meeting on %(day)s."), day=ShortDay(missed_on))
    return Wanted(kind=Kind.NO_SHOW, key=str(meeting), due_on=due_on, reason=text)


def freeze_ending_call(*, on: dt.date, freeze: int, days: Span, policy: Policy) -> Wanted | None:
    """The call three days before a freeze of 14 days or more ends: agree the first visit. To its last day."""
    due_on = days.last - policy.freeze_ending_days * DAY
    if days.days < policy.freeze_ending_min_days or not due_on <= on <= days.last:
        return None
    text = sentence(N_("The freeze ends on %(day)s."), day=ShortDay(days.last))
    return Wanted(kind=Kind.FREEZE_ENDING, key=str(freeze), due_on=due_on, reason=text)


def birthday_call(
    *, member: int, birthday: dt.date, segment: str, zone: zoneinfo.ZoneInfo, since: dt.datetime, until: dt.datetime
) -> Wanted | None:
    """The birthday call of a gold member, on the day where the member lives (``zone``).

    Wanted while some of that day, before 21:00, lies between ``since`` and ``until``; due when it begins.
    """
    if segment != "gold":
        return None
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    for day in (first + away * DAY for away in range((last - first).days + 1)):
        begins, over = local_time.first_instant(day, zone), local_time.instant(day, hours.LATEST, zone)
        if special_days.in_year(day.year, birthday) == day and begins < until and over > since:
            text = sentence(N_("Birthday on %(day)s."), day=ShortDay(day))
            return Wanted(kind=Kind.BIRTHDAY, key=f"{member}:{day.year}", due_on=day, due_at=begins, reason=text)
    return None


def meeting_reminder_call(
    *, on: dt.date, meeting: int, starts_at: dt.datetime, zone: zoneinfo.ZoneInfo, can_message: bool
) -> Wanted | None:
    """The reminder the day before a meeting, when no SMS can go (no mobile, no consent, the last came back).

    ``zone``: the club's, where the meeting is.
    """
    local = starts_at.astimezone(zone)
    due_on = local.date() - DAY
    if can_message or not due_on <= on <= local.date():
        return None
    text = N_("Meeting on %(day)s at %(time)s; no message can be sent.")
    return Wanted(
        kind=Kind.MEETING_REMINDER,
        key=str(meeting),
        due_on=due_on,
        reason=sentence(text, day=ShortDay(local.date()), time=f"{local:%H:%M}"),
    )


def complaint_followup_call(*, on: dt.date, complaint: int, answered_on: dt.date, policy: Policy) -> Wanted | None:
    """The call three days after a complaint was answered: is it well now?"""
    due_on = answered_on + policy.complaint_followup_days * DAY
    if due_on > on:
        return None
    text = sentence(N_("A complaint was answered on %(day)s."), day=ShortDay(answered_on))
    return Wanted(kind=Kind.COMPLAINT_FOLLOWUP, key=str(complaint), due_on=due_on, reason=text)


def onboarding_call(*, on: dt.date, step: int, step_due_on: dt.date, title: str) -> Wanted | None:
    """The call that a step of a checklist is (the welcome step makes none)."""
    if step_due_on > on:
        return None
    text = sentence(N_("Checklist: %(step)s."), step=title)
    return Wanted(kind=Kind.ONBOARDING, key=str(step), due_on=step_due_on, reason=text)
