"""Memberships by file: days, kinds of sale, chains, money, promotions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from memberships import events, freezing, sales
from memberships.models import Club, Member, Membership, Plan, Promotion, PromotionUse
from tests import days
from tests.days import day
from tests.memberships.imports.conftest import Load

HEADER = "external_id,member,plan,starts_on,ends_on,sold_on,price_paid,promotions,cancelled_on\n"


def membership(external_id: str) -> Membership:
    return Membership.objects.get(external_id=external_id)


def kinds() -> dict[str | None, str]:
    return dict(Membership.objects.order_by("starts_on").values_list("external_id", "sale_kind"))


def test_row_says_everything_of_a_sale(load: Load, club: Club) -> None:
    text = (
        "external_id,member,plan,starts_on,sold_on,price_paid,promotions,special_terms,balance_due,balance_due_on\n"
        'S1,A0,m12,2026-02-01,2026-01-20,"250,50",FRIEND15;PLUS14,corporate terms,50,2026-03-01\n'
    )
    assert load("memberships", text).created == 1
    row = membership("S1")
    plan = Plan.objects.get(club=club, code="M12")
    assert (row.club, row.member.external_id, row.plan) == (club, "A0", plan)
    assert (row.starts_on, row.ends_on, row.effective_ends_on) == (
        day("2026-02-01"), day("2027-01-31"), day("2027-02-14"),
    )  # fmt: skip
    assert (row.bonus_days, row.ends_given, row.last_covered_on) == (14, False, day("2027-02-14"))
    assert (row.term_count, row.term_unit, row.freeze_allowance, row.freeze_max_count) == (12, "m", 45, 3)
    assert (row.list_price, row.price, row.price_paid, row.balance_due) == (
        Decimal(360), Decimal("300.5"), Decimal("250.5"), Decimal(50),
    )  # fmt: skip
    assert (row.balance_due_on, row.special_terms) == (day("2026-03-01"), "corporate terms")
    assert (row.sold_on, row.sale_kind, row.created_at) == (day("2026-01-20"), "new", days.NOW)
    assert set(row.promotions.values_list("code", flat=True)) == {"FRIEND15", "PLUS14"}
    assert Promotion.objects.get(code="PLUS14").uses == 1
    assert row.member.last_covered_on == day("2027-02-14")


@pytest.mark.parametrize(
    ("plan", "start", "end"),
    [("M12", "2026-01-21", "2027-01-20"), ("M1", "2027-01-31", "2027-02-27"), ("D30", "2026-02-01", "2026-03-02")],
)
def test_empty_end_is_counted_by_the_term(load: Load, plan: str, start: str, end: str) -> None:
    load("memberships", f"external_id,member,plan,starts_on\nS1,A0,{plan},{start}\n")
    row = membership("S1")
    assert (row.ends_on, row.effective_ends_on, row.sold_on) == (day(end), day(end), day(start))


def test_given_end_holds_bonus_days_already(load: Load) -> None:
    load("memberships", f"{HEADER}S1,A0,M12,2026-02-01,2027-03-10,,300,PLUS14,\n")
    row = membership("S1")
    assert (row.ends_on, row.effective_ends_on, row.bonus_days) == (day("2027-03-10"), day("2027-03-10"), 0)
    assert row.ends_given


def test_same_file_twice_changes_nothing(load: Load) -> None:
    text = (
        f"{HEADER}S1,A0,M12,2025-02-01,,,300,PLUS14,\nS2,A0,M12,2026-02-15,,2026-02-01,300,,2026-05-01\n"
        "S3,A1,D30,2026-12-01,2027-01-15,2026-11-01,0,FRIEND15,\n"
    )
    assert load("memberships", text).created == 3
    before = list(Membership.objects.order_by("pk").values())
    assert load("memberships", text, now=days.NOW + dt.timedelta(days=1)).unchanged == 3
    assert list(Membership.objects.order_by("pk").values()) == before
    assert Promotion.objects.get(code="PLUS14").uses == 1


def test_kinds_are_worked_out_for_the_member_whatever_the_order_of_rows(load: Load) -> None:
    text = (
        f"{HEADER}S4,A0,M1,2026-10-10,,,40,,\nS2,A0,M1,2026-03-20,,,40,,\nS1,A0,M1,2026-01-20,,,40,,\n"
        "S3,A0,M1,2026-05-20,,,40,,2026-06-01\n"
    )
    load("memberships", text)
    # S1 ends on 19 February; 29 days later is within the grace of 30, 31 days later no more
    assert kinds() == {"S1": "new", "S2": "renewal", "S3": "return", "S4": "return"}
    assert membership("S2").renewed_from == membership("S1")
    assert membership("S3").renewed_from is None
    assert membership("S2").chain_starts_on == day("2026-01-20")
    assert membership("S4").chain_starts_on == day("2026-10-10")


def test_earlier_row_that_comes_later_makes_a_renewal_of_what_was_new(load: Load) -> None:
    load("memberships", f"{HEADER}S2,A0,M1,2026-03-01,,,40,,\nS3,A0,M1,2026-04-01,,,40,,\n")
    assert kinds() == {"S2": "new", "S3": "renewal"}
    answer = load("memberships", f"{HEADER}S1,A0,M1,2026-02-01,,,40,,\n")
    assert (answer.created, answer.updated) == (1, 0)
    assert kinds() == {"S1": "new", "S2": "renewal", "S3": "renewal"}
    assert {row.chain_starts_on for row in Membership.objects.all()} == {day("2026-02-01")}


def test_sale_made_at_the_desk_keeps_its_kind(load: Load, club: Club) -> None:
    member = Member.objects.get(external_id="A0")
    sold = sales.sell(member=member, plan=Plan.objects.get(code="M1"), now=days.NOW, by=None)
    load("memberships", f"{HEADER}S1,A0,M1,2026-10-01,,,40,,\n")
    sold.refresh_from_db()
    assert (sold.sale_kind, sold.renewed_from) == ("new", None)


def test_pending_row_sold_in_time_follows_its_prior(load: Load) -> None:
    text = (
        f"{HEADER}S1,A0,M12,2025-12-01,,,360,,\nS2,A0,M12,2026-12-01,,2026-11-01,360,,\n"
        "S3,A1,M12,2025-12-01,,,360,,\nS4,A1,M12,2026-12-05,,2026-11-01,360,,\n"
    )
    load("memberships", text, as_of="2026-11-12")
    assert (membership("S2").follows, membership("S4").follows) == (True, False)
    assert membership("S2").renewed_from == membership("S1")
    freezing.give(
        membership=membership("S1"), starts_on=day("2026-11-16"), ends_on=day("2026-11-25"), now=days.NOW, by=None
    )
    assert membership("S2").starts_on == day("2026-12-11")
    # the file still gives the start that it had: what moved here stays where it is
    assert load("memberships", text, as_of="2026-11-12").unchanged == 4
    assert load("memberships", text.replace("2026-12-01,,2026-11-01,360", "2026-12-01,,2026-11-01,350")).updated == 1
    moved = membership("S2")
    assert (moved.starts_on, moved.effective_ends_on) == (day("2026-12-11"), day("2027-12-10"))


def test_row_that_started_follows_nothing(load: Load) -> None:
    load("memberships", f"{HEADER}S1,A0,M1,2026-09-01,,,40,,\nS2,A0,M1,2026-10-01,,2026-09-20,40,,\n")
    assert not membership("S2").follows


def test_cancelled_row_covers_the_days_before(load: Load) -> None:
    text = (
        f"{HEADER}S1,A0,M12,2026-01-01,,,360,,2026-04-01\nS2,A0,M1,2026-04-01,,,40,,\n"
        "S3,A1,M12,2026-06-01,,2026-05-01,360,FRIEND15,2026-05-20\nS4,A1,M12,2026-06-01,,,360,,\n"
    )
    assert load("memberships", text).created == 4
    assert (membership("S1").last_covered_on, membership("S1").effective_ends_on) == (
        day("2026-03-31"), day("2026-12-31"),
    )  # fmt: skip
    assert kinds() == {"S1": "new", "S2": "return", "S3": "new", "S4": "new"}
    assert membership("S3").last_covered_on < membership("S3").starts_on
    assert PromotionUse.objects.get().given_back
    assert Promotion.objects.get(code="FRIEND15").uses == 0
    assert Member.objects.get(external_id="A1").last_covered_on == day("2027-05-31")


@pytest.mark.parametrize(
    ("second", "says"),
    [
        ("S2,A0,M12,2026-01-31,,,360,,", "There is already a membership from 1 February 2025 to 31 January 2026."),
        ("S2,A0,M1,2025-01-10,,,40,,", "There is already a membership"),
        ("S2,A0,M12,2025-01-01,2026-12-31,,360,,", "There is already a membership"),
    ],
)
def test_two_rows_never_cover_the_same_day(load: Load, second: str, says: str) -> None:
    first = "S1,A0,M12,2025-02-01,,,360,,"
    answer = load("memberships", f"{HEADER}{first}\n{second}\n")
    assert [(error["line"], error["column"]) for error in answer.errors] == [(3, "starts_on")]
    assert says in str(answer.errors[0]["message"])
    assert Membership.objects.count() == 0


def test_earlier_line_stays_and_what_touches_only_the_refused_row_is_taken(load: Load) -> None:
    rows = ["S1,A0,M1,2026-03-01", "S2,A0,M1,2026-03-15", "S3,A0,M1,2026-04-10", "S4,A0,M1,2026-04-01"]
    answer = load("memberships", "external_id,member,plan,starts_on\n" + "\n".join(rows) + "\n", skip_bad=True)
    assert [error["line"] for error in answer.errors] == [3, 5]
    assert kinds() == {"S1": "new", "S3": "renewal"}


def test_row_over_days_sold_at_the_desk_is_refused(load: Load, club: Club) -> None:
    member = Member.objects.get(external_id="A0")
    sales.sell(member=member, plan=Plan.objects.get(code="M1"), now=days.NOW, by=None)
    answer = load("memberships", f"{HEADER}S1,A0,M1,2026-12-01,,2026-11-10,40,,\n")
    assert "There is already a membership from 12 November 2026" in str(answer.errors[0]["message"])


def test_refused_change_leaves_what_is_stored_and_that_may_refuse_another(load: Load) -> None:
    load("memberships", f"{HEADER}S1,A0,M1,2026-03-01,,,40,,\nS2,A0,M1,2026-05-01,,,40,,\n")
    text = f"{HEADER}S2,A0,M1,2026-03-05,,,40,,\nS1,A0,M1,2026-03-01,,,40,,\nS3,A0,M1,2026-05-10,,,40,,\n"
    answer = load("memberships", text, skip_bad=True)
    # S1 is unchanged and stays; S2 cannot move over it and stays too; so S3 finds it in its way
    assert [error["line"] for error in answer.errors] == [2, 4]
    assert membership("S2").starts_on == day("2026-05-01")


def test_rows_may_change_places(load: Load) -> None:
    load("memberships", f"{HEADER}S1,A0,M1,2026-03-01,,,40,,\nS2,A0,M1,2026-04-01,,,40,,\n")
    answer = load("memberships", f"{HEADER}S1,A0,M1,2026-04-01,,,40,,\nS2,A0,M1,2026-03-01,,,40,,\n")
    assert answer.updated == 2
    assert kinds() == {"S2": "new", "S1": "renewal"}
    assert membership("S1").renewed_from == membership("S2")


def test_row_may_go_to_another_member(load: Load) -> None:
    load("memberships", f"{HEADER}S1,A0,M1,2026-03-01,,,40,,\nS2,A0,M1,2026-04-01,,,40,,\n")
    load("memberships", f"{HEADER}S1,A1,M1,2026-03-01,,,40,,\n")
    assert membership("S1").member.external_id == "A1"
    assert kinds() == {"S1": "new", "S2": "new"}
    assert Member.objects.get(external_id="A1").last_covered_on == day("2026-03-31")


def test_missing_column_changes_nothing(load: Load) -> None:
    load("memberships", f"{HEADER}S1,A0,M12,2026-02-01,2027-03-10,2026-01-10,300,PLUS14,2026-12-24\n")
    assert load("memberships", "external_id,member,plan,starts_on\nS1,A0,M12,2026-02-01\n").unchanged == 1
    assert load("memberships", "external_id,member,plan,starts_on,price_paid\nS1,A0,M12,2026-02-01,310\n").updated == 1
    row = membership("S1")
    assert (row.ends_on, row.sold_on, row.cancelled_on) == (day("2027-03-10"), day("2026-01-10"), day("2026-12-24"))
    assert (row.price, row.promotions.count()) == (Decimal(310), 1)


def test_empty_cells_empty_what_is_optional(load: Load) -> None:
    load("memberships", f"{HEADER}S1,A0,M12,2026-02-01,2027-03-10,2026-01-10,300,PLUS14,2026-12-24\n")
    assert load("memberships", f"{HEADER}S1,A0,M12,2026-02-01,,,,,\n").updated == 1
    row = membership("S1")
    assert (row.ends_on, row.sold_on, row.cancelled_on) == (day("2027-01-31"), day("2026-02-01"), None)
    assert (row.price_paid, row.promotions.count(), row.bonus_days) == (Decimal(0), 0, 0)
    assert Promotion.objects.get(code="PLUS14").uses == 0


def test_what_was_sold_keeps_its_own_terms(load: Load) -> None:
    text = f"{HEADER}S1,A0,M12,2026-02-01,,,300,PLUS14,\n"
    load("memberships", text)
    Plan.objects.filter(code="M12").update(term_count=6, price=400, freeze_days=0)
    Promotion.objects.filter(code="PLUS14").update(value=30)
    assert load("memberships", text).unchanged == 1
    load("memberships", text.replace("2026-02-01", "2026-03-01"))
    row = membership("S1")
    assert (row.ends_on, row.effective_ends_on, row.list_price) == (
        day("2027-02-28"), day("2027-03-14"), Decimal(360),
    )  # fmt: skip
    assert row.freeze_allowance == 45
    load("memberships", text.replace("M12", "M1"))
    assert (membership("S1").term_count, membership("S1").list_price) == (1, Decimal(40))


def test_limit_of_a_promotion_refuses_no_fact(load: Load) -> None:
    Promotion.objects.filter(code="FRIEND15").update(max_uses=1)
    rows = "".join(f"S{number},A{number},M1,2026-03-01,,,34,FRIEND15,\n" for number in range(3))
    assert load("memberships", HEADER + rows).created == 3
    assert Promotion.objects.get(code="FRIEND15").uses == 1


def test_change_that_would_leave_a_freeze_outside_is_refused(load: Load) -> None:
    load("memberships", f"{HEADER}S1,A0,M12,2026-02-01,,,300,,\n")
    freezing.give(
        membership=membership("S1"), starts_on=day("2026-11-16"), ends_on=day("2026-11-25"), now=days.NOW, by=None
    )
    answer = load("memberships", f"{HEADER}S1,A0,M1,2026-02-01,,,300,,\n")
    assert "a freeze of the membership would lie outside" in str(answer.errors[0]["message"])
    assert load("memberships", f"{HEADER}S1,A0,M12,2026-03-01,,,300,,\n").updated == 1
    row = membership("S1")
    assert (row.ends_on, row.frozen_days, row.effective_ends_on) == (day("2027-02-28"), 10, day("2027-03-10"))


def test_memberships_of_a_merged_member_go_to_the_one_that_stayed(load: Load) -> None:
    stayed = Member.objects.get(external_id="A0")
    Member.objects.filter(external_id="A1").update(merged_into=stayed)
    load("memberships", f"{HEADER}S1,A1,M1,2026-03-01,,,40,,\n")
    assert membership("S1").member == stayed


def test_sale_in_the_future_is_refused_but_an_empty_cell_is_the_start(load: Load) -> None:
    answer = load("memberships", f"{HEADER}S1,A0,M1,2026-12-01,,2026-11-13,40,,\n")
    assert "in the future" in str(answer.errors[0]["message"])
    assert load("memberships", f"{HEADER}S1,A0,M1,2026-12-01,,,40,,\n").created == 1


def test_dry_run_stores_nothing(load: Load) -> None:
    assert load("memberships", f"{HEADER}S1,A0,M1,2026-03-01,,,40,FRIEND15,\n", dry_run=True).created == 1
    assert (Membership.objects.count(), Promotion.objects.get(code="FRIEND15").uses) == (0, 0)


def test_nobody_is_told_of_what_an_import_stores(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(**what: object) -> None:
        raise AssertionError(what)

    for name in ("sold", "cancelled", "member_changed", "visited"):
        monkeypatch.setattr(events, name, [told])
    assert load("memberships", f"{HEADER}S1,A0,M1,2026-03-01,,,40,FRIEND15,2026-03-10\n").created == 1
    assert load("visits", "member,at\nA0,2026-03-05T07:00\n").created == 1
    assert load("members", "external_id,last_name,do_not_call\nA0,Scott,yes\n").updated == 1


def test_club_of_another_zone_has_its_own_today(load: Load, club: Club) -> None:
    late = dt.datetime(2026, 11, 13, 3, 0, tzinfo=dt.UTC)  # the 12th in Chicago
    answer = load("memberships", f"{HEADER}S1,A0,M1,2026-12-01,,2026-11-13,40,,\n", now=late)
    assert answer.refused == 1


def test_counted_ends_are_frozen_while_the_club_is_shut(load: Load, club: Club) -> None:
    first, last = day("2026-12-24"), day("2026-12-28")
    freezing.close_club(club=club, starts_on=first, ends_on=last, why="repairs", now=days.NOW, by=None)
    text = (
        f"{HEADER}S1,A0,M1,2026-12-01,,2026-11-01,40,,\nS2,A0,M1,2027-01-01,,2026-11-01,40,,\n"
        "S3,A1,M1,2026-12-01,2026-12-31,2026-11-01,40,,\nS4,A2,M1,2026-03-01,,,40,,\n"
    )
    later = days.NOW + dt.timedelta(hours=1)
    assert load("memberships", text, now=later).created == 4
    ends = dict(Membership.objects.values_list("external_id", "effective_ends_on"))
    assert ends == {
        "S1": day("2027-01-05"), "S2": day("2027-02-05"), "S3": day("2026-12-31"), "S4": day("2026-03-31"),
    }  # fmt: skip
    assert membership("S2").starts_on == day("2027-01-06")
    assert membership("S1").freezes.get().closure is not None
    assert Member.objects.get(external_id="A0").last_covered_on == day("2027-02-05")
    assert load("memberships", text, now=later).unchanged == 4


def test_closure_that_would_move_a_started_membership_leaves_the_row_as_it_is(load: Load, club: Club) -> None:
    first, last = day("2026-10-20"), day("2026-10-22")
    freezing.close_club(club=club, starts_on=first, ends_on=last, why="repairs", now=days.NOW, by=None)
    text = f"{HEADER}S1,A0,M1,2026-10-01,,,40,,\nS2,A0,M1,2026-11-01,,,40,,\n"
    load("memberships", text, now=days.NOW + dt.timedelta(hours=1))
    assert (membership("S1").effective_ends_on, membership("S1").frozen_days) == (day("2026-10-31"), 0)
