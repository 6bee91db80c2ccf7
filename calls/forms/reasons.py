"""What is asked about a refusal reason of the club's own."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calls.models import ReasonGroup, RefusalReason
from calls.reasons import LABEL_LENGTH, Marks

MARKS = ("final", "no_winback", "note_required")


class ReasonForm(forms.Form):
    """Name and marks of a reason."""

    label = forms.CharField(label=gettext_lazy("What the member says"), max_length=LABEL_LENGTH)
    final = forms.BooleanField(
        label=gettext_lazy("Ends renewal calls"), required=False,
        help_text=gettext_lazy("Nobody asks about this membership again."),
    )  # fmt: skip
    no_winback = forms.BooleanField(
        label=gettext_lazy("No win-back"), required=False,
        help_text=gettext_lazy("The member is not asked to come back later."),
    )  # fmt: skip
    note_required = forms.BooleanField(label=gettext_lazy("Asks for a note"), required=False)

    @classmethod
    def of(cls, reason: RefusalReason) -> dict[str, object]:
        """The values of a reason as it stands."""
        return {name: getattr(reason, name) for name in ("label", *MARKS)}

    @property
    def marks(self) -> Marks:
        return Marks(**{name: self.cleaned_data[name] for name in MARKS})


class NewReasonForm(ReasonForm):
    group = forms.ChoiceField(label=gettext_lazy("Who can act on it"), choices=ReasonGroup.choices)
    field_order = ("group", "label", *MARKS)


class MergeForm(forms.Form):
    into = forms.ModelChoiceField(
        RefusalReason.objects.none(), label=gettext_lazy("Merge into"), empty_label=gettext_lazy("Choose…")
    )

    def __init__(self, *args: object, reason: RefusalReason, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        rows = RefusalReason.objects.filter(club=reason.club_id, retired=False).exclude(pk=reason.pk)
        field = self.fields["into"]
        field.queryset = rows.order_by("position", "pk")  # type: ignore[attr-defined]
        field.label_from_instance = _in_group  # type: ignore[attr-defined]


def _in_group(reason: RefusalReason) -> str:
    return _("%(group)s: %(reason)s") % {"group": reason.get_group_display(), "reason": reason.name}
