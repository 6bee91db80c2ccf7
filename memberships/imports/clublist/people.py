"""Who the rows of a club's list are: members that are known, new ones, and rows that are one person.

A row that is the same person as another one becomes a member of its own who went into the first, as a merge at the
desk would leave them: so it can be parted again (``memberships.merging``), and is found again when the list is loaded
once more.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _

from memberships import merging
from memberships.imports import members, sold
from memberships.imports.clublist.entries import Entry
from memberships.imports.clublist.laying import Fate, lay_ready
from memberships.imports.job import Counts, Job, Problem
from memberships.imports.words import spoken
from memberships.models import Member, MemberMerge, Membership
from memberships.rules import same_person
from memberships.rules.same_person import Joined, Known, Person

KEPT_APART = {("first_name",), ("middle_name",)}
"""Details that stay each row's own, so that it is found again by the name that it has."""


@dataclass(frozen=True)
class _Stored:
    """A member who is there already, and the one they went into (or they themselves)."""

    id: int
    root: int
    person: Person
    name: str


def work_out(job: Job, entries: Sequence[Entry]) -> list[Fate]:
    """Who each row is, with its membership laid ready in ``import_rows`` and ``import_people``. Nothing is stored."""
    stored = _stored(job, entries)
    held = _memberships(job, {one.root for one in stored})
    namesakes: dict[tuple[str, ...], list[_Stored]] = defaultdict(list)
    for one in stored:
        namesakes[one.person.words].append(one)
    found = [_found(entry, _alike(entry, namesakes[entry.person.words]), held) for entry in entries]
    people = [one.person for one in stored] + [entry.person for entry in entries]
    known = {index: one.root for index, one in enumerate(stored)}
    known |= {len(stored) + index: one.root for index, one in enumerate(found) if one is not None}
    joined = {each.index - len(stored): each for each in same_person.join(people, known)}
    fates = _fates(job, entries, stored, found, joined)
    lay_ready(job, fates, held)
    return fates


# ---- who is there already --------------------------------------------------------------------------------


def _stored(job: Job, entries: Sequence[Entry]) -> list[_Stored]:
    """The club's members, merged ones too, that a row may be: they share name, phone or birthday with it."""
    words, phones = {entry.person.words for entry in entries}, {entry.phone for entry in entries if entry.phone}
    birthdays = {entry.birthday for entry in entries if entry.birthday}
    rows = Member.objects.filter(club=job.club).order_by("pk")
    into: dict[int, int] = {}
    found = []
    columns = ("pk", "merged_into", "phone", "birthday", "last_name", "first_name", "middle_name")
    for pk, merged_into, phone, birthday, *name in rows.values_list(*columns).iterator():
        if merged_into:
            into[pk] = merged_into
        person = Person(same_person.words_of(" ".join(name)), phone, birthday)
        if person.words and (person.words in words or phone in phones or birthday in birthdays):
            found.append((pk, person, " ".join(filter(None, name))))
    return [_Stored(pk, _root(pk, into), person, name) for pk, person, name in found]


def _root(pk: int, into: dict[int, int]) -> int:
    while pk in into:
        pk = into[pk]
    return pk


def _memberships(job: Job, roots: set[int]) -> dict[tuple[int, dt.date], Membership]:
    """The stored memberships of these members, by the first day that a file would give."""
    rows = Membership.objects.filter(club=job.club, member__in=roots, closed_on=None).select_related("plan")
    return {(row.member_id, row.given_starts_on or row.starts_on): row for row in rows.order_by("pk")}


def _alike(entry: Entry, namesakes: Sequence[_Stored]) -> Iterator[tuple[_Stored, Known]]:
    """Members of the same name whose number does not speak against it, and how their birthday agrees."""
    for one in namesakes:
        evidence = same_person.same(one.person, entry.person)
        if evidence and evidence.phone is not Known.DIFFERS:
            yield one, evidence.birthday


def _found(
    entry: Entry,
    alike: Iterable[tuple[_Stored, Known]],
    held: dict[tuple[int, dt.date], Membership],
) -> _Stored | None:
    """The member that a row is found by: name and phone; the birthday, then the days, decide between several."""

    def rank(found: tuple[_Stored, Known]) -> tuple[object, ...]:
        one, birthday = found
        elsewhere = (one.root, entry.starts_on) not in held
        return one.person.phone != entry.phone, birthday, elsewhere, one.id != one.root, one.id

    best = min(alike, key=rank, default=None)
    return best[0] if best else None


