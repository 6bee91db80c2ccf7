"""Recording how a call ended, for everybody on the number, in one transaction and once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import F

from calls import cards, events, household, policy, prepared, settling
from calls.fixed import Among, Fixed, Given, Moved
from calls.models import OPEN_STATUSES, CallAttempt, CallTask, TaskStatus
from calls.outcomes import effects, saying
from calls.outcomes.saying import Also, Said
from calls.queue import NotYours
from calls.rules import outcomes
from calls.rules.policy import Policy
from memberships import holding
from memberships.models import Club, Member, User
from memberships.rules import amounts
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sentences import N_, sentence

OutcomeRefused = saying.OutcomeRefused
MICROSECOND = dt.timedelta(microseconds=1)

MEMBERS = Fixed(lambda: Member.objects.select_for_update().filter(pk=Among("members")).order_by("pk"))
TASKS = Fixed(lambda: CallTask.objects.select_for_update().filter(pk=Among("tasks")).order_by("pk"))
PENDING = Fixed(
    lambda: CallAttempt.objects.filter(task=Given("task"), operator=Given("operator"), outcome="").order_by("-at")[:1]
)
UNSAID = Fixed(lambda: CallAttempt.objects.filter(same_dial_as=Given("dial"), outcome="").order_by("pk"))
DIALS = Fixed(lambda: CallAttempt.objects.filter(member=Given("member")).values_list("at", "task_id"))
AT = Fixed(lambda: CallAttempt.objects.filter(member=Given("member"), at=Given("at")).values_list("pk"))
OTHERS = Fixed(
    lambda: CallTask.objects.filter(
        member=Among("members"), status__in=(TaskStatus.WAITING, TaskStatus.READY)
    ).values_list("pk")
)
NEXT_ATTEMPT = "SELECT nextval(pg_get_serial_sequence('calls_callattempt', 'id'))"
"""The id of an attempt that its effects name before it is stored, once, with all that they made."""

MOVED = Moved(
    CallTask, "attempts", "status", "ready_at", "waits_for", "lapsed_because", "closed_at", "holder", "lease_until",
    "undoing", "call_live",
)  # fmt: skip


class AlreadyRecorded(Conflict):
    """Another outcome of this call was recorded already."""

    code = "already_recorded"


@dataclass(frozen=True)
class Recorded:
    """The task as it stands now, the attempt, and what the outcomes made: ``[{"meeting": 61}, …]``."""

    task: CallTask
    attempt: CallAttempt
    created: list[dict[str, int]] = field(default_factory=list)


def record(*, task: CallTask, operator: User, said: Said, now: dt.datetime, also: Sequence[Also] = ()) -> Recorded:
    """Stores how a call ended, and what follows from it.

    The operator holds the task, or held it last and nobody holds it since. The same outcome sent again answers what
    the first answered. Raises OutcomeRefused (422), NotYours, AlreadyRecorded, and for a booking SlotTaken,
    MemberHasMeeting, OutsideClubHours, SlotRefused; then nothing is stored.
    """
    with holding.operation(by=operator):
        members = {task.member_id, *(one.member.pk for one in also)}
        held = {row.pk: row for row in MEMBERS(members=list(members))}
        ids = [task.pk, *(one.task.pk for one in also if one.task is not None)]
        locked = {row.pk: row for row in TASKS(tasks=ids)}
        main = locked[task.pk]
        _known_already(main, held, task.club)
        repeated = _repeated(main, operator, said)
        if repeated is not None:
            return Recorded(main, repeated, _created([repeated, *repeated.household.order_by("pk")]))
        _check_held(main, operator)
        rules = policy.of_club(main.club_id)
        known = saying.Reasons.of(main.club_id)
        saying.check(said, kind=main.kind, member=held[main.member_id], known=known, policy=rules, now=now)
        if len(members) <= len(also):
            refusal = sentence(N_("Each member of the household has one outcome."))
            raise Invalid(refusal, fields={"also": [refusal]})
        for one in also:
            _check_also(one, main, locked, known, rules, now)
        calls = _Calls(operator, rules, known, now)
        first = calls.store(dialled(main, operator, now), held[main.member_id], main, said)
        stored = [first]
        for one in also:
            other = locked[one.task.pk] if one.task is not None else None
            attempt = _of_household(first, main, one.member, other)
            stored.append(calls.store(attempt, held[one.member.pk], other, one.said))
        _forget_unsaid(first)
        settle_number(task=main, members=held, now=now)
        (moved,) = TASKS(tasks=[main.pk])
        _known_already(moved, held, task.club)
        return Recorded(moved, first, _created(stored))


@dataclass(frozen=True)
class _Calls:
    """The storing of one call's outcomes."""

    operator: User
    rules: Policy
    known: saying.Reasons
    now: dt.datetime

    def store(self, attempt: CallAttempt, member: Member, task: CallTask | None, said: Said) -> CallAttempt:
        """One member's outcome: its effects, the attempt, the task, those who listen."""
        new = attempt.pk is None
        if new:
            [(attempt.pk,)] = prepared.rows(NEXT_ATTEMPT, {})
            if task is not None:
                task.attempts += 1
        made = effects.take(
            attempt=attempt, member=member, task=task, said=said, policy=self.rules, by=self.operator, now=self.now
        )
        outcome = outcomes.Outcome(said.outcome)
        attempt.outcome, attempt.outcome_at = outcome.value, self.now
        attempt.reached = outcomes.RULES[outcome].reached
        attempt.reason = self.known.rows.get(said.reason)
        attempt.competitor = said.competitor.strip()[:120]
        attempt.attends = said.attends
        attempt.absence_reason = self.known.rows.get(said.absence_reason)
        attempt.note = said.note.strip() or attempt.note
        attempt.note_flagged = amounts.contains_amount(attempt.note)
        attempt.duration_s = attempt.duration_s if said.duration_s is None else said.duration_s
        attempt.made = made
        attempt.save(force_insert=new)
        if task is not None:
            self._move(task, member, outcome)
        moment = holding.moment_in(member.club, self.now, self.operator)
        for listener in events.outcome_recorded:
            listener(attempt=attempt, moment=moment)
        return attempt

    def _move(self, task: CallTask, member: Member, outcome: outcomes.Outcome) -> None:
        """The task's way on. One that is tried again is asked about once more in the end: its cause may have gone."""
        zone = member.zone(member.club)
        dials = DIALS(member=member.pk)
        tried = sorted(at for at, of_task in dials if of_task == task.pk)
        today = tried[-1].astimezone(zone).date()
        on_day = [at for at, _task in dials if at.astimezone(zone).date() == today]
        then = outcomes.then(outcome, tried=tried, attempts_today=len(on_day), policy=self.rules, zone=zone)
        task.status = TaskStatus(then.state.value)
        task.ready_at = then.next_at
        busy = outcome is outcomes.Outcome.BUSY
        task.waits_for = (settling.BUSY if busy else settling.RETRY) if task.status in OPEN_STATUSES else ""
        task.lapsed_because = then.lapsed_because.value if then.lapsed_because else ""
        task.closed_at = None if task.status in OPEN_STATUSES else self.now
        task.holder = task.lease_until = None
        task.undoing = task.call_live = False
        MOVED(task)


