"""What is asked when a meeting is booked, moved, cancelled or closed, and about a host's hours."""

from __future__ import annotations

import datetime as dt
import re

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.models import Purpose, ReasonGroup, RefusalReason
from config import widgets
from memberships.forms.offers import several_codes
from memberships.models import Club, Employee, Plan

SATISFIED = [("", gettext_lazy("not asked")), ("yes", gettext_lazy("yes")), ("no", gettext_lazy("no"))]


class SlotField(forms.CharField):
    """A host and a start as the buttons of free slots send them: ``4|2026-11-12T17:00:00-06:00``."""

    def clean(self, value: object) -> tuple[int, dt.datetime]:
        text = super().clean(value)
        host, _bar, starts_at = text.partition("|")
        try:
            found = int(host), dt.datetime.fromisoformat(starts_at)
        except ValueError:
            found = None
        if found is None or found[1].tzinfo is None or not 0 < found[0] < 2**63:
            raise forms.ValidationError(_("Choose a free time."))
        return found


class BookForm(forms.Form):
    purpose = forms.ChoiceField(label=gettext_lazy("What for"), choices=Purpose.choices)
    slot = SlotField(label=gettext_lazy("Time"), error_messages={"required": gettext_lazy("Choose a free time.")})


class MoveForm(forms.Form):
    slot = SlotField(label=gettext_lazy("Time"), error_messages={"required": gettext_lazy("Choose a free time.")})
    why = forms.CharField(label=gettext_lazy("Why"), required=False, max_length=200)


class CancelForm(forms.Form):
    why = forms.CharField(label=gettext_lazy("Why"), required=False, max_length=200)


class CloseForm(forms.Form):
    """What every close may say."""

    satisfied = forms.ChoiceField(label=gettext_lazy("Satisfied?"), choices=SATISFIED, required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    @property
    def is_satisfied(self) -> bool | None:
        return {"yes": True, "no": False}.get(self.cleaned_data["satisfied"])


class ThinkingForm(CloseForm):
    ring_on = forms.DateField(label=gettext_lazy("Ring on"), widget=widgets.DayInput)
    field_order = ("ring_on", "note", "satisfied")


class RefusedForm(CloseForm):
    reason = forms.ChoiceField(
        label=gettext_lazy("Why"), error_messages={"required": gettext_lazy("Choose why the member refused.")}
    )
    competitor = forms.CharField(label=gettext_lazy("Which competitor"), required=False, max_length=120)
    field_order = ("reason", "competitor", "note", "satisfied")

    def __init__(self, *args: object, club: Club, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        rows = RefusalReason.objects.filter(club=club, retired=False).order_by("position", "pk")
        by_group: dict[str, list[tuple[str, str]]] = {group: [] for group in ReasonGroup.values}
        for row in rows:
            by_group[row.group].append((row.code, row.name))
        groups = [(str(ReasonGroup(group).label), found) for group, found in by_group.items() if found]
        self.fields["reason"].choices = [("", _("Choose…")), *groups]  # type: ignore[attr-defined]


class ChangedPlanForm(CloseForm):
    plan = forms.ModelChoiceField(Plan.objects.none(), label=gettext_lazy("New plan"))
    on = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=widgets.DayInput, help_text=gettext_lazy("Empty: today.")
    )
    codes = forms.CharField(label=gettext_lazy("Promotion code"), required=False, max_length=200)
    field_order = ("plan", "on", "codes", "satisfied", "note")

    def __init__(self, *args: object, club: Club, supervisor: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["plan"].queryset = Plan.objects.filter(club=club, active=True).order_by("name", "pk")  # type: ignore[attr-defined]
        if not supervisor:
            del self.fields["on"]

    def clean_codes(self) -> list[str]:
        return several_codes(self.cleaned_data["codes"])


WEEKDAYS = (
    gettext_lazy("Monday"), gettext_lazy("Tuesday"), gettext_lazy("Wednesday"), gettext_lazy("Thursday"),
    gettext_lazy("Friday"), gettext_lazy("Saturday"), gettext_lazy("Sunday"),
)  # fmt: skip
STRETCH = re.compile(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)")


class HoursField(forms.CharField):
    """The stretches of a day as people write them: ``10:00–13:00, 15:00–20:00``; empty: none."""

    def clean(self, value: object) -> list[tuple[dt.time, dt.time]]:
        text = super().clean(value).strip()
        found = []
        for part in filter(None, (one.strip() for one in re.split(r"[,;]", text))):
            match = STRETCH.fullmatch(part)
            try:
                numbers = [int(number) for number in match.groups()] if match else []
                found.append((dt.time(numbers[0], numbers[1]), dt.time(numbers[2], numbers[3])))
            except (IndexError, ValueError):
                raise forms.ValidationError(
                    _("“%(text)s” is no stretch of hours; write 10:00–13:00, 15:00–20:00."), params={"text": part}
                ) from None
        return found


class HostForm(forms.Form):
    """A host's week and days off. A week without any hours means the club's default hours."""

    days_off = forms.CharField(
        label=gettext_lazy("Days off"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One a line: 2027-01-13, or 2027-07-01 – 2027-07-14."),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for weekday, name in enumerate(WEEKDAYS):
            self.fields[f"day_{weekday}"] = HoursField(label=name, required=False, max_length=120)
        self.order_fields([*(f"day_{weekday}" for weekday in range(7)), "days_off"])

    @classmethod
    def of(cls, host: Employee, today: dt.date) -> HostForm:
        """The form as the host's hours stand."""
        initial: dict[str, object] = {}
        for row in host.weekly_hours.order_by("weekday", "from_time"):
            name = f"day_{row.weekday}"
            stretch = f"{row.from_time:%H:%M}–{row.to_time:%H:%M}"
            initial[name] = f"{initial[name]}, {stretch}" if name in initial else stretch
        days = host.days_off.filter(day__gte=today).order_by("day").values_list("day", flat=True)
        initial["days_off"] = "\n".join(day.isoformat() for day in days)
        return cls(initial=initial)

    @property
    def hours(self) -> list[tuple[int, dt.time, dt.time]]:
        return [
            (weekday, begin, finish) for weekday in range(7) for begin, finish in self.cleaned_data[f"day_{weekday}"]
        ]

    def clean_days_off(self) -> list[dt.date]:
        days: list[dt.date] = []
        for line in filter(None, (one.strip() for one in self.cleaned_data["days_off"].splitlines())):
            try:
                first, _dash, last = (part.strip() for part in line.replace(" - ", "–").partition("–"))
                begin = dt.date.fromisoformat(first)
                end = dt.date.fromisoformat(last) if last else begin
            except ValueError:
                raise forms.ValidationError(
                    _("“%(text)s” is no day; write 2027-01-13."), params={"text": line}
                ) from None
            if not 0 <= (end - begin).days <= 366:
                raise forms.ValidationError(
                    _("“%(text)s” must end after it begins, within a year."), params={"text": line}
                )
            days += [begin + dt.timedelta(days=n) for n in range((end - begin).days + 1)]
        return days
