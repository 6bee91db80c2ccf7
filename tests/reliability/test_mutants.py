"""The mutants themselves run in ``make soak``; here, that each still has its line, and that there are enough."""

from __future__ import annotations

from tests.reliability import mutants


def test_each_mutant_changes_a_line_that_is_there_once() -> None:
    assert mutants.misplaced() == []
    assert len(mutants.MUTANTS) >= 40


def test_each_mutant_names_tests_that_exist() -> None:
    named = {word for one in mutants.MUTANTS for word in one.test.split()}
    assert [name for name in named if not (mutants.BASE_DIR / name).exists()] == []