def _known_already(main: CallTask, held: dict[int, Member], club: Club) -> None:
    """The club as the caller read it and the members as they were locked: none of them is read once more."""
    for row in (main, *held.values()):
        if row.club_id == club.pk:
            row.club = club
    if main.member_id in held:
        main.member = held[main.member_id]


def _forget_unsaid(first: CallAttempt) -> None:
    """Who was spoken of before the outcome was taken back, and is no more: the dial does not count for them."""
    for unsaid in UNSAID(dial=first.pk):
        CallTask.objects.filter(pk=unsaid.task_id).update(attempts=F("attempts") - 1)
        unsaid.delete()


def settle_number(*, task: CallTask, members: Collection[int], now: dt.datetime) -> None:
    """What was said changes when these members, and whoever shares the number, may be rung about other things."""
    concerned = {*members, *household.on_number(club=task.club_id, phone=task.phone)}
    others = OTHERS(members=list(concerned))
    settling.settle(tasks=[pk for (pk,) in others], now=now)


def _repeated(task: CallTask, operator: User, said: Said) -> CallAttempt | None:
    """The attempt that this very answer made already, where nobody has taken the task up since.

    Raises AlreadyRecorded where another answer was given.
    """
    if task.status == TaskStatus.LEASED:
        return None
    said_of = task.attempts_made.exclude(outcome="").select_related("reason")
    last = said_of.order_by("-outcome_at", "-pk").first()
    if last is None or last.operator_id != operator.pk or last.outcome_at is None:
        return None
    if task.claimed_at is not None and task.claimed_at > last.outcome_at:
        return None
    if last.outcome != said.outcome or (last.reason.code if last.reason else "") != said.reason:
        raise AlreadyRecorded(
            sentence(N_("This call is recorded already, as “%(outcome)s”."), outcome=last.get_outcome_display())
        )
    return last