# ---- who becomes whom ------------------------------------------------------------------------------------


def _fates(
    job: Job,
    entries: Sequence[Entry],
    stored: Sequence[_Stored],
    found: Sequence[_Stored | None],
    joined: dict[int, Joined],
) -> list[Fate]:
    ids = _new_ids(job, sum(one is None for one in found))
    made = [_member(job, entry, next(ids)) if one is None else None for entry, one in zip(entries, found, strict=True)]
    roots = {one.root for one in found if one is not None}
    roots |= {stored[each.kept].root for each in joined.values() if each.kept < len(stored)}
    kept = {row.pk: row for row in Member.objects.select_for_update(no_key=True).filter(pk__in=roots).order_by("pk")}

    def member_of(index: int) -> Member:
        """The member that an entry of ``people`` stands for."""
        if index < len(stored):
            return kept[stored[index].root]
        one = found[index - len(stored)]
        own = made[index - len(stored)]
        return kept[one.root] if one is not None else own  # type: ignore[return-value]

    fates = []
    for index, (entry, one, mine) in enumerate(zip(entries, found, made, strict=True)):
        each = joined.get(index)
        if one is not None:
            fates.append(Fate(entry, kept[one.root], own=one.id == one.root))
        elif each is None:
            fates.append(Fate(entry, mine, own=True, new=True))  # type: ignore[arg-type]
        else:
            like = stored[each.by].name if each.by < len(stored) else str(entries[each.by - len(stored)].line)
            fates.append(Fate(entry, member_of(each.kept), own=False, gone=mine, why=each, like=like))
            fates[-1].stays = "" if each.by < len(stored) else like
    _put_together(job, fates)
    return fates


def _new_ids(job: Job, count: int) -> Iterator[int]:
    query = "SELECT nextval(pg_get_serial_sequence('memberships_member', 'id')) FROM generate_series(1, %(count)s)"
    return iter([pk for (pk,) in job.ask(query, count=count)])


def _member(job: Job, entry: Entry, pk: int) -> Member:
    names = ("last_name", "first_name", "middle_name", "phone", "phone_raw", "email", "birthday", "notes")
    member = Member(pk=pk, club=job.club, created_at=job.now, **{name: getattr(entry, name) for name in names})
    _mark(job, member, entry)
    return member


def _mark(job: Job, member: Member, entry: Entry) -> set[str]:
    """Consent and do-not-call as the row has them: a refusal stays one. Answers what changed."""
    changed = set()
    if entry.consent is not None and member.consent_calls is not False and member.consent_calls != entry.consent:
        member.consent_calls = entry.consent
        _add_evidence(member, members.evidence(job) % entry.line)
        changed |= {"consent_calls", "consent_evidence"}
    if entry.do_not_call and member.do_not_call_since is None:
        member.do_not_call_since, member.do_not_call_note = job.now, entry.notes[:400]
        changed |= {"do_not_call_since", "do_not_call_note"}
    return changed


def _add_evidence(member: Member, evidence: str) -> None:
    """What a consent stands on, below what was known before."""
    if evidence not in member.consent_evidence:
        member.consent_evidence = "\n".join(filter(None, (member.consent_evidence, evidence)))


def _put_together(job: Job, fates: Sequence[Fate]) -> None:
    """Details of members that are known as their rows have them now, and of rows that joined somebody."""
    for _member_id, group in groupby(sorted(fates, key=lambda fate: fate.kept.pk), key=lambda fate: fate.kept.pk):
        mine = list(group)
        own = [fate for fate in mine if fate.own and not fate.new]
        if own:
            own[0].changed |= _update(job, own, [fate.entry for fate in mine if not fate.own and fate.gone is None])
        for fate in mine:
            if fate.gone is None and not fate.new:
                fate.changed |= _mark(job, fate.kept, fate.entry)
            if fate.gone is not None:
                before = _values(fate.kept)
                fate.parted = merging.combine(fate.kept, fate.gone, apart=KEPT_APART)
                fate.gone.merged_into = fate.kept
                if fate.parted["consents"]:
                    _add_evidence(fate.kept, fate.gone.consent_evidence)
                fate.changed |= {name for name, value in _values(fate.kept).items() if before[name] != value}


