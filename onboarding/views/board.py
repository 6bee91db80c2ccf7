"""New members on their way, as the board shows them: by stage, the latest first; one checklist in full."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

from django.db.models import Count, Min, Q, QuerySet
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config import charts
from memberships import standing
from memberships.models import Club, Employee, Role
from memberships.rules import local_time
from onboarding import checklists
from onboarding.models import Checklist, Result, Step, StepStatus

OPEN = Q(steps__status=StepStatus.OPEN)
CARDS = 6
"""How many cards a column shows until all of them are asked for."""


@dataclass(frozen=True)
class Stage:
    """A stretch of the first weeks, by day of the membership; ``last`` None: and later."""

    key: str
    label: str | Promise
    first: int
    last: int | None


STAGES = (
    Stage("arrive", gettext_lazy("Arrive"), 0, 2),
    Stage("welcome", gettext_lazy("Welcome"), 3, 7),
    Stage("rhythm", gettext_lazy("Find a rhythm"), 8, 29),
    Stage("month", gettext_lazy("First month"), 30, None),
)


@dataclass(frozen=True)
class StepLine:
    """A step as it is shown: ``state`` is done, skipped, late, due or open; ``who`` does or did it."""

    step: Step
    state: str
    who: str
    asks: bool

    @property
    def title(self) -> str:
        return self.step.title

    @property
    def is_open(self) -> bool:
        return self.step.status == StepStatus.OPEN


@dataclass(frozen=True)
class Card:
    """One checklist with its steps in order. ``late`` and ``next`` are what to say of it in two lines."""

    checklist: Checklist
    day: int
    steps: list[StepLine]

    @property
    def done(self) -> int:
        return sum(line.step.status == StepStatus.DONE for line in self.steps)

    @property
    def late(self) -> StepLine | None:
        return min((line for line in self.steps if line.state == "late"), key=_by_due, default=None)

    @property
    def next(self) -> StepLine | None:
        """What is to be done besides what is late."""
        return min((line for line in self.steps if line.state in ("due", "open")), key=_by_due, default=None)

    @property
    def now(self) -> StepLine | None:
        """The step to do first: the oldest late one, else the next."""
        return self.late or self.next

    @property
    def strip(self) -> SafeString:
        return charts.step_strip([STRIP[line.state] for line in self.steps])


STRIP = {"done": "done", "skipped": "skipped", "late": "late", "due": "open", "open": "open"}


def _by_due(line: StepLine) -> tuple[dt.date, int]:
    return line.step.due_on, line.step.position


@dataclass
class Column:
    stage: Stage
    count: int = 0
    cards: list[Card] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.count - len(self.cards)


@dataclass(frozen=True)
class Board:
    """The columns, and the figures of the heading. ``first``: the checklist with the oldest open step."""

    first: int | None
    columns: list[Column]
    on_the_way: int
    due_today: int
    overdue: int
    late: int
    mine: int


def of_club(club: Club, today: dt.date, *, who: str = "", me: Employee | None = None, stage: str = "") -> Board:
    """The board of a club; ``who``: *mine* or *late*; ``stage``: whose column is shown in full."""
    running = checklists.running(club, today)
    mine = running.filter(_mine(me, today)).distinct()
    behind = late(club, today)
    shown = {"mine": mine, "late": behind}.get(who, running)
    rows = (
        Checklist.objects.filter(pk__in=shown.values("pk"))
        .annotate(next_due=Min("steps__due_on", filter=OPEN))
        .order_by("next_due", "pk")
        .values_list("pk", "membership_id", "membership__chain_starts_on")
    )
    found = list(rows)
    days = _days(((pk, membership, starts_on) for pk, membership, starts_on in found), today)
    columns = {one.key: Column(one) for one in STAGES}
    wanted: dict[str, list[int]] = defaultdict(list)
    for pk, _membership, _starts_on in found:
        key = _stage(days[pk])
        columns[key].count += 1
        if stage == key or len(wanted[key]) < CARDS:
            wanted[key].append(pk)
    cards = {card.checklist.pk: card for card in cards_of(chain(*wanted.values()), today, days)}
    for key, column in columns.items():
        column.cards = [cards[pk] for pk in wanted[key]]
    due = checklists.due(club, today)
    counts = due.aggregate(today=Count("pk", filter=Q(due_on=today)), before=Count("pk", filter=Q(due_on__lt=today)))
    return Board(
        first=found[0][0] if found else None,
        columns=list(columns.values()),
        on_the_way=running.count(),
        due_today=counts["today"],
        overdue=counts["before"],
        late=behind.count(),
        mine=mine.count(),
    )


def late(club: Club, today: dt.date) -> QuerySet[Checklist]:
    """Checklists on the way with a step that was due before today."""
    return checklists.running(club, today).filter(OPEN, steps__due_on__lt=today).distinct()


def mine_q(me: Employee | None, path: str = "") -> Q:
    """Steps that are mine: mine by name, or anybody's of my role."""
    if me is None:
        return Q(pk=None)
    return Q(**{f"{path}employee": me}) | Q(**{f"{path}employee": None, f"{path}role": me.role})


