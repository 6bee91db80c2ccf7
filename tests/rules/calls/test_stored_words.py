"""What the tables may hold is what the rules know."""

from __future__ import annotations

from calls import models
from calls.rules import kinds, outcomes, reasons, states
from onboarding import models as onboarding
from onboarding.rules import checklist


def test_the_database_knows_the_words_of_the_rules() -> None:
    assert models.Kind.values == list(kinds.Kind)
    assert models.Purpose.values == list(kinds.Purpose)
    assert models.TaskStatus.values == list(states.TaskState)
    assert models.Lapse.values == list(states.Lapse)
    assert models.MeetingStatus.values == list(states.MeetingState)
    assert models.Outcome.values == list(outcomes.Outcome)
    assert models.Attends.values == list(outcomes.Attends)
    assert models.ReasonGroup.values == list(reasons.Group)
    assert onboarding.Fact.values == list(checklist.Fact)
    assert onboarding.Result.values == list(checklist.Result)
    assert onboarding.StepStatus.values == list(checklist.StepState)