def _values(member: Member) -> dict[str, object]:
    return {each.attname: getattr(member, each.attname) for each in member._meta.concrete_fields if not each.generated}


def _update(job: Job, own: Sequence[Fate], merged: Sequence[Entry]) -> set[str]:
    """Details of a member from their own rows, the first that has one; what a merged row brought is not emptied."""
    member, changed = own[0].kept, set()
    empty: dict[str, object] = {"email": "", "birthday": None, "notes": ""}
    for name, nothing in empty.items():
        if name not in job.present:
            continue
        said = [value for fate in own if (value := getattr(fate.entry, name))]
        if not said and any(name in fate.entry.unread for fate in own):
            continue
        stored = getattr(member, name)
        brought = not said and any(getattr(entry, name) == stored for entry in merged)
        value = said[0] if said else nothing
        if value != stored and not brought:
            setattr(member, name, value)
            changed.add(name)
    phone = next((fate.entry.phone for fate in own if fate.entry.phone), "")
    if phone and not member.phone:
        member.phone, member.phone_raw, member.phone_changed_at, member.phone_bad_since = phone, "", job.now, None
        changed |= {"phone", "phone_raw", "phone_changed_at", "phone_bad_since"}
    return changed


# ---- what is told, and stored ----------------------------------------------------------------------------


def report(job: Job, fates: Sequence[Fate]) -> None:
    """Say of each row that joined another one why, and of a membership that was left out in what it differs."""
    job.report(each for fate in fates for each in _told(job, fate))


def _told(job: Job, fate: Fate) -> Iterator[Problem]:
    name = next(job.table.name_of(each) for each in ("full_name", "last_name", "first_name") if each in job.present)
    sentences = []
    if fate.why is not None:
        why = spoken(fate.why.evidence.sentence)
        if fate.like.isdigit():
            sentences.append(_("This is the person of line %(line)s: %(why)s.") % {"line": fate.like, "why": why})
        else:
            sentences.append(_("This is %(member)s, who is here already: %(why)s.") % {"member": fate.like, "why": why})
    if fate.left_out is not None:
        stays = (
            _("The membership of line %(line)s has the same days and stays.") % {"line": fate.stays}
            if fate.stays
            else _("The membership of the same days that is here stays.")
        )
        sentences.append(stays)
        if fate.differs:
            sentences.append(_("This row says otherwise: %(what)s.") % {"what": ", ".join(fate.differs)})
    if sentences:
        yield fate.entry.line, name, fate.entry.name, " ".join(sentences), True


def store(job: Job, fates: Sequence[Fate]) -> Counts:
    """Insert who is new, update who differs, then the memberships; keep what parts again those who were joined."""
    Member.objects.bulk_create([fate.kept for fate in fates if fate.new])
    Member.objects.bulk_create([fate.gone for fate in fates if fate.gone is not None])
    new = {fate.kept.pk for fate in fates if fate.new}
    changed: dict[Member, set[str]] = defaultdict(set)
    for fate in fates:
        if fate.changed and fate.kept.pk not in new:
            changed[fate.kept] |= fate.changed
    for member, names in changed.items():
        member.save(update_fields=sorted(names))
    sold.store(job)
    lines = job.ask("SELECT line, id, is_new FROM import_new")
    made = {line: pk for line, pk, is_new in lines if is_new}
    differing = {line for line, _pk, is_new in lines if not is_new}
    _keep_parted(job, fates, made)
    counts = Counts(merged=sum(fate.gone is not None for fate in fates))
    for fate in fates:
        if fate.gone is None:
            if fate.new or fate.entry.line in made:
                counts.created += 1
            elif fate.changed or fate.entry.line in differing:
                counts.updated += 1
    return counts


def _keep_parted(job: Job, fates: Sequence[Fate], made: dict[int, int]) -> None:
    """A merge for each row that joined another, as ``merging.take_back`` wants it."""
    MemberMerge.objects.bulk_create(
        MemberMerge(
            kept=fate.kept,
            gone=fate.gone,
            merged_at=job.now,
            merged_by=job.by,
            moved={
                **fate.parted,
                "rooms": {},
                "referrals": [],
                "mended": [],
                "rows": {"memberships": [made[fate.entry.line]] if fate.entry.line in made else []},
                "left_out": fate.left_out,
                "why": fate.why.evidence.sentence.to_json() if fate.why else None,
            },
        )
        for fate in fates
        if fate.gone is not None
    )
