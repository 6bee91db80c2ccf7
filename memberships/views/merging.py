"""Two rows of the list that are one person: chosen, previewed, merged, and taken apart again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from config import clock
from config.access import policy
from config.words import said
from memberships import access, frame, merging, searching
from memberships.models import Club, Member, MemberMerge
from memberships.rights import Right
from memberships.rules.errors import Refused
from memberships.rules.sentences import Sentence
from memberships.views.members import Row, rows_of
from memberships.views.people import acting

SHOWN = 8


@policy(Right.EDIT_MEMBERS)
@require_http_methods(["GET", "POST"])
def member_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Lets another member go into this one. ``?q=`` looks for the other, ``?other=`` shows what would move."""
    kept = access.one(acting(request), Member.objects.select_related("club"), pk, Right.EDIT_MEMBERS)
    frame.enter(request, kept.club)
    context: dict[str, object] = {"member": kept, "q": request.GET.get("q", ""), "refusal": ""}
    asked = request.POST.get("other") or request.GET.get("other", "")
    gone = _other(kept, asked)
    if kept.merged_into_id is not None:
        messages.error(request, _("This member was merged into another one."))
        return redirect("member_detail", kept.pk)
    if gone is None:
        refused = request.method == "POST" or bool(asked)
        context["refusal"] = _("There is no such member.") if refused else ""
        context["found"] = candidates(kept, request.GET.get("q", ""))
        return render(request, "memberships/member_merge.html", context, status=422 if refused else 200)
    if request.method == "POST":
        try:
            merging.merge(kept=kept, gone=gone, now=clock.now(), by=acting(request))
        except Refused as error:
            context["refusal"] = said(error.message)
        else:
            told = _("%(gone)s is part of %(kept)s now. You can take it back for a day.")
            messages.success(request, told % {"gone": gone.name, "kept": kept.name})
            return redirect("member_detail", kept.pk)
    today = clock.today(kept.club.zone)
    context |= {"gone": gone, "both": rows_of(kept.club, [kept, gone], today)}
    context["preview"] = found = merging.preview(kept=kept, gone=gone)
    context["overlaps"] = [said(overlap) for overlap in found.overlaps]
    status = 409 if context["refusal"] else 200
    return render(request, "memberships/member_merge_preview.html", context, status=status)


@policy(Right.EDIT_MEMBERS)
@require_http_methods(["GET", "POST"])
def merge_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks, and makes two members of a merged one again."""
    rows = MemberMerge.objects.select_related("kept__club", "gone", "merged_by")
    merge = access.one(acting(request), rows, pk, Right.EDIT_MEMBERS, club_path="kept__club_id")
    frame.enter(request, merge.kept.club)
    refusal = ""
    if request.method == "POST":
        try:
            merging.take_back(merge=merge, now=clock.now(), by=acting(request))
        except Refused as error:
            refusal = said(error.message)
        else:
            messages.success(request, _("They are two members again."))
            return redirect("member_detail", merge.gone_id)
    context = {
        "merge": merge,
        "member": merge.kept,
        "refusal": refusal,
        "until": merge.merged_at + merging.REVERSIBLE,
        "why": said(Sentence.from_json(merge.moved["why"])) if merge.moved.get("why") else "",
        "left_out": bool(merge.moved.get("left_out")),
    }
    return render(request, "memberships/merge_undo.html", context, status=409 if refusal else 200)


def candidates(kept: Member, text: str) -> list[Row]:
    """Who may be the same person: what is searched for, else those with the same number or the same name."""
    others = Member.objects.filter(club=kept.club_id, merged_into=None).exclude(pk=kept.pk)
    if searching.words_in(text):
        others = searching.matching(others, text)
    else:
        alike = others.filter(last_name__iexact=kept.last_name) if kept.last_name else others.none()
        alike = alike.filter(first_name__iexact=kept.first_name)
        others = alike | (others.filter(phone=kept.phone) if kept.phone else others.none())
    club: Club = kept.club
    found = list(others.order_by("last_name", "first_name", "pk")[:SHOWN])
    return rows_of(club, found, clock.today(club.zone))


def _other(kept: Member, asked: str) -> Member | None:
    if not asked.isdecimal() or len(asked) > 18:
        return None
    others = Member.objects.filter(club=kept.club_id, merged_into=None).exclude(pk=kept.pk)
    return others.filter(pk=int(asked)).order_by("pk").first()
