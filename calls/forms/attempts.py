"""A supervisor puts the outcome of a call right."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from calls.models import CallAttempt, Outcome, RefusalReason


class CorrectForm(forms.Form):
    """The outcome as it really was; a retired reason stays possible where the call has it already."""

    outcome = forms.ChoiceField(label=gettext_lazy("How it really ended"), choices=Outcome.choices)
    reason = forms.ChoiceField(label=gettext_lazy("Reason, if it was refused"), required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    why = forms.CharField(label=gettext_lazy("Why you correct it"), max_length=400)

    def __init__(self, *args: object, attempt: CallAttempt, **kwargs: object) -> None:
        given = {
            "outcome": attempt.outcome,
            "reason": attempt.reason.code if attempt.reason else "",
            "note": attempt.note,
        }
        super().__init__(*args, initial=given, **kwargs)  # type: ignore[arg-type]
        rows = RefusalReason.objects.filter(club=attempt.club_id).order_by("position", "pk")
        known = [(row.code, row.name) for row in rows if not row.retired or row.pk == attempt.reason_id]
        self.fields["reason"].choices = [("", "—"), *known]  # type: ignore[attr-defined]
