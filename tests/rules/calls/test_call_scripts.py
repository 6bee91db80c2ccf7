"""Scripts and reasons that every club begins with (§7, §8)."""

from __future__ import annotations

import re

import pytest

from calls.rules.kinds import Kind
from calls.rules.reasons import DEFAULT_REASONS, GROUP_LABELS, Group
from calls.rules.scripts import DEFAULT_SCRIPTS, PLACES, Objection, Script, Step, fill, problems

REASONS = {
    "club": "price crowding cleanliness equipment staff schedule facilities unresolved_complaint",
    "member": ("no_time moved health pregnancy money family lost_motivation goal_reached does_not_attend deceased"),
    "competitor": "lower_price closer better_equipment trainer_left trains_elsewhere",
    "unsaid": "declined other",
}


@pytest.mark.parametrize("group", list(Group))
def test_each_group_has_the_reasons_of_the_product(group: Group) -> None:
    assert [reason.code for reason in DEFAULT_REASONS if reason.group is group] == REASONS[group].split()
    assert GROUP_LABELS[group]


def test_reasons_have_the_marks_of_the_product() -> None:
    def marked(name: str) -> set[str]:
        return {reason.code for reason in DEFAULT_REASONS if getattr(reason, name)}

    assert marked("final") == {"moved", "deceased"}
    assert marked("no_winback") == {"deceased"}
    assert marked("note_required") == {"other", "staff", "unresolved_complaint"}
    assert marked("label") == {reason.code for reason in DEFAULT_REASONS}


def test_no_reason_stands_in_two_groups() -> None:
    assert len({reason.code for reason in DEFAULT_REASONS}) == len(DEFAULT_REASONS)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_call_has_a_script_that_may_be_saved(kind: Kind) -> None:
    script = DEFAULT_SCRIPTS[kind]
    assert problems(script) == []
    assert len(script.steps) == 4
    assert len(script.objections) >= 5


@pytest.mark.parametrize("kind", list(Kind))
def test_no_script_names_an_amount_or_a_gender(kind: Kind) -> None:
    script = DEFAULT_SCRIPTS[kind]
    texts = [step.text for step in script.steps] + [one.says + one.answer for one in script.objections]
    spoken = " ".join(texts)
    assert not re.search(r"\d|[%€$£₽]|half price", spoken)
    assert not re.search(r"\b(he|she|his|her|hers|him|mr|mrs|sir|madam)\b", spoken, re.IGNORECASE)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_script_greets_by_club_and_ends_with_two_times(kind: Kind) -> None:
    script = DEFAULT_SCRIPTS[kind]
    assert "{operator} from {club}" in script.steps[0].text
    assert "{times}" in script.steps[-1].text


def test_words_in_braces_are_filled_in() -> None:
    values = dict.fromkeys(PLACES, "x") | {"host": "Anna", "times": ""}
    assert fill("{host} is free {times}, {member}; {nobody}.", values) == "Anna is free …, x; …."


def test_a_script_without_steps_is_refused() -> None:
    assert [(one.part, str(one.sentence)) for one in problems(Script([]))] == [
        ("steps", "A script needs at least one step.")
    ]


def test_each_part_needs_words_and_a_way_to_booking() -> None:
    script = Script(
        [Step("Greet", "Good day", "Book"), Step(" ", "", " "), Step("Ask", "{price}?", "Book")],
        [Objection("", "Come and see.", "Book"), Objection("“No”", "Why, {member}?", "")],
    )
    assert [(one.part, one.place, str(one.sentence)) for one in problems(script)] == [
        ("steps", 1, "Give the step a title."),
        ("steps", 1, "Write what to say."),
        ("steps", 1, "Say how it leads to a meeting: every part needs a way to booking."),
        (
            "steps",
            2,
            "{price} cannot be filled in; known are {member}, {operator}, {club}, {host}, {times}.",
        ),
        ("objections", 0, "Write what the member says."),
        ("objections", 1, "Say how it leads to a meeting: every part needs a way to booking."),
    ]


def test_a_script_is_stored_as_lists_of_its_parts() -> None:
    script = Script([Step("Greet", "Good day", "Book")], [Objection("“No”", "Why?", "Book")])
    assert script.as_json() == {
        "steps": [{"title": "Greet", "text": "Good day", "to_booking": "Book"}],
        "objections": [{"says": "“No”", "answer": "Why?", "to_booking": "Book"}],
    }
