"""What a member may ask of a club: all that it knows of them, and that it forgets it."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from config import clock
from config.access import policy
from config.forms import refuse, sent
from memberships import access, erasing, frame
from memberships.models import Member
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.views.people import acting


class EraseForm(forms.Form):
    """Asks for the member's name, typed."""

    name = forms.CharField(label=gettext_lazy("The member's name"), max_length=200)

    def __init__(self, *args: object, member: Member, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.member = member
        self.fields["name"].widget.attrs["autocomplete"] = "off"

    def clean_name(self) -> str:
        typed = " ".join(str(self.cleaned_data["name"]).split())
        if typed.casefold() != " ".join(self.member.name.split()).casefold():
            raise forms.ValidationError(_("This is not the member's name."))
        return typed


@policy(Right.EXPORT_MEMBERS)
@require_safe
def member_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything of a member as a JSON file."""
    member = _member(request, pk)
    everything = erasing.everything(member=member, reader=acting(request))
    answer = {"club": member.club.slug, "exported_at": clock.now(), **everything}
    response = JsonResponse(answer, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="{member.club.slug}-member-{member.pk}.json"'
    response["Cache-Control"] = "no-store"
    return response


@policy(Right.EXPORT_MEMBERS)
@require_http_methods(["GET", "POST"])
def member_erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Erases a member's words for good, once the name is typed."""
    member = _member(request, pk)
    form = EraseForm(sent(request), member=member)
    if request.method == "POST" and form.is_valid():
        try:
            erasing.erase(member=member, now=clock.now(), by=acting(request))
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, _("The member's names, contacts and notes are erased."))
            return redirect("member_detail", member.pk)
    context = {"form": form, "member": member}
    return render(request, "memberships/member_erase.html", context, status=422 if form.errors else 200)


def _member(request: HttpRequest, pk: int) -> Member:
    member = access.one(acting(request), Member.objects.select_related("club"), pk, Right.EXPORT_MEMBERS)
    frame.enter(request, member.club)
    return member
