"""Form controls that browsers know better than text fields: days, instants, hours, numbers to ring."""

from __future__ import annotations

from django import forms


class DayInput(forms.DateInput):
    """A day, with the browser's calendar."""

    input_type = "date"

    def __init__(self, attrs: dict[str, object] | None = None) -> None:
        super().__init__(attrs={"class": "num", **(attrs or {})}, format="%Y-%m-%d")


class InstantInput(forms.DateTimeInput):
    """A day and a time, local to the club."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, object] | None = None) -> None:
        super().__init__(attrs={"class": "num", **(attrs or {})}, format="%Y-%m-%dT%H:%M")


class HourInput(forms.TimeInput):
    """A time of day."""

    input_type = "time"

    def __init__(self, attrs: dict[str, object] | None = None) -> None:
        super().__init__(attrs={"class": "num", **(attrs or {})}, format="%H:%M")


class PhoneInput(forms.TextInput):
    """A telephone number."""

    input_type = "tel"

    def __init__(self, attrs: dict[str, object] | None = None) -> None:
        super().__init__(attrs={"class": "num", "autocomplete": "off", **(attrs or {})})
