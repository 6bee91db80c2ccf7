"""What the desk's card draws beyond plain values: bars, words, choices."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import dateformat
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

from calls.cards import About
from calls.models import Attends, CallTask, Kind, Outcome
from calls.rules import hours, kinds, outcomes
from calls.rules.facts import Policy
from config import charts

MATE_OUTCOMES = (
    Outcome.BOOKED,
    Outcome.CALLBACK,
    Outcome.TALKED,
    Outcome.THINKING,
    Outcome.REFUSED,
    Outcome.FREEZE_WANTED,
    Outcome.DO_NOT_CALL,
    Outcome.NO_ANSWER,
)
"""How a call can end for others of the household, where their kind of call allows it."""
PAUSES = (gettext_lazy("Lunch"), gettext_lazy("Break"), gettext_lazy("At the front desk"), gettext_lazy("Training"))
"""Words for a pause that are one click away."""
PROMISES = frozenset({Outcome.THINKING, Outcome.CALLBACK})


def drawn(context: dict[str, Any]) -> dict[str, Any]:
    """The parts of a card that the template cannot work out itself; nothing without a card."""
    entry = context.get("entry")
    if not entry:
        return {}
    task: CallTask = context["task"]
    card = entry["card"]
    now = context["now"]
    today = now.astimezone(task.club.zone).date()
    rules: Policy = context["rules"]
    local = card["member"]["local_time"]
    for mate in card["household"]:
        allowed = set(outcomes.allowed(kinds.Kind(mate["kind"] or task.kind)))
        mate["outcomes"] = [(one.value, one.label) for one in MATE_OUTCOMES if one.value in allowed]
        mate["values"] = " ".join(value for value, _label in mate["outcomes"])
    visits = card["visits"]
    falling = visits["usual"] >= 4 and visits["lately"] * 2 <= visits["usual"]
    for contact in card["contacts"]:
        contact["words"] = f"{Kind(contact['kind']).label}: {str(Outcome(contact['outcome']).label).lower()}"
    for slot in card["slots"]:
        slot["day"] = _short(slot["starts_at"].date(), today)
        slot["first_name"] = slot["host_name"].split()[0]
    return {
        "term_bar": _term_bar(context["about"]),
        "falling": falling,
        "visit_weeks": charts.visit_weeks(
            visits["weeks"],
            visits["usual_per_week"],
            falling=falling,
            first_on=today - dt.timedelta(days=7 * len(visits["weeks"]) - 1),
        ),
        "promise": next((one for one in card["contacts"] if one["outcome"] in PROMISES and one["note"]), None),
        "language_name": _language(card["member"]["language"]),
        "same_time": local.utcoffset() == now.astimezone(task.club.zone).utcoffset(),
        "ring_until": _ring_until(task, rules, local),
        "try_number": task.attempts + (0 if context["attempt"] else 1),
        "most_tries": rules.max_attempts,
        "attends_choices": Attends.choices,
        "callback_default": _tomorrow(card["member"]["local_time"]),
        "callback_hours": (hours.EARLIEST, hours.LATEST),
    }


def _ring_until(task: CallTask, rules: Policy, local: dt.datetime) -> dt.datetime | None:
    """When the window closes in which the member is rung now; a promised call may be made later."""
    zone = task.member.zone(task.club)
    first = next(iter(hours.spans_from(rules.windows, local, zone, 1)), None)
    return first[1].astimezone(zone) if first and first[0] <= local and task.kind != Kind.CALLBACK else None


def _term_bar(about: About) -> object:
    held = about.membership
    if held is None or held.starts_on > about.today:
        return ""
    spans = [charts.Span(days.first, days.last) for days in about.frozen]
    return charts.term_bar(charts.Span(held.starts_on, held.effective_ends_on), spans, today=about.today)


def _short(day: dt.date, today: dt.date) -> str:
    """ "Today", else weekday and number: a slot lies at most a few weeks ahead."""
    return _("Today") if day == today else dateformat.format(day, "D j")


def _language(code: str) -> str:
    try:
        return str(get_language_info(code)["name_local"])
    except KeyError:
        return code


def _tomorrow(local: dt.datetime) -> str:
    """The same hour of the next day, as the browser's field takes it."""
    day = local + dt.timedelta(days=1)
    hour = min(max(day.hour, 10), 19)
    return f"{day:%Y-%m-%d}T{hour:02d}:00"
