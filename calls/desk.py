"""What an operator's desk shows at an instant: the card held, the shift so far, what the queue holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, Min, Q
from django.utils.translation import gettext_lazy as _

from calls import backlog, cards, outcomes, policy
from calls.fixed import Among, Fixed, Given
from calls.models import ON_LEASE, CallAttempt, CallTask, OperatorState, Outcome, RefusalReason, TaskStatus
from calls.outcomes import saying
from calls.rules import outcomes as rules
from calls.rules.facts import Policy
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
    "anothers": _("Promised by a colleague, who rings first"),
}
GROUP_KEYS = {"club": "C", "member": "M", "competitor": "X", "unsaid": "U"}

HELD = Fixed(
    lambda: CallTask.objects.filter(ON_LEASE, holder=Given("operator")).order_by("-undoing", "pk").values_list("pk")
)
DIALS = Fixed(
    lambda: (
        CallAttempt.objects.filter(
            operator=Given("operator"), at__gte=Given("since"), at__lte=Given("now"), same_dial_as=None
        )
        .values("operator")
        .annotate(
            first=Min("at"),
            calls=Count("pk"),
            talks=Count("pk", Q(reached=True)),
            booked=Count("pk", Q(outcome=Outcome.BOOKED)),
        )
        .values_list("first", "calls", "talks", "booked")
    )
)
PROMISED = Fixed(
    lambda: (
        CallTask.objects.filter(
            club=Among("clubs"), kind=Kind.CALLBACK, status=TaskStatus.WAITING, promised_to=Given("operator")
        )
        .select_related("member")
        .order_by("due_at", "pk")[:1]
    )
)
UNSAID = Fixed(
    lambda: CallAttempt.objects.filter(
        task=Given("task"), operator=Given("operator"), outcome="", same_dial_as=None
    ).order_by("-at")[:1]
)


@dataclass(frozen=True)
class Seat:
    """Who sits at the desk, in which clubs, at which instant; ``pause``: theirs, if they are on one.

    A request reads each of them once and passes them on.
    """

    operator: User
    clubs: Sequence[Club]
    now: dt.datetime
    pause: OperatorState | None = None

    @property
    def ids(self) -> list[int]:
        return [club.pk for club in self.clubs]

    @cached_property
    def policies(self) -> Mapping[int, Policy]:
        return policy.of_clubs(self.ids)


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


def state(seat: Seat, *, shown: int | None = None) -> dict[str, object]:
    """The context of the desk's page and of its part. ``shown``: this held task rather than another one."""
    task = held(operator=seat.operator, shown=shown)
    last = outcomes.last_of(operator=seat.operator, now=seat.now)
    waiting = backlog.of(
        clubs=seat.ids,
        now=seat.now,
        operator=seat.operator,
        policies=seat.policies,
        most=backlog.COUNTS_TO if task is None else backlog.COUNTS_BESIDE_A_CARD_TO,
    )
    context: dict[str, object] = {
        "task": task,
        "entry": None,
        "now": seat.now,
        "pause": seat.pause,
        "shift": shift(seat),
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
        context |= _of_card(task, seat)
    else:
        context["promise_of_mine"] = PROMISED.first(clubs=seat.ids, operator=seat.operator.pk)
    return context


def closed(seat: Seat, *, task: CallTask) -> dict[str, object]:
    """The card of a call that is not to be made any more: as it was, with nothing left to do on it."""
    task.refresh_from_db()
    return _of_card(task, seat) | {"task": task, "gone": task, "attempt": None}


def held(*, operator: User, shown: int | None = None) -> CallTask | None:
    """The task that the operator holds; one whose outcome was taken back comes before another."""
    mine = [pk for (pk,) in HELD(operator=operator.pk)]
    return cards.whole(shown if shown in mine else mine[0]) if mine else None


def shift(seat: Seat) -> Shift:
    """What the operator has done since the day began in the first of their clubs."""
    club = min(seat.clubs, key=lambda one: one.pk, default=None)
    zone = club.zone if club else dt.UTC
    since = local_time.first_instant(local_time.local_day(seat.now, zone), zone)
    found = DIALS.first(operator=seat.operator.pk, since=since, now=seat.now)
    return Shift(*found) if found else Shift(None, 0, 0, 0)


def _of_card(task: CallTask, seat: Seat) -> dict[str, object]:
    kind = Kind(task.kind)
    allowed = {outcome.value for outcome, rule in rules.RULES.items() if kind in rule.kinds}
    reasons = saying.REASONS(club=task.club_id)
    about = cards.About.of(task, seat.now)
    return {
        "entry": cards.next_call(task=task, operator=seat.operator, now=seat.now, about=about),
        "about": about,
        "rules": seat.policies.get(task.club_id) or policy.of_club(task.club_id),
        "attempt": UNSAID.first(task=task.pk, operator=seat.operator.pk),
        "reached_buttons": [one for one in REACHED if one.outcome in allowed],
        "missed_buttons": [one for one in NOT_REACHED if one.outcome in allowed],
        "asks_attends": kind in rules.ASKS_ATTENDS,
        "groups": _grouped(reasons),
        "reasons_said": [(reason.code, reason.group, reason.label, reason.built_in) for reason in reasons],
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
