"""What an operator's desk shows at an instant: the card held, the shift so far, what the queue holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Min, Q
from django.utils.translation import gettext_lazy as _

from calls import backlog, cards, outcomes
from calls.models import CallAttempt, CallTask, Outcome, RefusalReason, TaskStatus
from calls.rules import outcomes as rules
from calls.rules.kinds import Kind
from memberships.models import Club, User
from memberships.rules import local_time


@dataclass(frozen=True)
class Button:
    """An outcome of one key. ``form``: it opens its two or three fields first."""

    outcome: str
    key: str
    label: object
    form: bool = False


REACHED = (
    Button("callback", "C", _("Callback"), form=True),
    Button("thinking", "T", _("Thinking")),
    Button("refused", "R", _("Refused"), form=True),
    Button("talked", "L", _("All is well")),
    Button("confirmed", "G", _("Confirmed")),
    Button("already_renewed", "A", _("Already renewed")),
    Button("freeze_wanted", "F", _("Freeze wanted")),
    Button("complaint", "K", _("Complaint"), form=True),
    Button("do_not_call", "D", _("Do not call again"), form=True),
)
NOT_REACHED = (
    Button("no_answer", "N", _("No answer")),
    Button("busy", "U", _("Busy")),
    Button("voicemail", "V", _("Voicemail")),
    Button("wrong_number", "W", _("Wrong number")),
    Button("third_party", "I", _("Somebody else")),
)
WAITING_WORDS = {
    "outside_hours": _("Outside their hours"),
    "holiday": _("A public holiday"),
    "contact_cap": _("Enough conversations"),
    "attempts_today": _("Rung twice today"),
    "min_gap": _("Rung a short while ago"),
    "meeting_booked": _("A meeting lies ahead"),
    "refused_lately": _("Refused lately"),
    "open_complaint": _("A complaint waits for its answer"),
    "silence_days": _("Silent days after the start"),
    "promised": _("Promised for a later time"),
    "retry": _("Tried, and tried again later"),
    "busy": _("Busy, tried again soon"),
    "due": _("Due later"),
    "supervisor": _("With the supervisor"),
    "skipped": _("Skipped by you a short while ago"),
}
GROUP_KEYS = {"club": "C", "member": "M", "competitor": "X", "unsaid": "U"}


@dataclass(frozen=True)
class Shift:
    """An operator's day in a club's time: dials, conversations, meetings booked."""

    since: dt.datetime | None
    calls: int
    reached: int
    booked: int

    @property
    def share(self) -> float | None:
        return self.booked / self.reached if self.reached else None


def state(*, operator: User, clubs: Collection[int], now: dt.datetime, shown: int | None = None) -> dict[str, object]:
    """The context of the desk's page and of its part. ``shown``: this held task rather than another one."""
    task = held(operator=operator, shown=shown)
    last = outcomes.last_of(operator=operator, now=now)
    waiting = backlog.of(clubs=clubs, now=now, operator=operator)
    context: dict[str, object] = {
        "task": task,
        "entry": None,
        "now": now,
        "shift": shift(operator=operator, clubs=clubs, now=now),
        "last": last,
        "undo_until": last.outcome_at + rules.UNDO_FOR if last and last.outcome_at else None,
        "backlog": waiting,
        "waiting": sorted(
            (
                (WAITING_WORDS.get(code, code), count, waiting.first_at.get(code))
                for code, count in waiting.waiting.items()
            ),
            key=lambda one: -one[1],
        ),
        "waiting_total": sum(waiting.waiting.values()) + waiting.leased,
    }
    if task is not None:
        context |= _of_card(task, operator, now)
    else:
        context["promise_of_mine"] = _next_promise(operator, clubs)
    return context


def _next_promise(operator: User, clubs: Collection[int]) -> CallTask | None:
    """The next call that the operator promised to make."""
    mine = CallTask.objects.filter(club__in=clubs, kind=Kind.CALLBACK, status=TaskStatus.WAITING, promised_to=operator)
    return mine.select_related("club", "member__club").order_by("due_at", "pk").first()


def closed(*, task: CallTask, operator: User, now: dt.datetime) -> dict[str, object]:
    """The card of a call that is not to be made any more: as it was, with nothing left to do on it."""
    task.refresh_from_db()
    return _of_card(task, operator, now) | {"task": task, "gone": task, "attempt": None}


def held(*, operator: User, shown: int | None = None) -> CallTask | None:
    """The task that the operator holds; one whose outcome was taken back comes before another."""
    rows = CallTask.objects.filter(holder=operator, status=TaskStatus.LEASED).select_related(
        "club", "member__club", "membership__plan", "holder", "promised_to"
    )
    mine = list(rows.order_by("-undoing", "pk"))
    return next((task for task in mine if task.pk == shown), mine[0] if mine else None)


def shift(*, operator: User, clubs: Collection[int], now: dt.datetime) -> Shift:
    """What the operator has done since the day began in the first of their clubs."""
    club = Club.objects.filter(pk__in=clubs).order_by("pk").first()
    zone = club.zone if club else dt.UTC
    since = local_time.first_instant(local_time.local_day(now, zone), zone)
    mine = CallAttempt.objects.filter(operator=operator, at__gte=since, at__lte=now, same_dial_as=None)
    found = mine.aggregate(
        since=Min("at"),
        calls=Count("pk"),
        reached=Count("pk", Q(reached=True)),
        booked=Count("pk", Q(outcome=Outcome.BOOKED)),
    )
    return Shift(**found)


def _of_card(task: CallTask, operator: User, now: dt.datetime) -> dict[str, object]:
    kind = Kind(task.kind)
    attempt = (
        CallAttempt.objects.filter(task=task, operator=operator, outcome="", same_dial_as=None).order_by("-at").first()
    )
    allowed = {outcome.value for outcome, rule in rules.RULES.items() if kind in rule.kinds}
    reasons = RefusalReason.objects.filter(club=task.club_id, retired=False).order_by("position", "pk")
    return {
        "entry": cards.next_call(task=task, operator=operator, now=now),
        "attempt": attempt,
        "reached_buttons": [one for one in REACHED if one.outcome in allowed],
        "missed_buttons": [one for one in NOT_REACHED if one.outcome in allowed],
        "asks_attends": kind in rules.ASKS_ATTENDS,
        "groups": _grouped(list(reasons)),
        "reasons": [reason for reason in reasons if reason.group != "competitor"],
        "club_of_task": task.club,
    }


def _grouped(reasons: list[RefusalReason]) -> list[dict[str, object]]:
    """Reasons by who can act, each with its keys."""
    groups: list[dict[str, object]] = []
    for group, key in GROUP_KEYS.items():
        rows = [reason for reason in reasons if reason.group == group]
        if rows:
            keyed = [(f"{key} {number}" if number < 10 else "", row) for number, row in enumerate(rows, 1)]
            groups.append({"label": rows[0].get_group_display(), "key": key, "reasons": keyed})
    return groups
