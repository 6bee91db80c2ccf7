"""Whether two entries of a club's list are one person, and why: by name, phone number and birthday.

A wrong merge costs more than a missed one, so a name alone is never enough, nor is a number alone: households share
it. What speaks against it (another birthday, another patronymic) counts for everybody who was put together already.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations

from memberships.rules.sentences import N_, Sentence, sentence

SHORTEST_MISSPELT = 4
FULL = 3
"""Words of a name that is known in full: last, first, patronymic or middle name."""


@dataclass(frozen=True, slots=True)
class Person:
    """An entry: the words of the name as ``words_of`` gives them, the number in E.164 or empty, the birthday."""

    words: tuple[str, ...]
    phone: str = ""
    birthday: dt.date | None = None


class Names(IntEnum):
    """How two names agree, closest first."""

    SAME = 0
    PART = 1
    MISSPELT = 2
    INITIALS = 3


class Known(IntEnum):
    """How a detail of two entries agrees."""

    SAME = 0
    UNKNOWN = 1
    DIFFERS = 2


@dataclass(frozen=True, slots=True, order=True)
class Evidence:
    """Why two entries are one person; the smaller, the stronger."""

    names: Names
    phone: Known
    birthday: Known

    @property
    def sentence(self) -> Sentence:
        """For whoever looks whether it is right."""
        return sentence(_WHY[self.names], and_by=sentence(_BY[self.phone, self.birthday]))


_WHY = {
    Names.SAME: N_("the same name %(and_by)s"),
    Names.PART: N_("a part of the same name %(and_by)s"),
    Names.MISSPELT: N_("the same name misspelt %(and_by)s"),
    Names.INITIALS: N_("the same name with initials %(and_by)s"),
}
_BY = {
    (Known.SAME, Known.SAME): N_("and the same phone and birthday"),
    (Known.SAME, Known.UNKNOWN): N_("and the same phone"),
    (Known.SAME, Known.DIFFERS): N_("and the same phone, but another birthday"),
    (Known.UNKNOWN, Known.SAME): N_("and the same birthday"),
    (Known.UNKNOWN, Known.UNKNOWN): N_("and nothing that speaks against it"),
    (Known.DIFFERS, Known.SAME): N_("and the same birthday, but another phone"),
}


def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in order of the alphabet, without case and accents of ё."""
    return tuple(sorted(re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", name.casefold().replace("ё", "е"))))


def same(one: Person, other: Person) -> Evidence | None:
    """Why two entries are one person; None where that cannot be said."""
    names = _names(one.words, other.words)
    if names is None:
        return None
    evidence = Evidence(names, _known(one.phone, other.phone), _known(one.birthday, other.birthday))
    return evidence if _enough(evidence, one, other) else None


def _enough(evidence: Evidence, one: Person, other: Person) -> bool:
    phone, birthday = evidence.phone, evidence.birthday
    if evidence.names is Names.SAME:
        full = len(one.words) >= FULL
        if phone is Known.SAME:
            return True
        if birthday is Known.DIFFERS:
            return False
        if phone is Known.DIFFERS:
            return birthday is Known.SAME and full
        return birthday is Known.SAME or full or not (one.phone or other.phone)
    if birthday is Known.DIFFERS or phone is Known.DIFFERS:
        return False
    if evidence.names is Names.INITIALS:
        return phone is Known.SAME and birthday is Known.SAME
    return phone is Known.SAME or birthday is Known.SAME


def against(one: Person, other: Person) -> bool:
    """Whether something says that they are two, whoever else may be between them."""
    names = _names(one.words, other.words)
    if names is None:
        return True
    same_key = names is Names.SAME and _known(one.phone, other.phone) is Known.SAME
    return _known(one.birthday, other.birthday) is Known.DIFFERS and not same_key


def _known(one: object, other: object) -> Known:
    if not one or not other:
        return Known.UNKNOWN
    return Known.SAME if one == other else Known.DIFFERS


# ---- names -----------------------------------------------------------------------------------------------


def _names(one: tuple[str, ...], other: tuple[str, ...]) -> Names | None:
    if not one or not other:
        return None
    if one == other:
        return Names.SAME
    fewer, more = sorted((one, other), key=lambda words: (len(words), words))
    mine, theirs = _without_common(fewer, more)
    if len(fewer) < 2:
        return None
    if not mine:
        return Names.PART
    if len(mine) == 1 and any(misspelt(mine[0], word) for word in theirs):
        return Names.MISSPELT
    return Names.INITIALS if len(mine) < len(fewer) and _initials(mine, theirs) else None


def _without_common(one: Sequence[str], other: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is left of each where equal words are taken off both."""
    mine, theirs = [], list(other)
    for word in one:
        if word in theirs:
            theirs.remove(word)
        else:
            mine.append(word)
    return mine, theirs


def misspelt(one: str, other: str) -> bool:
    """Whether two words differ by two neighbouring letters that changed places.

    A letter more, less or another is not taken for a slip: it makes Maria of Marina, and a wife's name of a husband's.
    """
    if len(one) != len(other) or len(one) < SHORTEST_MISSPELT:
        return False
    at = [index for index, (mine, theirs) in enumerate(zip(one, other, strict=True)) if mine != theirs]
    if len(at) != 2 or at[1] != at[0] + 1:
        return False
    first, second = at
    return one[first] == other[second] and one[second] == other[first]


def _initials(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether each word is the initial of another one, on either side."""
    left = list(theirs)
    for word in mine:
        found = next((each for each in left if min(len(each), len(word)) == 1 and each[0] == word[0]), None)
        if found is None:
            return False
        left.remove(found)
    return True


# ---- everybody -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Joined:
    """Entry ``index`` is the same person as ``kept`` (the first of them, or one that is known), by ``evidence``
    that lies between it and ``by``.
    """

    index: int
    kept: int
    by: int
    evidence: Evidence


def join(people: Sequence[Person], known: Mapping[int, int] | None = None) -> list[Joined]:
    """Which entries are one person, in order; the strongest evidence first, and nothing against it in a group.

    ``known``: entries that stand for a certain person already, by that person: those of two are never joined.
    """
    groups = _Groups(people, known or {})
    for evidence, one, other in sorted(_pairs(people, groups)):
        groups.unite(one, other, evidence)
    return groups.joined()


def _pairs(people: Sequence[Person], groups: _Groups) -> Iterator[tuple[Evidence, int, int]]:
    """Pairs that are the same person: only those are compared that share a number, or a word and a birthday, or all
    words.
    """
    blocks: dict[object, list[int]] = defaultdict(list)
    for index, person in enumerate(people):
        keys: list[object] = [person.words]
        if person.phone:
            keys.append(person.phone)
        if person.birthday:
            keys += [(person.birthday, word) for word in set(person.words)]
        for key in keys:
            blocks[key].append(index)
    seen = set()
    for block in blocks.values():
        for pair in combinations(block, 2):
            if pair not in seen and not groups.settled(*pair):
                seen.add(pair)
                evidence = same(people[pair[0]], people[pair[1]])
                if evidence is not None:
                    yield evidence, *pair


class _Groups:
    def __init__(self, people: Sequence[Person], known: Mapping[int, int]) -> None:
        self.people, self.known = people, known
        self.group = list(range(len(people)))
        self.members = {index: [index] for index in range(len(people))}
        self.why: dict[int, tuple[int, Evidence]] = {}
        first: dict[int, int] = {}
        for index, person in known.items():
            self._move(index, first.setdefault(person, index))

    def settled(self, one: int, other: int) -> bool:
        """Whether nothing can be found out about the two any more."""
        return self.group[one] == self.group[other] or (one in self.known and other in self.known)

    def unite(self, one: int, other: int, evidence: Evidence) -> None:
        """Make one group of two, unless they stand for two known people or something speaks against it."""
        mine, theirs = self.members[self.group[one]], self.members[self.group[other]]
        if mine is theirs or (self._known(mine) and self._known(theirs)):
            return
        if any(against(self.people[a], self.people[b]) for a in mine for b in theirs):
            return
        for index, by in ((one, other), (other, one)):
            self.why.setdefault(index, (by, evidence))
        self._move(one, other)

    def _known(self, group: Iterable[int]) -> bool:
        return any(index in self.known for index in group)

    def _move(self, one: int, other: int) -> None:
        gone, kept = self.group[one], self.group[other]
        if gone == kept:
            return
        for index in self.members[gone]:
            self.group[index] = kept
        self.members[kept] += self.members.pop(gone)

    def joined(self) -> list[Joined]:
        found = []
        for members in self.members.values():
            kept = min(members, key=lambda index: (index not in self.known, index))
            for index in members:
                if index != kept and index not in self.known:
                    direct = same(self.people[kept], self.people[index])
                    by, evidence = (kept, direct) if direct else self.why[index]
                    found.append(Joined(index, kept, by, evidence))
        return sorted(found, key=lambda each: each.index)
