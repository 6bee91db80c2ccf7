"""The whole of a real club's files: counts, kinds, truth, and the same again."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Count, F, Max

from memberships import imports, standing
from memberships.models import Club, Member, Membership, Plan, Promotion, Visit
from tests import factories
from tests.days import at, day

FILES = Path(settings.BASE_DIR).parent / "shared" / "data" / "model_fitness"
AS_OF = day("2026-11-01")
NOW = at("2026-11-02T10:00")
ROWS = {"plans": 6, "promotions": 5, "members": 2000, "memberships": 6030, "visits": 45872}


@pytest.fixture
def club(db: None) -> Club:
    if not FILES.exists():
        pytest.skip("the files of model_fitness are not beside this checkout")
    club = factories.make_club("mf", name="Model Fitness")
    for kind, rows in ROWS.items():
        answer = imports.run(club=club, kind=kind, path=FILES / f"{kind}.csv", now=NOW, as_of=AS_OF)
        assert (answer.rows, answer.created, answer.refused, answer.warnings) == (rows, rows, 0, [])
    return club


def test_club_is_what_its_files_say_and_stays_so(club: Club) -> None:
    assert (Plan.objects.count(), Promotion.objects.count()) == (6, 5)
    assert (Member.objects.count(), Membership.objects.count(), Visit.objects.count()) == (2000, 6030, 45872)
    assert Visit.objects.exclude(to_mend="").count() == 0
    assert Promotion.objects.get(code="FRIEND15").uses == 614
    kinds = Membership.objects.values_list("sale_kind").annotate(count=Count("pk"))
    assert dict(kinds) == {"new": 2000, "renewal": 4030}
    assert not Membership.objects.filter(sale_kind="renewal", renewed_from__isnull=True).exists()
    last = Member.objects.annotate(last=Max("memberships__last_covered_on"))
    assert not last.exclude(last=F("last_covered_on")).exists()
    _check_truth()
    for kind, rows in ROWS.items():
        again = imports.run(club=club, kind=kind, path=FILES / f"{kind}.csv", now=NOW, as_of=AS_OF)
        assert (again.created, again.updated, again.unchanged) == (0, 0, rows)


def _check_truth() -> None:
    """Who has months to go is a member on the day of the files; lifetime is the whole chain."""
    with (FILES / "truth.csv").open(newline="") as file:
        truth = {row["member"]: row for row in csv.DictReader(file)}
    members = dict(Member.objects.values_list("external_id", "pk"))
    found = standing.of_members(members=members.values(), on=AS_OF)
    for external_id, row in truth.items():
        membership = found[members[external_id]].membership
        assert membership is not None
        if int(row["months_to_end"]) > 1:
            assert membership.effective_ends_on > AS_OF, external_id
