"""`export_club`: out and in again is the same club."""

from __future__ import annotations

import datetime as dt
import gc
import io
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config import clock
from memberships import exports, freezing, imports, sales
from memberships.exports import writing
from memberships.models import Club, Employee, Freeze, Member, MemberMerge, Membership, Promotion, Visit
from tests import days, factories
from tests.days import day
from tests.memberships.shop import Shop

MODEL_FITNESS = Path(__file__).resolve().parents[4] / "shared" / "data" / "model_fitness"


def out_and_in(club: Club, folder: Path, now: dt.datetime = days.NOW) -> Club:
    """Export a club, load the files into an empty one, and see that its export is the same, byte for byte."""
    first, second = folder / "first", folder / "second"
    exports.write(club=club, to=first, now=now)
    other = factories.make_club("again", timezone=club.timezone, country=club.country, currency=club.currency, now=now)
    for colleague in Employee.objects.filter(club=club, user__isnull=False):
        same = {"name": colleague.name, "role": colleague.role}
        Employee.objects.get_or_create(club=other, user=colleague.user, defaults=same)
    as_of = now.astimezone(club.zone).date()
    for file in exports.FILES:
        answer = imports.run(club=other, kind=file.name, path=first / f"{file.name}.csv", now=now, as_of=as_of)
        assert (answer.refused, answer.errors) == (0, []), file.name
        assert answer.created == answer.rows, file.name
    exports.write(club=other, to=second, now=now)
    for file in exports.FILES:
        assert (second / f"{file.name}.csv").read_bytes() == (first / f"{file.name}.csv").read_bytes(), file.name
    return other


MEMBER = (
    *(
        "last_name",
        "first_name",
        "middle_name",
        "phone",
        "email",
        "birthday",
        "language",
        "timezone",
        "source",
        "notes",
    ),
    *("consent_calls", "consent_sms", "consent_email", "deceased_on", "last_covered_on", "referred_by__external_id"),
)
MEMBERSHIP = (
    *("member__external_id", "plan__code", "sale_kind", "sold_on", "starts_on", "effective_ends_on", "last_covered_on"),
    *("chain_starts_on", "renewed_from__external_id", "price", "price_paid", "balance_due", "balance_due_on"),
    *("special_terms", "cancelled_on", "cancel_reason", "closed_on", "credit"),
)


def members(club: Club) -> dict[str, dict[str, object]]:
    found = Member.objects.filter(club=club, merged_into=None)
    return {
        row.external_id: {
            **Member.objects.filter(pk=row.pk).values(*MEMBER)[0], "do_not_call": row.do_not_call
        }
        for row in found
    }  # fmt: skip


def memberships(club: Club) -> dict[str, dict[str, object]]:
    rows = Membership.objects.filter(club=club).values("external_id", "pk", *MEMBERSHIP)
    freezes: dict[int, list] = {}
    for pk, *rest in (
        Freeze.objects.filter(membership__club=club, voided=False)
        .order_by("starts_on")
        .values_list("membership_id", "starts_on", "ends_on", "reason")
    ):
        freezes.setdefault(pk, []).append(rest)
    return {row["external_id"]: {"freezes": freezes.get(row.pop("pk"), []), **row} for row in rows}


def uses(club: Club) -> dict[str, int]:
    return dict(Promotion.objects.filter(clubs=club).values_list("code", "uses"))


