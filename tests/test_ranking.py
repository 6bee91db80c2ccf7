"""The figures of a real club in the docs are those that the program measures."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from tests import ranking

DOCS = Path(settings.BASE_DIR) / "docs" / "figures.md"


def test_the_area_under_the_curve_is_the_share_of_pairs_in_the_right_order() -> None:
    scores, left = [0.9, 0.8, 0.8, 0.3, 0.1], [True, False, True, True, False]
    gone = [score for score, is_gone in zip(scores, left, strict=True) if is_gone]
    stayed = [score for score, is_gone in zip(scores, left, strict=True) if not is_gone]
    pairs = [(one > other) + (one == other) / 2 for one in gone for other in stayed]
    assert ranking.area_under_the_curve(scores, left) == pytest.approx(sum(pairs) / len(pairs))
    assert ranking.area_under_the_curve([1, 1, 1, 1], [True, False, True, False]) == 0.5
    assert ranking.area_under_the_curve([4, 3, 2, 1], [True, True, False, False]) == 1


@pytest.mark.skipif(not ranking.FILES.is_dir(), reason="the files of Model Fitness are not beside the repository")
def test_the_docs_say_how_the_score_ranks_those_who_left() -> None:
    page = DOCS.read_text()
    for line in ranking.ranked().lines():
        assert line in page
