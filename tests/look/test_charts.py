"""Charts say their numbers, hold no styles and let no markup through."""

from __future__ import annotations

import datetime as dt
import re
from datetime import date
from xml.etree import ElementTree

import pytest
from django.utils import translation

from config import charts
from config.charts.draw import fitting, nice_step

TODAY = date(2027, 1, 15)
AUGUST = charts.Span(date(2026, 8, 1), date(2026, 8, 14))
YEAR = charts.Term("Full Day 12 m", "renewal", date(2026, 1, 15), date(2027, 1, 28), "current", (AUGUST,), "/m/1")
EVIL = '"><script>alert(1)</script>'


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def sentence(svg: str) -> str:
    found = re.findall(r'<svg[^>]*aria-label="([^"]*)"', svg)
    assert len(found) == 1
    return found[0].replace("\u00a0", " ").replace("\u202f", " ")


def every_chart(words: str) -> list[str]:
    term = charts.Term(words, words, date(2026, 1, 15), date(2027, 1, 28), "offered", (AUGUST,), words)
    reason = charts.Reason(words, "club", 4, 2, words)
    move = charts.Move(words, charts.Span(date(2026, 3, 1), TODAY), charts.Span(date(2026, 3, 1), date(2027, 2, 1)))
    month = charts.Month(words, {"club": 3}, current=True, marked=True, href=words)
    return [
        charts.membership_band([term], today=TODAY),
        charts.pareto([reason])[0].bar,
        charts.month_bars([month], names={"club": words}, title=words),
        charts.slot_bars([charts.Slot(words, 3)], title=words),
        charts.parts_bar([charts.Part(3, "f-ink", words)], 9),
        charts.progress(1, 2, label=words),
        charts.moves([move], AUGUST, today=TODAY),
    ]


def test_no_words_become_markup_and_nothing_is_inline() -> None:
    for svg in every_chart(EVIL):
        parsed(svg)
        assert "<script" not in svg
        assert "style=" not in svg


def test_every_chart_is_well_formed_and_every_class_is_ours() -> None:
    with translation.override("en"):
        drawn = [
            *every_chart("Full Day"),
            charts.term_bar(charts.Span(YEAR.starts_on, YEAR.ends_on), [AUGUST], today=TODAY),
            charts.visit_weeks([1, 2], 2, first_on=date(2026, 10, 26)),
            charts.visit_year({TODAY: 1}, today=TODAY),
            charts.spark((1, 2, 0), True),
            charts.step_strip(["done", "late", "open", "skipped"]),
        ]
    for svg in drawn:
        parsed(svg)
        assert "aria-label=" in svg or 'aria-hidden="true"' in svg


def test_the_band_names_terms_freezes_gaps_and_today() -> None:
    first = charts.Term("3 m", "Day", date(2023, 3, 1), date(2023, 5, 31))
    second = charts.Term("Full Day 12 m", "return", date(2024, 1, 15), date(2025, 1, 14))
    offer = charts.Term("Renewal, offered", "", date(2027, 1, 29), date(2028, 2, 11), "offered")
    with translation.override("en"):
        band = charts.membership_band([offer, YEAR, second, first], today=TODAY)
    words = sentence(band)
    assert words.index("3 m, 1 March 2023 – 31 May 2023") < words.index("Full Day 12 m, 15 January 2024")
    assert "15 January 2026 – 28 January 2027, renewal, 14 days frozen" in words
    assert ">away 228 days<" in band.replace("\u00a0", " ")
    assert "f-freeze" in band and "s-plan" in band and ">today<" in band and 'href="/m/1"' in band
    assert all(f">{year}<" in band for year in (2023, 2024, 2025, 2026, 2027, 2028))


def test_the_band_without_a_membership_still_shows_today() -> None:
    with translation.override("en"):
        band = charts.membership_band([], today=TODAY)
    assert ">today<" in band and sentence(band) == "Memberships: —"


def test_the_band_begins_at_most_six_years_back() -> None:
    old = charts.Term("Old", "", date(2010, 1, 1), date(2010, 12, 31))
    band = charts.membership_band([old, YEAR], today=TODAY)
    assert "2010" not in band and ">2021<" in band


@pytest.mark.parametrize(
    ("ends_on", "words", "rest"),
    [
        (date(2027, 1, 28), "366 of 379 days have passed, 14 of them frozen; 13 are left", "f-warn"),
        (date(2027, 1, 18), "366 of 369 days have passed, 14 of them frozen; 3 are left", "f-bad"),
        (date(2027, 6, 30), "366 of 532 days have passed, 14 of them frozen; 166 are left", "f-bar2"),
    ],
)
def test_the_term_bar_counts_days_passed_and_left(ends_on: date, words: str, rest: str) -> None:
    with translation.override("en"):
        bar = charts.term_bar(charts.Span(date(2026, 1, 15), ends_on), [AUGUST], today=TODAY)
    assert sentence(bar) == words
    assert re.findall(r'class="(f-bad|f-warn|f-bar2)"', bar)[-1] == rest


def test_the_term_bar_before_its_start_and_after_its_end() -> None:
    with translation.override("en"):
        ahead = charts.term_bar(charts.Span(date(2027, 2, 1), date(2027, 2, 28)), today=TODAY)
        over = charts.term_bar(charts.Span(date(2026, 1, 1), date(2026, 1, 31)), [AUGUST], today=TODAY)
    assert sentence(ahead) == "0 of 28 days have passed; 28 are left"
    assert sentence(over) == "31 of 31 days have passed; 0 are left"


