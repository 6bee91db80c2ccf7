"""A club's numbers and calling windows as a manager types them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from calls import adjusting
from calls.models import ContactPolicy
from calls.rules import hours
from config.widgets import HourInput
from memberships.models import Club, ClubPolicy

SPAN = re.compile(r"(\d{1,2})[:.]?(\d{2})?\s*[-–—]\s*(\d{1,2})[:.]?(\d{2})?")

SellingForm = forms.modelform_factory(ClubPolicy, fields=adjusting.MEMBERSHIP_NUMBERS)
_CallingNumbers = forms.modelform_factory(
    ContactPolicy,
    fields=(*adjusting.CALL_NUMBERS, *adjusting.HOURS),
    widgets=dict.fromkeys(adjusting.HOURS, HourInput),
)


GROUPS = (
    (
        _("Caps and pauses"),
        _("asked before every call, for the member and for the number"),
        ("consent_scope", "cap_counts", "cap_7_days", "cap_30_days", "attempts_a_day", "min_gap_hours",
         "silence_days", "refused_days"),
    ),
    (
        _("Whom to ring"),
        _("what the planner looks for each night"),
        ("renewal_rungs", "winback_rungs", "welcome_from_day", "welcome_to_day", "care_days", "care_days_left",
         "at_risk_pause_days", "freeze_ending_days", "complaint_followup_days"),
    ),
    (
        _("Queue and outcomes"),
        _("how long a call is held, how often it is tried"),
        ("lease_minutes", "release_pause_minutes", "max_releases", "busy_minutes", "max_attempts",
         "callback_days_ahead", "unsaid_warning_percent", "complaint_answer_days"),
    ),
    (
        _("Club and meetings"),
        _("hours of the club and of hosts without their own"),
        ("opens_at", "closes_at", "host_from", "host_to", "slot_minutes", "slot_days_ahead", "reminder_hours"),
    ),
)  # fmt: skip
"""The numbers of calls and meetings as the page shows them: title, a word beside it, names."""


class CallingForm(_CallingNumbers):  # type: ignore[misc, valid-type]
    """The numbers of calls and meetings."""

    class Meta(_CallingNumbers.Meta):  # type: ignore[name-defined, misc]
        pass

    def groups(self) -> list[tuple[object, object, list[forms.BoundField]]]:
        """Title, a word beside it, and the fields."""
        return [(title, word, [self[name] for name in names]) for title, word, names in GROUPS]


class WindowsForm(forms.Form):
    """Calling windows: for each weekday any number, such as “10:00–13:00, 15:00–20:00”; empty: nobody is rung."""

    def __init__(self, data: Any = None, *, windows: list[adjusting.Window]) -> None:
        super().__init__(data)
        for weekday in range(7):
            spans = [f"{begins:%H:%M}–{ends:%H:%M}" for day, begins, ends in windows if day == weekday]
            self.fields[f"day{weekday}"] = forms.CharField(
                label=WEEKDAYS[weekday], required=False, max_length=120, initial=", ".join(spans)
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.windows: list[adjusting.Window] = []
        for weekday in range(7):
            for part in filter(None, (one.strip() for one in cleaned.get(f"day{weekday}", "").split(","))):
                span = _span(part)
                if span is None:
                    text = _("Write hours like 10:00–20:00, several with a comma between.")
                    self.add_error(f"day{weekday}", text)  # type: ignore[arg-type]
                else:
                    self.windows.append((weekday, *span))
        return cleaned


def _span(text: str) -> tuple[dt.time, dt.time] | None:
    match = SPAN.fullmatch(text)
    if match is None:
        return None
    first_hour, first_minute, last_hour, last_minute = (int(group or 0) for group in match.groups())
    try:
        return dt.time(first_hour, first_minute), dt.time(last_hour, last_minute)
    except ValueError:
        return None


class RegionForm(forms.Form):
    """Whose holidays count, besides those of the country."""

    region = forms.ChoiceField(label=_("Region"), required=False)

    def __init__(self, data: Any = None, *, club: Club) -> None:
        super().__init__(data, initial={"region": club.region})
        codes = hours.regions(club.country)
        self.fields["region"].choices = [("", _("of the whole country only")), *((code, code) for code in codes)]  # type: ignore[attr-defined]


def forms_of(club: Club, data: Any = None) -> tuple[forms.ModelForm, forms.ModelForm, WindowsForm]:
    """The three forms of the policy page, filled with what holds now."""
    numbers = adjusting.numbers(club)
    return (
        SellingForm(data, initial=numbers),
        CallingForm(data, initial=numbers),
        WindowsForm(data, windows=adjusting.windows(club)),
    )
