"""The memberships room's own part of a member's history: sales, freezes, visits, segments."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from config.templatetags.ringback import money, short_day
from memberships.models import Freeze, Member, Membership, SaleKind, Visit
from memberships.places import Happening
from memberships.rules import amounts, local_time

VISITS = 40


def happenings(*, member: Member, now: dt.datetime, prices: bool) -> list[Happening]:
    """Sales, cancellations, freezes and the last visits. Without ``prices`` no amount is among them."""
    rows = Membership.objects.filter(member=member).select_related("plan", "sold_by").prefetch_related("promotions")
    found: list[Happening] = []
    for row in rows.order_by("sold_on", "pk"):
        found.append(_sale(row, member, prices))
        if row.cancelled_on is not None:
            found.append(_day(row.cancelled_on, member, "sale", "circle-x", _("Cancelled: %s") % row.plan.name,
                              row.cancel_reason))  # fmt: skip
    for freeze in Freeze.objects.filter(membership__member=member).select_related("made_by").order_by("pk"):
        found.append(_freeze(freeze, member))
    visits = Visit.objects.filter(member=member, at__lte=now).order_by("-at")[:VISITS]
    found += [
        Happening(visit.at, "visit", "door-enter", _("Visit, %s") % visit.zone if visit.zone else _("Visit"))
        for visit in visits
    ]
    return found


def _sale(row: Membership, member: Member, prices: bool) -> Happening:
    names = [promotion.name for promotion in row.promotions.all()]
    special = row.special_terms if prices else amounts.mask_amounts(row.special_terms)
    title = f"{SaleKind(row.sale_kind).label.capitalize()}: {row.plan.name}"
    if prices:
        currency = member.club.currency
        title += f", {money(row.price, currency)}"
        if row.price != row.list_price:
            title += " " + _("of %s") % money(row.list_price, currency)
    by = str(row.sold_by) if row.sold_by else ""
    return _day(row.sold_on, member, "sale", "receipt", title, " · ".join(filter(None, [*names, special])), by)


def _freeze(freeze: Freeze, member: Member) -> Happening:
    days = ngettext("%(n)s day", "%(n)s days", freeze.days) % {"n": freeze.days}
    title = _("Freeze taken back") if freeze.voided else _("Freeze, %s") % days
    text = f"{short_day(freeze.starts_on, member.club)} – {short_day(freeze.ends_on, member.club)}"
    by = str(freeze.made_by) if freeze.made_by else ""
    return Happening(
        freeze.made_at, "freeze", "snowflake", title, " · ".join(filter(None, [text, freeze.reason])), by=by
    )


def _day(day: dt.date, member: Member, kind: str, icon: str, title: str, text: str = "", by: str = "") -> Happening:
    at = local_time.first_instant(day, member.club.zone)
    return Happening(at, kind, icon, title, text, by=by, day_only=True)
