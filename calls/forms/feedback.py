"""What is asked about requests and complaints."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from calls import requests
from calls.models import Request
from memberships.models import Club, Employee, Member


class RequestForm(forms.Form):
    """A request opened by hand; who works on requests may say whose it is."""

    about = forms.ChoiceField(label=gettext_lazy("What it is about"))
    text = forms.CharField(
        label=gettext_lazy("What is asked"), max_length=requests.LONGEST, widget=forms.Textarea(attrs={"rows": 4})
    )
    owner = forms.ModelChoiceField(
        Employee.objects.none(),
        label=gettext_lazy("Owner"),
        required=False,
        empty_label=gettext_lazy("whoever is at the desk"),
    )
    member = forms.ModelChoiceField(Member.objects.none(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, club: Club, works: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["member"].queryset = Member.objects.filter(club=club)  # type: ignore[attr-defined]
        self.fields["about"].choices = [  # type: ignore[attr-defined]
            (one.value, str(one.label).capitalize()) for one in requests.BY_HAND
        ]
        if works:
            self.fields["owner"].queryset = requests.workers(club)  # type: ignore[attr-defined]
        else:
            del self.fields["owner"]


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("What was answered"), max_length=requests.LONGEST, widget=forms.Textarea(attrs={"rows": 3})
    )


class DeclineForm(forms.Form):
    why = forms.CharField(label=gettext_lazy("Why it is declined"), max_length=400)


class HandOverForm(forms.Form):
    to = forms.ModelChoiceField(
        Employee.objects.none(), label=gettext_lazy("To whom"), empty_label=gettext_lazy("Choose…")
    )
    why = forms.CharField(label=gettext_lazy("Why"), max_length=400)

    def __init__(self, *args: object, request: Request, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        rows = requests.workers(request.club_id).exclude(pk=request.owner_id)
        self.fields["to"].queryset = rows  # type: ignore[attr-defined]
