"""Whole names in one cell, in parts."""

from __future__ import annotations

import pytest

from memberships.rules import names
from memberships.rules.names import Name


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Марков Георгий Тихонович", Name("Марков", "Георгий", "Тихонович")),
        ("  Гаврилов  Архип  Демидович", Name("Гаврилов", "Архип", "Демидович")),
        ("ИГНАТЬЕВА КЛАВДИЯ СТАНИСЛАВОВНА", Name("Игнатьева", "Клавдия", "Станиславовна")),
        ("Боян Петров Феодосьевич", Name("Петров", "Боян", "Феодосьевич")),
        ("Ангелина Новикова Павловна", Name("Новикова", "Ангелина", "Павловна")),
        ("Иван Ильич Петров", Name("Петров", "Иван", "Ильич")),
        ("Архипов Мечислав", Name("Архипов", "Мечислав", "")),
        ("Петров-Водкин Кузьма", Name("Петров-Водкин", "Кузьма", "")),
        ("Ким Константин Львович", Name("Ким", "Константин", "Львович")),
        ("Цой Яков", Name("Цой", "Яков", "")),
        ("Pamela Scott", Name("Scott", "Pamela", "")),
        ("pamela ann scott", Name("Scott", "Pamela", "Ann")),
        ("SCOTT, PAMELA ANN", Name("Scott", "Pamela", "Ann")),
        ("O'NEIL, anna-maria", Name("O'Neil", "Anna-Maria", "")),
        ("Scott", Name("Scott", "", "")),
    ],
)
def test_a_whole_name_in_its_parts(text: str, parts: Name) -> None:
    assert names.parts(text) == parts


def test_a_heading_may_say_that_the_last_name_stands_first() -> None:
    assert names.parts("scott pamela ann", last_first=True) == Name("Scott", "Pamela", "Ann")
    assert names.parts("SCOTT", last_first=True) == Name("Scott")
    assert names.parts("Ангелина Новикова Павловна", last_first=True) == Name("Новикова", "Ангелина", "Павловна")


@pytest.mark.parametrize(
    ("text", "cased"),
    [("ПЕТРОВА-ВОДКИНА", "Петрова-Водкина"), ("scott", "Scott"), ("McDonald", "McDonald"), ("Я", "Я"), ("", "")],
)
def test_only_words_of_one_case_are_written_anew(text: str, cased: str) -> None:
    assert names.cased(text) == cased
