"""Forms of the import: a file with what it is, what its columns become, and whether it is loaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import PurePath

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from config.uploads import MEGABYTE
from config.widgets import DayInput
from memberships.imports import KINDS
from memberships.models import FileImport

TOO_LARGE = gettext_noop("The file is larger than %(n)s MB; part it.")
ENDINGS = (".csv", ".xlsx", ".txt", ".tsv")
LABELS = {
    "clublist": gettext_lazy("Club list: people and memberships in one table"),
    "plans": gettext_lazy("Plans"),
    "promotions": gettext_lazy("Promotions"),
    "members": gettext_lazy("Members"),
    "memberships": gettext_lazy("Memberships"),
    "freezes": gettext_lazy("Freezes"),
    "visits": gettext_lazy("Visits"),
    "attempts": gettext_lazy("Calls"),
}


def kind_label(kind: str) -> object:
    """What a kind of file is called."""
    return LABELS.get(kind, kind)


def longest_file() -> int:
    """Bytes of the largest file that the web takes."""
    return settings.IMPORT_FILE_MB * MEGABYTE


def longest_upload() -> int:
    """The largest file, and the form around it."""
    return longest_file() + MEGABYTE


def _create_plans() -> forms.BooleanField:
    return forms.BooleanField(
        label=gettext_lazy("Make plans that are not known (club list only; they are not for sale)"), required=False
    )


class FileForm(forms.Form):
    kind = forms.ChoiceField(label=gettext_lazy("What it holds"))
    file = forms.FileField(
        label=gettext_lazy("File"), widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}), allow_empty_file=True
    )
    as_of = forms.DateField(
        label=gettext_lazy("Written on"),
        widget=DayInput,
        help_text=gettext_lazy("The day on which the old program wrote the file."),
    )
    create_plans = _create_plans()

    def __init__(self, *args: object, today: dt.date, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.today = today
        known = [*(kind for kind in LABELS if kind in KINDS), *(kind for kind in KINDS if kind not in LABELS)]
        self.fields["kind"].choices = [(kind, kind_label(kind)) for kind in known]  # type: ignore[attr-defined]
        if "clublist" not in KINDS:
            del self.fields["create_plans"]
        most = {"n": settings.IMPORT_FILE_MB}
        self.fields["file"].help_text = gettext("CSV or XLSX, up to %(n)s MB, with a line of column names.") % most
        told = {"data-longest": longest_file(), "data-too-long": gettext(TOO_LARGE) % most}
        self.fields["file"].widget.attrs.update(told)

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if PurePath(file.name or "").suffix.lower() not in ENDINGS:
            raise forms.ValidationError(gettext("This is neither a CSV nor an XLSX file; save the table as one."))
        if not file.size:
            raise forms.ValidationError(gettext("The file is empty."))
        if file.size > longest_file():
            raise forms.ValidationError(gettext(TOO_LARGE) % {"n": settings.IMPORT_FILE_MB})
        return file

    def clean_as_of(self) -> dt.date:
        day: dt.date = self.cleaned_data["as_of"]
        if day > self.today:
            raise forms.ValidationError(gettext("The file cannot be of a day that lies ahead."))
        return day


class ColumnsForm(forms.Form):
    """A choice for each column of a file, in its order."""

    def __init__(self, *args: object, file: FileImport, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        made = KINDS[file.kind]
        leave_out = ("", f"— {gettext('leave out')} —")
        choices = [leave_out, *((name, name) for name in made.fields)]
        self.columns = [(f"column_{place}", name, values) for place, (name, values) in enumerate(file.columns)]
        for field, name, _values in self.columns:
            self.fields[field] = forms.ChoiceField(
                label=name or gettext("(without a name)"),
                choices=choices,
                required=False,
                initial=file.mapping.get(name, ""),
                disabled=not name,
            )
        if file.kind == "clublist":
            self.fields["create_plans"] = _create_plans()
            self.fields["create_plans"].initial = file.create_plans

    def mapping(self) -> dict[str, str]:
        """The field by column."""
        return {name: self.cleaned_data[field] for field, name, _values in self.columns if name}

    def by_column(self, errors: Mapping[str, list[object]]) -> dict[str, list[object]]:
        """Refusals by column as refusals by the form's own fields."""
        fields = {name: field for field, name, _values in self.columns}
        return {fields.get(name, name): texts for name, texts in errors.items()}

    @property
    def rows(self) -> list[tuple[forms.BoundField, list[str]]]:
        return [(self[field], values) for field, _name, values in self.columns]


class PlansForm(forms.Form):
    """Which plan of the club is meant, for each name of a file that means none."""

    def __init__(self, *args: object, names: list[str], plans: list[tuple[str, str]], **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.names = {f"plan_{place}": name for place, name in enumerate(names)}
        choices = [("", f"— {gettext('choose a plan')} —"), *plans]
        for field, name in self.names.items():
            self.fields[field] = forms.ChoiceField(label=name, choices=choices, required=False)

    def chosen(self) -> dict[str, str]:
        """The code by name, for those that were chosen."""
        return {name: code for field, name in self.names.items() if (code := self.cleaned_data.get(field))}


class LoadForm(forms.Form):
    skip_bad = forms.BooleanField(
        label=gettext_lazy("Leave out the refused rows; without this, one refused row means that nothing is stored"),
        required=False,
    )
