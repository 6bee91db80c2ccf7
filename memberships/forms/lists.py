"""What is asked when a view of a list is saved, and when many rows are marked."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SavedViewForm(forms.Form):
    """The view's name and, for those who may share, whether the club sees it."""

    name = forms.CharField(label=_("Name"), max_length=60)
    shared = forms.BooleanField(
        label=_("Everybody in the club sees it"), required=False, help_text=_("As a tab above the list.")
    )

    def __init__(self, *args: object, may_share: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not may_share:
            del self.fields["shared"]

    @property
    def shares(self) -> bool:
        return bool(self.cleaned_data.get("shared"))


class NoteForm(forms.Form):
    """One sentence that goes with a mark on many."""

    note = forms.CharField(label=_("Why?"), max_length=400)