def test_visit_weeks_say_each_week_and_the_own_average() -> None:
    weeks = [2, 3, 2, 3, 2, 3, 2, 2, 1, 1, 0, 1]
    with translation.override("en"):
        drawn = charts.visit_weeks(weeks, 2.25, falling=True, first_on=date(2026, 10, 26))
    assert sentence(drawn) == ("Visits per week, oldest first: 2, 3, 2, 3, 2, 3, 2, 2, 1, 1, 0, 1; own average 2.25")
    assert drawn.count("f-warn") == 4 and drawn.count("f-bar") == 8 and "s-dash" in drawn
    assert ">26\u00a0Oct<" in drawn


def test_visit_weeks_without_a_visit_are_still_a_chart() -> None:
    drawn = charts.visit_weeks([0] * 12, None)
    assert drawn.count("<rect") == 12 and "s-dash" not in drawn


def test_a_spark_has_a_bar_per_week_and_colours_the_fall() -> None:
    assert charts.spark((3,) * 12).count("f-ink") == 12
    assert charts.spark((3,) * 12, True).count("f-warn") == 4


def test_the_year_counts_its_visits_and_hatches_its_freeze() -> None:
    visits = {TODAY: 2, TODAY - dt.timedelta(days=3): 1, TODAY - dt.timedelta(days=800): 1}
    with translation.override("en"):
        drawn = charts.visit_year(visits, today=TODAY, freezes=[AUGUST])
    assert sentence(drawn) == "3 visits from 12 January 2026 to 15 January 2027"
    assert drawn.count('"f-freeze"') == 14 and drawn.count('"f-ink"') == 2
    assert "15\u00a0January\u00a02027: 2 visits" in drawn


def test_reasons_stand_by_size_with_running_shares_and_the_cut() -> None:
    rows = charts.pareto(
        [
            charts.Reason("Crowding", "club", 6, 1),
            charts.Reason("No time", "member", 3, 3),
            charts.Reason("Closer", "competitor", 1, None),
        ]
    )
    assert [row.reason.label for row in rows] == ["Crowding", "No time", "Closer"]
    assert [row.share for row in rows] == [0.6, 0.3, 0.1]
    assert [row.running for row in rows] == [0.6, 0.9, 1.0]
    assert [row.cut for row in rows] == [False, True, False]
    assert [(row.change, row.tone) for row in rows] == [(5, "bad"), (0, ""), (None, "")]
    assert rows[2].group == "rival" and "f-mark" in rows[0].bar and "f-mark" not in rows[2].bar


def test_no_refusals_have_no_shares() -> None:
    rows = charts.pareto([charts.Reason("Price", "club", 0, 0)])
    assert rows[0].share is None and not rows[0].cut
    assert charts.pareto([]) == []


def test_months_are_stacked_from_the_club_up_and_said() -> None:
    months = [
        charts.Month("Nov", {"club": 31, "member": 24}),
        charts.Month("Dec", {"club": 36, "member": 25, "competitor": 7, "unsaid": 8}, True, True, "/r?m=12"),
    ]
    drawn = charts.month_bars(months, names={"club": "the club", "competitor": "a competitor"}, title="By month")
    words = sentence(drawn.replace('aria-label="Dec', 'data-x="Dec'))
    assert words.startswith("By month. Nov: the club 31, member 24; Dec: the club 36")
    assert ">76<" in drawn and ">36<" in drawn and "f-rival" in drawn and 'href="/r?m=12"' in drawn
    assert 'role="group"' in drawn


def test_slots_write_their_counts_and_what_is_inside() -> None:
    drawn = charts.slot_bars(
        [charts.Slot("10", 8, 3), charts.Slot("", 0), charts.Slot("11", 5, 2)], title="Attempts", now_at=0.5
    )
    assert sentence(drawn) == "Attempts: 8 (3), 0, 5 (2)" and ">8<" in drawn and "s-ink" in drawn


def test_steps_parts_and_progress_say_their_numbers() -> None:
    with translation.override("en"):
        assert sentence(charts.step_strip(["done"] * 5 + ["late", "open"])) == "5 of 7 steps done, 1 late"
    assert sentence(charts.parts_bar([charts.Part(7, "f-ink", "used")], 30)) == "7 used"
    assert 'aria-valuenow="77"' in charts.progress(14_200, 18_342, label="Rows checked")
    assert 'aria-valuenow="0"' in charts.progress(0, 0, label="Rows checked")


def test_moves_name_each_end_that_moves() -> None:
    before, after = charts.Span(date(2026, 3, 1), date(2027, 3, 7)), charts.Span(date(2026, 3, 1), date(2027, 3, 21))
    still = charts.Move("Still", before, before)
    with translation.override("en"):
        drawn = charts.moves([charts.Move("Full Day", before, after, True), still], AUGUST, today=TODAY)
    assert sentence(drawn) == "What moves: Full Day: +14 days" and drawn.count("s-act") == 1


def test_words_are_cut_to_the_room_there_is() -> None:
    assert fitting("Full Day", 200) == "Full Day"
    assert fitting("Full Day 12 months", 64) == "Full Day…"
    assert fitting("Full Day", 10) == ""


@pytest.mark.parametrize(("highest", "step"), [(1, 1), (3, 1), (4, 2), (76, 30), (91, 50), (310, 200)])
def test_grid_lines_stand_at_round_numbers(highest: int, step: int) -> None:
    assert nice_step(highest) == step
