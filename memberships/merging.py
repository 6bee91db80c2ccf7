"""Two rows of the list that are one person become one, and apart again for a day (PRODUCT.md §1, §14).

The kept member's details win, empty ones are filled from the other; a refused consent and do-not-call hold for both.
All rows of the other move (``places.member_rows``); kinds of sale and chains stay what they were at the sale.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from memberships import events, histories, holding, places, visits
from memberships.events import Moment
from memberships.models import Club, Member, MemberMerge, Membership, Plan, SaleKind, User
from memberships.rules.errors import Conflict, Invalid
from memberships.rules.sales import Overlap
from memberships.rules.sentences import N_, Sentence, sentence

REVERSIBLE = dt.timedelta(days=1)
TOGETHER = (
    ("external_id",), ("first_name",), ("middle_name",), ("phone", "phone_raw", "phone_changed_at", "phone_bad_since"),
    ("email",), ("birthday",), ("language",), ("timezone",), ("source",), ("guardian", "guardian_phone"),
    ("consent_evidence",), ("interests",), ("goal",), ("notes",), ("deceased_on",), ("segment",),
)  # fmt: skip
"""Details that are filled, those that belong together in one; the first decides whether the kept one has it."""
CONSENTS = ("consent_calls", "consent_sms", "consent_email")
DO_NOT_CALL = ("do_not_call_since", "do_not_call_by_id", "do_not_call_note")


class SameMember(Invalid):
    """A member cannot be merged with themselves, nor with one of another club."""

    field = "other"


class NotUndone(Conflict):
    """A merge that cannot be taken back any more."""

    code = "undo_too_late"


@dataclass(frozen=True)
class Preview:
    """What a merge would do: rows that come over by their label, details that are filled, days in the way."""

    rows: list[tuple[object, int]]
    filled: list[tuple[str, object]]
    overlaps: list[Sentence]


def preview(*, kept: Member, gone: Member) -> Preview:
    """What ``merge`` would do, nothing stored. Raises ``SameMember``."""
    _check_pair(kept, gone)
    counts = [(rows.label, rows.model._default_manager.filter(member=gone).count()) for rows in _moving()]
    after = Member.objects.get(pk=kept.pk)
    filled = [(name, getattr(gone, name)) for group in _fill(after, gone) for name in group[:1]]
    filled += [(name, getattr(after, name)) for name in _consent(after, gone)]
    labels = {field.attname: str(field.verbose_name) for field in Member._meta.concrete_fields}
    return Preview(
        [(label, count) for label, count in counts if count],
        [(labels[name], value) for name, value in filled],
        _overlaps(kept, gone),
    )


def merge(*, kept: Member, gone: Member, now: dt.datetime, by: User | None) -> MemberMerge:
    """Let ``gone`` go into ``kept``. Raises ``SameMember``, ``holding.MemberGone``, and ``Overlap`` with the days
    that a membership of each covers.
    """
    _check_pair(kept, gone)
    with _both(kept, gone, now, by) as (kept, gone, moment):
        if kept.merged_into_id is not None or gone.merged_into_id is not None:
            raise holding.MemberGone(sentence(N_("This member was merged into another one.")))
        overlaps = _overlaps(kept, gone)
        if overlaps:
            days = [{name: one.params[name].isoformat() for name in ("first", "last")} for one in overlaps]  # type: ignore[attr-defined]
            raise Overlap(overlaps[0], fields={"other": overlaps}, extra={"days": days})
        moved: dict[str, object] = {
            "rooms": {name: room.before(kept=kept, gone=gone, moment=moment) for name, room in places.mergings.items()}
        }
        moved |= combine(kept, gone)
        gone.merged_into = kept
        if ["external_id"] in moved["filled"]:  # type: ignore[operator]
            gone.external_id = None
        gone.save()
        kept.save()
        moved["rows"] = {rows.name: _move(rows, gone, kept) for rows in _moving()}
        brought = Member.objects.filter(referred_by=gone).exclude(pk=kept.pk)
        moved["referrals"] = list(brought.values_list("pk", flat=True))
        brought.update(referred_by=kept)
        moved["mended"] = visits.mend_covered(member=kept)
        merged = MemberMerge.objects.create(kept=kept, gone=gone, merged_at=now, merged_by=by, moved=moved)
        _tell(kept, gone, moment)
        for listener in events.merged:
            listener(kept=kept, gone=gone, moment=moment)
        return merged


def combine(kept: Member, gone: Member, *, apart: Collection[tuple[str, ...]] = ()) -> dict[str, object]:
    """Give the kept one what the other knows, and do-not-call to both; nothing is saved. Answers what of it
    ``take_back`` takes away again. ``apart``: details that are not filled, of ``TOGETHER``.
    """
    moved = {"filled": [list(group) for group in _fill(kept, gone, apart)], "consents": _consent(kept, gone)}
    for one, other in ((kept, gone), (gone, kept)):
        if one.do_not_call_since is None and other.do_not_call_since is not None:
            _copy(one, other, DO_NOT_CALL)
    return moved


def take_back(*, merge: MemberMerge, now: dt.datetime, by: User | None) -> MemberMerge:
    """Make two of them again: all that moved goes back, what came since stays with the kept one.

    Do-not-call stays on both. Raises ``NotUndone``: a day is over, one of them was merged or erased since, or what
    moved has been renewed.
    """
    with _both(merge.kept, merge.gone, now, by) as (kept, gone, moment):
        merge = MemberMerge.objects.get(pk=merge.pk)
        _check_reversible(merge, kept, gone, now)
        moved = merge.moved
        for rows in _moving():
            there = rows.model._default_manager.filter(pk__in=moved["rows"].get(rows.name, []), member=kept)
            there.update(member=gone)
        Member.objects.filter(pk__in=moved["referrals"], referred_by=kept).update(referred_by=gone)
        visits.mark_to_mend(moved["mended"])
        for group in moved["filled"]:
            if group == ["external_id"]:
                kept.external_id, gone.external_id = None, kept.external_id
            elif all(getattr(kept, name) == getattr(gone, name) for name in group):
                for name in group:
                    setattr(kept, name, Member._meta.get_field(name).get_default())
        for name, (before, after) in moved["consents"].items():
            if getattr(kept, name) == after:
                setattr(kept, name, before)
        gone.merged_into = None
        kept.save()
        gone.save()
        if moved.get("left_out"):
            _sell_left_out(gone, moved["left_out"], moment)
        merge.undone_at, merge.undone_by = now, by
        merge.save(update_fields=["undone_at", "undone_by"])
        for name, room in places.mergings.items():
            if name in moved["rooms"]:
                room.undo(kept=kept, gone=gone, made=moved["rooms"][name], moment=moment)
        _tell(kept, gone, moment)
        return merge


def reversible(*, member: Member, now: dt.datetime) -> list[MemberMerge]:
    """The merges of the last day that the member took part in, newest first."""
    rows = MemberMerge.objects.filter(undone_at=None, merged_at__gt=now - REVERSIBLE).select_related("kept", "gone")
    return list((rows.filter(kept=member) | rows.filter(gone=member)).order_by("-merged_at", "-pk"))


# ---- steps -----------------------------------------------------------------------------------------------


@contextmanager
def _both(kept: Member, gone: Member, now: dt.datetime, by: User | None) -> Iterator[tuple[Member, Member, Moment]]:
    """Hold both rows, in the order in which everybody holds members."""
    with holding.operation(by=by):
        club = Club.objects.get(pk=kept.club_id)
        holding.share_closures(club)
        rows = Member.objects.filter(pk__in=[kept.pk, gone.pk]).order_by("pk").select_for_update()
        held = {row.pk: row for row in rows}
        yield held[kept.pk], held[gone.pk], holding.moment_in(club, now, by)


def _check_pair(kept: Member, gone: Member) -> None:
    if kept.pk == gone.pk:
        raise SameMember(sentence(N_("This is the same member.")))
    if kept.club_id != gone.club_id:
        raise SameMember(sentence(N_("There is no such member.")))


def _check_reversible(merge: MemberMerge, kept: Member, gone: Member, now: dt.datetime) -> None:
    if merge.undone_at is not None:
        raise NotUndone(sentence(N_("This merge is taken back already.")))
    if now >= merge.merged_at + REVERSIBLE:
        raise NotUndone(sentence(N_("A merge can be taken back for a day.")))
    if kept.merged_into_id is not None or gone.merged_into_id != kept.pk:
        raise NotUndone(sentence(N_("This member was merged into another one.")))
    if hasattr(kept, "erasure"):
        raise NotUndone(sentence(N_("This member was erased.")))
    mine = merge.moved["rows"].get("memberships", [])
    if Membership.objects.filter(member=kept, renewed_from__in=mine).exclude(pk__in=mine).exists():
        raise NotUndone(sentence(N_("A membership that came over has been renewed since.")))


def _overlaps(kept: Member, gone: Member) -> list[Sentence]:
    """A sentence for each stretch of days that a membership of each covers."""
    covered = [
        sorted(
            (first, last)
            for first, last in Membership.objects.filter(member=one).values_list("starts_on", "last_covered_on")
            if first <= last
        )
        for one in (kept, gone)
    ]
    common = [
        (max(mine[0], theirs[0]), min(mine[1], theirs[1]))
        for mine in covered[0]
        for theirs in covered[1]
        if mine[0] <= theirs[1] and theirs[0] <= mine[1]
    ]
    told = N_("Both have a membership from %(first)s to %(last)s.")
    return [sentence(told, first=first, last=last) for first, last in common]


def _fill(kept: Member, gone: Member, apart: Collection[tuple[str, ...]] = ()) -> list[tuple[str, ...]]:
    """Fill what the kept member has not; answers the details filled."""
    done = []
    for group in TOGETHER:
        if group not in apart and getattr(kept, group[0]) in (None, "") and getattr(gone, group[0]) not in (None, ""):
            _copy(kept, gone, group)
            done.append(group)
    return done


def _consent(kept: Member, gone: Member) -> dict[str, list[bool | None]]:
    """A refusal wins, else what is known; answers what was and is, where it changed."""
    changed = {}
    for name in CONSENTS:
        before, theirs = getattr(kept, name), getattr(gone, name)
        after = False if theirs is False else before if before is not None else theirs
        if after != before:
            setattr(kept, name, after)
            changed[name] = [before, after]
    return changed


def _sell_left_out(gone: Member, left_out: Mapping[str, Any], moment: Moment) -> None:
    """The membership that a list told of, which was left out because the kept one had one of the same days."""
    plan = Plan.objects.get(pk=left_out["plan"])
    first, last = (dt.date.fromisoformat(left_out[name]) for name in ("starts_on", "ends_on"))
    price = Decimal(left_out["price"])
    Membership.objects.create(
        club_id=gone.club_id, member=gone, plan=plan, sale_kind=SaleKind.NEW, sold_on=min(first, moment.today),
        starts_on=first, given_starts_on=first if first > moment.today else None, ends_on=last,
        ends_given=left_out["ends_given"], effective_ends_on=last, last_covered_on=last, chain_starts_on=first,
        term_count=plan.term_count, term_unit=plan.term_unit, freeze_allowance=plan.freeze_days,
        freeze_min_days=plan.freeze_min_days, freeze_max_count=plan.freeze_max_count,
        list_price=plan.price, price=price, price_paid=price, sold_by=moment.by, created_at=moment.now,
    )  # fmt: skip


def _copy(to: Member, source: Member, names: tuple[str, ...]) -> None:
    for name in names:
        setattr(to, name, getattr(source, name))


def _moving() -> list[places.MemberRows]:
    return [rows for rows in places.member_rows if rows.path == "member"]


def _move(rows: places.MemberRows, gone: Member, kept: Member) -> list[int]:
    manager = rows.model._default_manager
    mine = manager.filter(member=gone)
    if rows.once:
        mine = mine.exclude(**{f"{rows.once}__in": manager.filter(member=kept).values(rows.once)})
    ids = list(mine.order_by("pk").values_list("pk", flat=True))
    manager.filter(pk__in=ids).update(member=kept)
    return ids


def _tell(kept: Member, gone: Member, moment: Moment) -> None:
    """Last covered days and whatever hangs on details follow."""
    for one in (kept, gone):
        histories.refresh_members([one.pk])
    for one in (kept, gone):
        if one.merged_into_id is None:
            for listener in events.member_changed:
                listener(member=one, moment=moment)