def test_club_of_every_sort_of_row_comes_back(shop: Shop, tmp_path: Path) -> None:
    someone = shop.loyal_member()
    sold = shop.sell(someone)
    running = Membership.objects.get(member=someone, starts_on=day("2025-12-01"))
    freezing.give(
        membership=running, starts_on=day("2026-11-16"), ends_on=day("2026-11-25"), reason="travel",
        now=days.NOW, by=shop.manager,
    )  # fmt: skip
    sold.refresh_from_db()
    assert (sold.starts_on, sold.effective_ends_on) == (day("2026-12-11"), day("2027-12-24"))

    back = shop.member("Early", phone="+13195550108", email="early@example.com", consent_calls=True, consent_sms=False)
    early = factories.make_membership(back, shop.m12, starts_on=day("2026-03-01"))
    held = freezing.give(
        membership=early, starts_on=day("2026-04-01"), ends_on=day("2026-04-20"), now=days.at("2026-03-20T10:00"),
        by=shop.manager,
    )  # fmt: skip
    freezing.end(freeze=held, returned_on=day("2026-04-10"), now=days.at("2026-04-10T10:00"), by=shop.manager)

    quiet = shop.member(
        "Öz, “Quiet”; =1+1", phone="", do_not_call_since=days.NOW, deceased_on=day("2026-11-01"), referred_by=someone,
        notes="two\nlines", birthday=day("1980-02-29"),
    )  # fmt: skip
    gone = factories.make_membership(quiet, shop.plans["M6"], starts_on=day("2026-06-01"), price=200, price_paid=150)
    sales.cancel(membership=gone, on=days.TODAY, reason="moved", now=days.NOW, by=shop.manager)
    moving = shop.member("Moving")
    factories.make_membership(moving, shop.plans["M6"], starts_on=day("2026-09-01"))
    changed = sales.change_plan(
        membership=moving.memberships.get(), plan=shop.m12, on=days.TODAY, now=days.NOW, by=shop.manager
    )  # fmt: skip
    assert (changed.sale_kind, changed.credit > 0) == ("change", True)
    shop.sell(shop.member("Ahead"), shop.plans["M1"], starts_on=day("2026-12-24"))
    factories.make_visit(someone, "2026-11-01T01:30")

    other = out_and_in(shop.club, tmp_path)
    assert members(other) == members(shop.club)
    assert memberships(other) == memberships(shop.club)
    assert uses(other) == uses(shop.club)
    follower = Membership.objects.get(club=other, sold_on=days.TODAY, member__last_name="Scott")
    assert follower.follows
    ended = Freeze.objects.get(membership__club=other, starts_on=day("2026-11-16"))
    freezing.end(freeze=ended, returned_on=day("2026-11-16"), now=days.NOW, by=shop.manager)
    follower.refresh_from_db()
    assert (follower.starts_on, follower.effective_ends_on) == (day("2026-12-01"), day("2027-12-14"))


def test_days_on_which_the_club_was_or_will_be_shut_stay_frozen(shop: Shop, tmp_path: Path) -> None:
    someone = shop.loyal_member()
    shop.sell(someone)
    for first, last in (("2026-10-01", "2026-10-05"), ("2026-11-20", "2026-11-24"), ("2026-12-24", "2026-12-26")):
        freezing.close_club(
            club=shop.club, starts_on=day(first), ends_on=day(last), why="New floor", now=days.NOW, by=shop.manager
        )  # fmt: skip
    other = out_and_in(shop.club, tmp_path)
    assert memberships(other) == memberships(shop.club)
    assert sorted(len(row["freezes"]) for row in memberships(other).values()) == [0, 1, 2]
    exports.write(club=shop.club, to=tmp_path / "third", now=days.NOW)
    answer = imports.run(club=shop.club, kind="freezes", path=tmp_path / "third" / "freezes.csv", now=days.NOW)
    assert (answer.refused, answer.unchanged) == (0, answer.rows)


def test_demo_club_comes_back(db: None, tmp_path: Path) -> None:
    clock.pretend(now := days.at("2026-11-24T12:10"))
    try:
        call_command("demo", members=30)
    finally:
        clock.pretend(None)
    club = Club.objects.get(slug="riverside")
    other = out_and_in(club, tmp_path, now)
    assert members(other) == members(club)
    assert memberships(other) == memberships(club)
    assert uses(other) == uses(club)


def test_model_fitness_comes_back(db: None, tmp_path: Path) -> None:
    if not MODEL_FITNESS.exists():
        pytest.skip("the files of model_fitness are not beside this checkout")
    club, now = factories.make_club("mf", name="Model Fitness"), days.at("2026-11-02T10:00")
    for kind in ("plans", "promotions", "members", "memberships", "visits"):
        part = tmp_path / f"{kind}.csv"
        with (MODEL_FITNESS / f"{kind}.csv").open(newline="") as rows, part.open("w", newline="") as kept:
            kept.writelines(row for row in rows if "MF0" not in row or "MF000" in row)
        imports.run(club=club, kind=kind, path=part, now=now, as_of=day("2026-11-01"))
    assert Member.objects.filter(club=club).count() == 100
    other = out_and_in(club, tmp_path, now)
    assert memberships(other) == memberships(club)
    assert members(other) == members(club)
    assert uses(other) == uses(club)


