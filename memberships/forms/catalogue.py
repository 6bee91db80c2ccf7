"""Plans and promotions as a manager types them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from config.widgets import DayInput
from memberships.models import Audience, Club, Plan, Promotion, Segment


class PlanForm(forms.ModelForm):
    """A plan; zones are words with a comma between."""

    zones = forms.CharField(label=_("Zones"), required=False, help_text=_("With a comma between: gym, classes, pool."))

    class Meta:
        model = Plan
        fields = (
            "code", "name", "term_count", "term_unit", "price", "freeze_days", "freeze_min_days", "freeze_max_count",
            "zones", "active",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["zones"] = ", ".join(self.instance.zones or [])

    def clean_zones(self) -> list[str]:
        return [zone.strip()[:32] for zone in self.cleaned_data["zones"].split(",") if zone.strip()]

    def _post_clean(self) -> None:
        """The operation writes and judges the row; the form only reads it."""


class PromotionForm(forms.ModelForm):
    """A promotion of one or several clubs; no plan chosen: all plans."""

    audience = forms.MultipleChoiceField(
        label=_("For whom"), choices=Audience.choices, widget=forms.CheckboxSelectMultiple
    )
    segments = forms.MultipleChoiceField(
        label=_("Segments"),
        choices=Segment.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all."),
    )
    plans = forms.ModelMultipleChoiceField(
        label=_("Plans"),
        queryset=Plan.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all."),
    )

    class Meta:
        model = Promotion
        fields = (
            "code", "name", "kind", "value", "gift", "audience", "starts_on", "ends_on", "plans", "segments",
            "min_tenure_months", "early_days", "max_uses", "stackable", "needs_code", "phone_summary", "details",
        )  # fmt: skip
        widgets = {"starts_on": DayInput, "ends_on": DayInput, "details": forms.Textarea(attrs={"rows": 2})}
        help_texts = {
            "value": _("Percent, amount, price or days, as the kind says; 0 for a gift."),
            "phone_summary": _("Read aloud by operators: no amount, no percentage."),
        }

    def __init__(self, *args: Any, club: Club, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["plans"].queryset = Plan.objects.filter(club=club).order_by("name", "pk")  # type: ignore[attr-defined]
        self.fields["value"].required = False

    def clean_value(self) -> Any:
        return self.cleaned_data["value"] or 0

    def _post_clean(self) -> None:
        """The operation writes and judges the row; the form only reads it."""
