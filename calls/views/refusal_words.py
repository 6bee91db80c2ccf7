"""What changed most about refusals, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from calls.figures import Names
from calls.models import ReasonGroup
from calls.rules import figures as formulas
from calls.rules import refusals as rules
from calls.rules.refusals import Change, Refusal, Told
from config.templatetags.ringback import percent

Address = Callable[..., str]


@dataclass(frozen=True)
class Said:
    """A sentence: what changed (said first, strongly), what is particular, and the members behind it."""

    lead: str
    rest: str = ""
    link: str = ""
    url: str = ""


def sentences(
    now: Sequence[Refusal], before: Sequence[Refusal], names: Names, address: Address, limit: int
) -> list[Said]:
    """At most three changes, the largest first, then by how much nothing else moved."""
    told, rest = rules.changes(now, before)
    found = [_change(change, now, names, address, limit) for change in told]
    if not told:
        return [Said("", _("No reason moved by more than %(n)s.") % {"n": rest})] if now or before else []
    words = ngettext("No other reason moved by more than %(n)s.", "No other reason moved by more than %(n)s.", rest)
    return [*found, Said("", words % {"n": rest})]


def _change(change: Change, now: Sequence[Refusal], names: Names, address: Address, limit: int) -> Said:
    values = {"reason": names.of("reason", change.reason), "before": change.before, "now": change.now}
    if names.group_of("reason", change.reason) == ReasonGroup.UNSAID:
        rest = _unsaid_share(now, limit)
    else:
        rest = _in_common(change.told, names) if change.told else ""
    members = len({one.member for one in now if one.reason == change.reason})
    link = ngettext("%(n)s member", "%(n)s members", members) % {"n": members} if members else ""
    return Said(_lead(change) % values, rest, link, address(reason=change.reason) if members else "")


def _lead(change: Change) -> str:
    if not change.before:
        return _("%(reason)s is new: %(now)s.")
    if not change.now:
        return _("%(reason)s was named no more, after %(before)s.")
    if change.now > 2 * change.before:
        return _("%(reason)s more than doubled, %(before)s → %(now)s.")
    if change.now == 2 * change.before:
        return _("%(reason)s doubled, %(before)s → %(now)s.")
    if 2 * change.now < change.before:
        return _("%(reason)s more than halved, %(before)s → %(now)s.")
    return _("%(reason)s rose, %(before)s → %(now)s.") if change.by > 0 else _("%(reason)s fell, %(before)s → %(now)s.")


def _in_common(told: Told, names: Names) -> str:
    values = {"count": told.count, "of": told.of, "what": names.of(told.grouping, told.key)}
    match told.grouping:
        case "tenure":
            return _("%(count)s of the %(of)s have been here: %(what)s.") % values
        case "plan":
            return _("%(count)s of the %(of)s hold %(what)s.") % values
        case "segment":
            return _("%(count)s of the %(of)s are %(what)s.") % {**values, "what": str(values["what"]).lower()}
        case _:
            return _("%(count)s of the %(of)s went to %(what)s.") % values


def _unsaid_share(now: Sequence[Refusal], limit: int) -> str:
    unsaid = sum(one.group == ReasonGroup.UNSAID for one in now)
    values = {"share": percent(formulas.unsaid_share(refusals=len(now), unsaid=unsaid)), "limit": limit}
    if unsaid * 100 > limit * len(now):
        return _("Unsaid is at %(share)s, above the club's limit of %(limit)s %%.") % values
    return _("Unsaid is at %(share)s, within the club's limit of %(limit)s %%.") % values


def unsaid(now: Sequence[Refusal], names: Names, address: Address, limit: int) -> list[Said]:
    """Warnings: the club, or operators, with too many refusals of whom no reason is known."""
    found = []
    count = sum(one.group == ReasonGroup.UNSAID for one in now)
    if count * 100 > limit * len(now):
        found.append(Said(_unsaid_share(now, limit), url=address(group=ReasonGroup.UNSAID.value), link=str(count)))
    for operator, silent, of in rules.unsaid_above(now, limit):
        share = percent(formulas.rate(silent, of))
        values = {"operator": names.of("operator", operator), "share": share, "silent": silent, "of": of}
        lead = _("%(operator)s: %(share)s unsaid, %(silent)s of %(of)s.") % values
        url = address(group=ReasonGroup.UNSAID.value, operator=operator)
        found.append(Said(lead, url=url, link=_("Show")))
    return found
