"""Who is one person in a list: never by name or number alone, and never two birthdays in one."""

from __future__ import annotations

import datetime as dt
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memberships.rules.same_person import Known, Names, Person, against, join, misspelt, same, words_of

BORN = dt.date(1968, 7, 14)
OTHER = dt.date(1970, 1, 2)


def person(name: str, phone: str = "", birthday: dt.date | None = None) -> Person:
    return Person(words_of(name), phone, birthday)


@pytest.mark.parametrize(
    ("one", "other", "names"),
    [
        (person("Петров Боян Ильич", "1"), person("  БОЯН ПЕТРОВ  ильич", "1", BORN), Names.SAME),
        (person("Сёмина Алёна", "1"), person("Семина Алена", "1"), Names.SAME),
        (person("Архипов Мечислав Архипович", "1"), person("Архипов Мечислав", "1"), Names.PART),
        (person("Потапов Панкрат Ильич", "1"), person("Потпаов Панкрат Ильич", "1"), Names.MISSPELT),
        (person("Scott Pamela", "1", BORN), person("Scott P.", "1", BORN), Names.INITIALS),
        (person("Scott Pamela", "1", BORN), person("Scott Pamela", "1", OTHER), Names.SAME),
        (person("Scott Pamela", "", BORN), person("Pamela Scott", "", BORN), Names.SAME),
        (person("Scott Pamela"), person("Scott Pamela"), Names.SAME),
        (person("Scott Pamela Ann", "1"), person("Scott Pamela Ann"), Names.SAME),
        (person("Scott Pamela Ann", "1", BORN), person("Scott Pamela Ann", "2", BORN), Names.SAME),
        (person("Scott Pamela Ann", "", BORN), person("Soctt Pamela Ann", "", BORN), Names.MISSPELT),
    ],
)
def test_one_person_is_known_by_the_name_and_something_beside_it(one: Person, other: Person, names: Names) -> None:
    found = same(one, other)
    assert found is not None
    assert found.names is names
    assert found == same(other, one)
    assert "same" in str(found.sentence)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (person("Иванов Иван", "1"), person("Иванова Анна", "1")),  # a household
        (person("Иванов Евгений", "1"), person("Иванова Евгения", "1")),  # husband and wife
        (person("Петрова Мария Ильинична", "1", BORN), person("Петрова Марина Ильинична", "1", BORN)),  # twins
        (person("Петров Иван Ильич", "1", BORN), person("Петров Иван", "1", OTHER)),  # father and son
        (person("Scott Pamela", "1"), person("Scott Pamela", "2")),
        (person("Scott Pamela", "1", BORN), person("Scott Pamela", "2", BORN)),
        (person("Scott Pamela", "1"), person("Scott Pamela")),
        (person("Scott Pamela", "", BORN), person("Scott Pamela", "", OTHER)),
        (person("Scott Pamela Ann"), person("Scott Pamela")),
        (person("Scott P.", "1"), person("Scott Paul", "1")),
        (person("Scott", "1"), person("Scott Paul", "1")),
        (person("", "1"), person("", "1")),
    ],
)
def test_those_who_may_be_two_stay_two(one: Person, other: Person) -> None:
    assert same(one, other) is None
    assert same(other, one) is None


@pytest.mark.parametrize(("one", "other", "is_slip"), [
    ("петров", "перто", False), ("петров", "петорв", True), ("ян", "ня", False), ("петров", "певтор", False),
    ("петров", "петров", False),
])  # fmt: skip
def test_a_slip_is_two_neighbours_that_changed_places(one: str, other: str, is_slip: bool) -> None:
    assert misspelt(one, other) is is_slip


def test_the_group_is_told_by_what_links_each_to_its_first() -> None:
    people = [
        person("Петров Иван Ильич", "1", BORN),
        person("Scott Pamela", "2"),
        person("Петров Иван", "1"),
        person("Петорв Иван Ильич", "", BORN),
        person("Pamela Scott", "2"),
    ]
    found = [(each.index, each.kept, each.by) for each in join(people)]
    assert found == [(2, 0, 0), (3, 0, 0), (4, 1, 1)]


def test_one_between_two_who_are_different_joins_one_of_them_only() -> None:
    people = [
        person("Петров Иван Ильич", "1"),
        person("Петров Иван", "1"),
        person("Петров Иван Олегович", "1"),
    ]
    assert [(each.index, each.kept) for each in join(people)] == [(1, 0)]


def test_those_who_are_known_as_two_are_never_joined_and_come_first() -> None:
    people = [person("Scott Pamela", "1"), person("Pamela Scott", "1"), person("Scott Pamela", "1")]
    assert join(people, {0: 17, 1: 18}) == join(people, {0: 17, 1: 18})
    assert [(each.index, each.kept) for each in join(people, {1: 18})] == [(0, 1), (2, 1)]
    assert join(people, {0: 17, 1: 18, 2: 19}) == []


# ---- whatever comes --------------------------------------------------------------------------------------

LAST = st.sampled_from(["Петров", "Петрова", "Сёмин", "Кузнецов", "Scott", "Núñez"])
FIRST = st.sampled_from(["Иван", "Мария", "Марина", "Ян", "Pamela", "Paul"])
MIDDLE = st.sampled_from(["", "Ильич", "Олегович", "Ильинична"])
PEOPLE = st.builds(
    lambda last, first, middle, phone, birthday: person(f"{last} {first} {middle}", phone, birthday),
    LAST, FIRST, MIDDLE, st.sampled_from(["", "+7900", "+7901"]), st.sampled_from([None, BORN, OTHER]),
)  # fmt: skip


@given(PEOPLE, PEOPLE)
def test_it_reads_the_same_from_both_sides(one: Person, other: Person) -> None:
    found = same(one, other)
    assert found == same(other, one)
    assert against(one, other) == against(other, one)
    if found is not None:
        assert not against(one, other)
        assert Known.SAME in (found.phone, found.birthday) or found.names is Names.SAME


@given(PEOPLE)
def test_everybody_is_like_themselves(one: Person) -> None:
    assert same(one, one) is not None


@given(st.lists(PEOPLE, max_size=12))
def test_groups_are_apart_and_hold_nothing_that_speaks_against_them(people: list[Person]) -> None:
    joined = join(people)
    assert joined == join(people)
    group = {each.index: each.kept for each in joined}
    assert len(group) == len(joined)
    for index, kept in group.items():
        assert kept < index
        assert kept not in group
    for one, other in combinations(range(len(people)), 2):
        if group.get(one, one) == group.get(other, other):
            assert not against(people[one], people[other])


@given(PEOPLE, st.integers(0, 5), st.randoms(use_true_random=False))
def test_another_writing_of_the_same_entry_is_found(one: Person, slip: int, rng) -> None:
    words = list(one.words)
    rng.shuffle(words)
    text = " ".join(word.upper() if rng.random() < 0.5 else word.title() for word in words)
    again = person(text, one.phone, one.birthday)
    assert [(each.index, each.kept) for each in join([one, again])] == [(1, 0)]
    if one.phone and len(one.words) == 3:
        assert same(one, Person(words_of(" ".join(words[:2])), one.phone, None)) is not None