def test_own_files_loaded_into_the_same_club_change_nothing(shop: Shop, tmp_path: Path) -> None:
    someone = shop.loyal_member()
    running = Membership.objects.get(member=someone, starts_on=day("2025-12-01"))
    freezing.give(
        membership=running, starts_on=day("2026-10-01"), ends_on=day("2026-10-10"), now=days.at("2026-09-20T10:00"),
        by=shop.manager,
    )  # fmt: skip
    exports.write(club=shop.club, to=tmp_path / "files", now=days.NOW)
    before = memberships(shop.club)
    for file in exports.FILES:
        answer = imports.run(
            club=shop.club, kind=file.name, path=tmp_path / "files" / f"{file.name}.csv", now=days.NOW
        )  # fmt: skip
        assert (answer.created, answer.updated, answer.refused, answer.unchanged) == (0, 0, 0, answer.rows), file.name
    after = memberships(shop.club)
    assert after == before
    assert day("2026-12-10") in [row["effective_ends_on"] for row in after.values()]


def test_numbers_given_at_an_export_are_nobody_elses_and_stay(shop: Shop, tmp_path: Path) -> None:
    member = shop.member("Numbered")
    shop.member("First", external_id=f"rb-{member.pk}")
    exports.write(club=shop.club, to=tmp_path / "one", now=days.NOW)
    member.refresh_from_db()
    assert member.external_id == f"rb2-{member.pk}"
    exports.write(club=shop.club, to=tmp_path / "two", now=days.NOW)
    member.refresh_from_db()
    assert member.external_id == f"rb2-{member.pk}"


def test_members_merged_into_another_are_that_one(shop: Shop, tmp_path: Path) -> None:
    kept, gone = shop.member("Kept", external_id="K"), shop.member("Gone", external_id="G")
    shop.member("Brought", external_id="B", referred_by=gone)
    Member.objects.filter(pk=gone.pk).update(merged_into=kept)
    MemberMerge.objects.create(kept=kept, gone=gone, merged_at=days.NOW)
    exports.write(club=shop.club, to=tmp_path / "files", now=days.NOW)
    text = (tmp_path / "files" / "members.csv").read_text()
    assert "Gone" not in text
    assert [line.split(",")[11] for line in text.splitlines()] == ["referred_by", "", "K"]


def test_large_club_goes_out_in_the_same_memory(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "CHUNK", 50)
    member = shop.member()

    def peak(name: str) -> int:
        gc.collect()
        tracemalloc.start()
        exports.write(club=shop.club, to=tmp_path / name, now=days.NOW)
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return taken

    def visits(first: int, last: int) -> None:
        Visit.objects.bulk_create(
            Visit(club=shop.club, member=member, at=days.NOW - dt.timedelta(minutes=number))
            for number in range(first, last)
        )

    visits(0, 200)
    exports.write(club=shop.club, to=tmp_path / "warm", now=days.NOW)
    few = peak("few")
    visits(200, 2_400)
    many = peak("many")
    assert (tmp_path / "many" / "visits.csv").stat().st_size > 10 * (tmp_path / "few" / "visits.csv").stat().st_size
    assert many < 1.5 * few


def test_command_names_the_files_and_the_day_to_load_them_with(
    shop: Shop, tmp_path: Path, set_clock: Callable[[dt.datetime], None]
) -> None:
    set_clock(days.NOW)
    shop.loyal_member()
    out, err = io.StringIO(), io.StringIO()
    call_command("export_club", str(tmp_path / "new" / "club"), "--club", "mf", stdout=out, stderr=err)
    assert out.getvalue() == ""
    assert "memberships.csv: 2 rows" in err.getvalue()
    assert "--as-of 2026-11-12" in err.getvalue()
    assert (tmp_path / "new" / "club" / "members.csv").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("in_the_way", ["file", "folder"])
def test_folder_that_holds_something_is_refused_in_a_sentence(shop: Shop, tmp_path: Path, in_the_way: str) -> None:
    if in_the_way == "file":
        (tmp_path / "to").write_text("mine")
        sentence = "cannot be written to"
    else:
        (tmp_path / "to").mkdir()
        (tmp_path / "to" / "mine.txt").write_text("mine")
        sentence = "is not empty"
    with pytest.raises(CommandError, match=sentence):
        call_command("export_club", str(tmp_path / "to"), "--club", "mf")
    with pytest.raises(CommandError, match="There is no club nowhere"):
        call_command("export_club", str(tmp_path / "other"), "--club", "nowhere")
    assert not (tmp_path / "other").exists()