def _mine(me: Employee | None, today: dt.date) -> Q:
    return OPEN & Q(steps__due_on__lte=today) & mine_q(me, "steps__") if me else Q(pk=None)


def _stage(day: int) -> str:
    return next(one.key for one in STAGES if one.last is None or day <= one.last)


def _days(rows: Iterable[tuple[int, int, dt.date]], today: dt.date) -> dict[int, int]:
    """On which day of their membership each checklist is, frozen days left out, by checklist."""
    rows = list(rows)
    freezes = standing.freeze_spans([membership for _pk, membership, _on in rows])
    days = {}
    for pk, membership, starts_on in rows:
        frozen = sum(
            max(0, (min(span.last, today) - max(span.first, starts_on)).days + 1) for span in freezes[membership]
        )
        days[pk] = max(0, (today - starts_on).days - frozen)
    return days


def cards_of(ids: Iterable[int], today: dt.date, days: Mapping[int, int] | None = None) -> list[Card]:
    """These checklists in full, in four queries whatever their number."""
    found: QuerySet[Checklist] = Checklist.objects.filter(pk__in=list(ids)).select_related(
        "member", "membership__plan", "club"
    )
    steps: dict[int, list[Step]] = defaultdict(list)
    for step in (
        Step.objects.filter(checklist__in=found).select_related("employee", "done_by").order_by("position", "pk")
    ):
        steps[step.checklist_id].append(step)
    rows = list(found)
    days = days or _days(((one.pk, one.membership_id, one.membership.chain_starts_on) for one in rows), today)
    return [Card(one, days[one.pk], [line_of(step, today) for step in steps[one.pk]]) for one in rows]


def line_of(step: Step, today: dt.date) -> StepLine:
    state = str(step.status)
    if step.status == StepStatus.OPEN:
        state = "late" if step.due_on < today else "due" if step.due_on == today else "open"
    who = str(step.done_by) if step.done_by else person(step) if step.status == StepStatus.OPEN else ""
    return StepLine(step, state, who, asks=step.result_kind != Result.NONE)


def person(step: Step) -> str:
    """Who is to do a step: somebody by name, or anybody of a role."""
    return step.employee.name if step.employee else str(Role(step.role).label)


def due_by_person(club: Club, today: dt.date) -> dict[str, list[StepLine]]:
    """What is due today or overdue, by who is to do it: people first, then roles, each by day."""
    named: dict[str, list[StepLine]] = {}
    anybody: dict[str, list[StepLine]] = {}
    for step in checklists.due(club, today):
        place = named if step.employee else anybody
        title = step.employee.name if step.employee else _("Any %(role)s") % {"role": Role(step.role).label}
        place.setdefault(title, []).append(line_of(step, today))
    return dict(sorted(named.items())) | dict(sorted(anybody.items()))


def today_of(club: Club, now: dt.datetime) -> dt.date:
    return local_time.local_day(now, club.zone)
