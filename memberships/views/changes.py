"""The history of a member and of what hangs on it, as the database's triggers wrote it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from config.access import policy
from memberships import access, audit, frame
from memberships.models import Freeze, Member, Membership, SpecialDate
from memberships.rights import Right
from memberships.views import change_words
from memberships.views.people import acting


@policy(Right.READ_AUDIT)
@require_safe
def member_changes(request: HttpRequest, pk: int) -> HttpResponse:
    """Who changed what of a member, their memberships and freezes, newest first."""
    member = access.one(acting(request), Member.objects.select_related("club"), pk, Right.READ_AUDIT)
    frame.enter(request, member.club)
    memberships = list(Membership.objects.filter(member=member).order_by("pk"))
    freezes = list(Freeze.objects.filter(membership__in=memberships).order_by("pk"))
    dates = list(SpecialDate.objects.filter(member=member).order_by("pk"))
    rows = change_words.told(audit.changes([member, *memberships, *freezes, *dates]), member.club)
    return render(request, "memberships/member_changes.html", {"member": member, "rows": rows})
