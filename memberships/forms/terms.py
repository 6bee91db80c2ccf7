"""Freezes and cancellations as a desk enters them."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from config.widgets import DayInput


class FreezeForm(forms.Form):
    starts_on = forms.DateField(label=_("First day"), widget=DayInput)
    ends_on = forms.DateField(label=_("Last day"), widget=DayInput)
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)
    override_reason = forms.CharField(
        label=_("Why beyond the rules"),
        max_length=400,
        required=False,
        help_text=_("Lifts the minimum, the allowance, the count and “not before today”."),
    )

    def __init__(self, *args: object, overrides: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not overrides:
            del self.fields["override_reason"]


class ReturnForm(forms.Form):
    returned_on = forms.DateField(
        label=_("Back from"), widget=DayInput, help_text=_("The first day on which the membership runs again.")
    )


class CancelForm(forms.Form):
    on = forms.DateField(label=_("Cancelled from"), widget=DayInput, help_text=_("The first day that is not covered."))
    reason = forms.CharField(label=_("Reason"), max_length=400)
