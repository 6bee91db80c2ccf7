"""The buttons of the member's page that belong to the memberships room."""

from __future__ import annotations

import datetime as dt

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from memberships import access, frame, merging, standing
from memberships.models import Member
from memberships.places import Action
from memberships.rights import Right
from memberships.rules import local_time
from memberships.rules.terms import Status


def of(*, request: HttpRequest, member: Member, now: dt.datetime) -> list[Action]:
    """Freeze, renew, do-not-call, edit, merge, export and erase, for who may."""
    user = frame.person(request)
    if not access.may(user, Right.EDIT_MEMBERS, member.club):
        return []
    actions = _merges(member, now)
    if member.merged_into_id is not None:
        return actions
    actions += [Action(_("Edit"), reverse("member_edit", args=[member.pk]), "edit", "E", position=80)]
    stand = standing.of_member(member=member, on=local_time.local_day(now, member.club.zone))
    if stand.membership and stand.status in (Status.ACTIVE, Status.FROZEN, Status.PENDING):
        url = reverse("freeze_new", args=[stand.membership.pk])
        actions.append(Action(_("Freeze"), url, "snowflake", "F", position=10))
        if stand.status is not Status.PENDING:
            url = reverse("membership_change", args=[stand.membership.pk])
            actions.append(Action(_("Change the plan…"), url, position=85, rare=True))
    if member.deceased_on is None and access.may(user, Right.SELL, member.club):
        label = _("Renew") if stand.membership else _("Sell")
        actions.append(Action(label, reverse("offer_new", args=[member.pk]), key="R", primary=True, position=30))
    marked = member.do_not_call
    if not marked or access.may(user, Right.CLEAR_DNC, member.club):
        label = _("May be called…") if marked else _("Do not call…")
        actions.append(Action(label, reverse("member_do_not_call", args=[member.pk]), "phone-off", position=70))
    if member.deceased_on is None or access.may(user, Right.CLEAR_DNC, member.club):
        label = _("Not deceased…") if member.deceased_on else _("Deceased…")
        actions.append(Action(label, reverse("member_deceased", args=[member.pk]), position=92, rare=True))
    if access.may(user, Right.EXPORT_MEMBERS, member.club):
        actions.append(Action(_("Export as JSON"), reverse("member_export", args=[member.pk]), position=95, rare=True))
        actions.append(Action(_("Erase…"), reverse("member_erase", args=[member.pk]), position=96, rare=True))
    return actions


def _merges(member: Member, now: dt.datetime) -> list[Action]:
    """Another row of the same person joins this one; one that joined today goes back."""
    actions = [
        Action(
            _("Take back the merge with %(name)s…")
            % {"name": (merge.gone if merge.kept == member else merge.kept).name},
            reverse("merge_undo", args=[merge.pk]),
            position=91,
            rare=True,
        )
        for merge in merging.reversible(member=member, now=now)
    ]
    if member.merged_into_id is None:
        url = reverse("member_merge", args=[member.pk])
        actions.append(Action(_("Merge with another…"), url, position=90, rare=True))
    return actions