def _check_held(task: CallTask, operator: User) -> None:
    """Raises NotYours unless the operator holds the task, or held it last and it is open still."""
    if task.status == TaskStatus.LEASED and task.holder_id == operator.pk:
        return
    theirs = task.claimed_by_id == operator.pk or _pending(task, operator) is not None
    if task.status in (TaskStatus.WAITING, TaskStatus.READY) and theirs:
        return
    if task.status == TaskStatus.LEASED:
        raise NotYours(sentence(N_("A colleague holds this call now.")))
    raise NotYours(sentence(N_("You do not hold this call.")))


def _check_also(
    one: Also, main: CallTask, locked: dict[int, CallTask], known: saying.Reasons, rules: Policy, now: dt.datetime
) -> None:
    """Raises Invalid for somebody who is not of the household, NotYours for a task that somebody else holds."""
    task = locked.get(one.task.pk) if one.task is not None else None
    same_number = one.member.club_id == main.club_id and main.phone in (one.member.phone, one.member.guardian_phone)
    if one.member.pk == main.member_id or not (main.phone and same_number):
        refusal = sentence(N_("There is no such member on this number."))
        raise Invalid(refusal, fields={"also": [refusal]})
    if one.task is not None and (task is None or task.member_id != one.member.pk):
        refusal = sentence(N_("There is no such call."))
        raise Invalid(refusal, fields={"also": [refusal]})
    if task is not None and task.status not in (TaskStatus.WAITING, TaskStatus.READY):
        raise NotYours(sentence(N_("The call of %(member)s is taken or over."), member=one.member.name))
    saying.check(one.said, kind=task.kind if task else main.kind, member=one.member, known=known, policy=rules, now=now)


def _pending(task: CallTask, operator: User) -> CallAttempt | None:
    """The dial whose outcome nobody has said yet."""
    return PENDING.first(task=task.pk, operator=operator.pk)


def dialled(task: CallTask, operator: User, now: dt.datetime) -> CallAttempt:
    """The attempt that the outcome belongs to: this lease's dial, the one being undone, else one made now."""
    pending = _pending(task, operator)
    stale = pending is not None and task.claimed_at is not None and pending.at < task.claimed_at
    if pending is not None and (task.undoing or not stale):
        return pending
    return new_attempt(task=task, operator=operator, now=now)


def new_attempt(*, task: CallTask, operator: User, now: dt.datetime) -> CallAttempt:
    """A dial of a task, not stored yet."""
    script = cards.script_of(club=task.club, kind=task.kind, language=task.member.language)
    return CallAttempt(
        club_id=task.club_id,
        member_id=task.member_id,
        task=task,
        membership_id=task.membership_id or _membership_of(task.member, now),
        kind=task.kind,
        origin=task.origin,
        operator=operator,
        phone=task.phone,
        at=_free_instant(task.member_id, now),
        script_version=script.version if script else None,
    )


def _of_household(first: CallAttempt, main: CallTask, member: Member, task: CallTask | None) -> CallAttempt:
    """The same dial, as far as another member of the household is concerned."""
    again = first.household.filter(member=member, outcome="").order_by("pk").first()
    if again is not None:
        if task is not None and again.task_id != task.pk:
            CallTask.objects.filter(pk=again.task_id).update(attempts=F("attempts") - 1)
            again.task = task
            task.attempts += 1
        return again
    about = task or main
    return CallAttempt(
        club_id=first.club_id,
        member=member,
        task=task,
        membership_id=(task.membership_id if task else None) or _membership_of(member, first.at),
        kind=about.kind,
        origin=about.origin,
        operator_id=first.operator_id,
        phone=first.phone,
        same_dial_as=first,
        at=_free_instant(member.pk, first.at),
        script_version=first.script_version,
    )


def _membership_of(member: Member, at: dt.datetime) -> int | None:
    """The membership that a call about none in particular counts for: today's, else the latest that ended."""
    found = cards.membership_of(member.pk, at.astimezone(member.club.zone).date())
    return found.pk if found else None


def _free_instant(member: int, at: dt.datetime) -> dt.datetime:
    """A member has one attempt per instant: a second one in the same microsecond comes right after."""
    at = at.astimezone(dt.UTC)
    while AT(member=member, at=at):
        at += MICROSECOND
    return at


def _created(attempts: Sequence[CallAttempt]) -> list[dict[str, int]]:
    """What the outcomes made, for the answer."""
    names = ("meeting", "callback", "request", "complaint")
    return [
        {"task" if name == "callback" else name: attempt.made[name]}
        for attempt in attempts
        for name in names
        if name in attempt.made
    ]
