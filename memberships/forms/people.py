"""A member's details as a desk types them."""

from __future__ import annotations

from typing import cast

from django import forms
from django.utils.translation import gettext_lazy as _

from config.widgets import DayInput, PhoneInput
from memberships.models import Member
from memberships.people import Details


def consent(label: object) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label,  # type: ignore[arg-type]
        required=False,
        choices=[("", _("not recorded")), ("yes", _("yes")), ("no", _("no"))],
        coerce=lambda value: value == "yes",
        empty_value=None,
    )


class MemberForm(forms.Form):
    """What ``people.create`` and ``people.edit`` take; the phone may be written in any form."""

    last_name = forms.CharField(label=_("Last name"), max_length=80)
    first_name = forms.CharField(label=_("First name"), max_length=80, required=False)
    middle_name = forms.CharField(label=_("Middle name"), max_length=80, required=False)
    external_id = forms.CharField(label=_("Number"), max_length=64, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=64, required=False, widget=PhoneInput)
    email = forms.EmailField(label=_("E-mail"), required=False)
    birthday = forms.DateField(label=_("Birthday"), required=False, widget=DayInput)
    guardian = forms.CharField(
        label=_("Guardian"), max_length=160, required=False, help_text=_("Of a minor: who is rung in their place.")
    )
    guardian_phone = forms.CharField(label=_("Guardian's phone"), max_length=64, required=False, widget=PhoneInput)
    language = forms.CharField(
        label=_("Language"), max_length=8, required=False, help_text=_("For example en, de, ru.")
    )
    timezone = forms.CharField(
        label=_("Time zone"), max_length=64, required=False, help_text=_("Only where it differs from the club's.")
    )
    source = forms.CharField(label=_("Source"), max_length=80, required=False)
    consent_calls = consent(_("Consent to calls"))
    consent_sms = consent(_("Consent to SMS"))
    consent_email = consent(_("Consent to e-mail"))
    consent_evidence = forms.CharField(
        label=_("Evidence of consent"), required=False, help_text=_("Where and when it was given.")
    )
    goal = forms.CharField(label=_("Goal"), required=False)
    interests = forms.CharField(label=_("Interests"), required=False)
    notes = forms.CharField(label=_("Notes"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def details(self) -> Details:
        """The cleaned values, as the operation takes them."""
        data = dict(self.cleaned_data)
        data["external_id"] = data["external_id"] or None
        return cast(Details, data)

    @classmethod
    def of(cls, member: Member) -> dict[str, object]:
        """A member's details as the form's first values."""
        values: dict[str, object] = {name: getattr(member, name) for name in cls.base_fields}
        values["phone"] = member.phone or member.phone_raw
        for name in ("consent_calls", "consent_sms", "consent_email"):
            values[name] = {True: "yes", False: "no", None: ""}[getattr(member, name)]
        return values


class ReasonForm(forms.Form):
    """One sentence why."""

    reason = forms.CharField(label=_("Why?"), max_length=400)


class DateForm(forms.Form):
    """A special date of a member."""

    on = forms.DateField(label=_("Day"), widget=DayInput)
    name = forms.CharField(label=_("What it is"), max_length=80, help_text=_("For example: joined the running team."))


class DeceasedForm(forms.Form):
    """The day on which a member died, as far as it is known."""

    on = forms.DateField(label=_("Day"), required=False, widget=DayInput, help_text=_("Empty: today."))
