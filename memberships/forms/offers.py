"""What is asked before an offer is made, and when it is sold."""

from __future__ import annotations

import re
from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from config import widgets
from memberships.models import Club, Plan
from memberships.sales import Payment


def several_codes(text: str) -> list[str]:
    """Promotion codes as one types them: with spaces, commas or semicolons between."""
    return [code for code in re.split(r"[\s,;]+", text) if code]


class OfferForm(forms.Form):
    """Plan, start and codes; beyond the limits for those who may."""

    plan = forms.ModelChoiceField(Plan.objects.none(), label=_("Plan"), empty_label=None)
    starts_on = forms.DateField(
        label=_("Starts"), required=False, widget=widgets.DayInput, help_text=_("Empty: the day after the last day.")
    )
    codes = forms.CharField(label=_("Promotion code"), required=False, max_length=200)
    sold_on = forms.DateField(label=_("Sold on"), required=False, widget=widgets.DayInput)
    override_reason = forms.CharField(label=_("Below the club's limit, because"), required=False, max_length=400)

    def __init__(self, *args: object, club: Club, supervisor: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["plan"].queryset = Plan.objects.filter(club=club, active=True).order_by("name", "pk")  # type: ignore[attr-defined]
        if not supervisor:
            del self.fields["sold_on"], self.fields["override_reason"]

    def clean_codes(self) -> list[str]:
        return several_codes(self.cleaned_data["codes"])

    @property
    def asked(self) -> dict[str, object]:
        """The parameters of ``quotes.make`` that the form names."""
        data = self.cleaned_data
        return {
            "plan": data["plan"],
            "starts_on": data["starts_on"],
            "codes": data["codes"],
            "sold_on": data.get("sold_on"),
            "override_reason": data.get("override_reason") or None,
        }


class SellForm(forms.Form):
    """How a sale is paid, and what else was agreed. Nothing filled in: paid in full."""

    price_paid = forms.DecimalField(
        label=_("Paid now"), required=False, min_value=Decimal(0), max_digits=12, decimal_places=3,
        help_text=_("Empty: all of it."),
    )  # fmt: skip
    balance_due_on = forms.DateField(label=_("The rest is due on"), required=False, widget=widgets.DayInput)
    special_terms = forms.CharField(label=_("Special terms"), required=False, max_length=400)

    @property
    def payment(self) -> Payment:
        return Payment(self.cleaned_data["price_paid"], self.cleaned_data["balance_due_on"])


class ChangeForm(SellForm):
    """Another plan for a running membership; another day and below the limit for those who may."""

    plan = forms.ModelChoiceField(Plan.objects.none(), label=_("New plan"), empty_label=None)
    on = forms.DateField(
        label=_("From"), required=False, widget=widgets.DayInput, help_text=_("The first day of the new plan.")
    )
    codes = forms.CharField(label=_("Promotion code"), required=False, max_length=200)
    override_reason = forms.CharField(label=_("Below the club's limit, because"), required=False, max_length=400)

    def __init__(self, *args: object, club: Club, supervisor: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["plan"].queryset = Plan.objects.filter(club=club, active=True).order_by("name", "pk")  # type: ignore[attr-defined]
        if not supervisor:
            del self.fields["on"], self.fields["override_reason"]

    def clean_codes(self) -> list[str]:
        return several_codes(self.cleaned_data["codes"])


class PaymentForm(forms.Form):
    """What was paid of a balance."""

    amount = forms.DecimalField(label=_("Amount paid"), max_digits=12, decimal_places=3)
