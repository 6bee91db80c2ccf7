"""Files of members and memberships through the import, beside COPY and the same merges without a check."""

from __future__ import annotations

import csv
import random
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.db import connection, transaction

from config.demo import words
from memberships import imports
from memberships.models import Club, Member, Membership
from tests.bench import rows
from tests.bench.measure import ROUNDS, Line, Size, clock_time, line, memory, number, ratios, seconds

MEMBERS = ("external_id", "last_name", "first_name", "phone", "email", "birthday", "source", "consent_calls")
MEMBERSHIPS = ("external_id", "member", "plan", "starts_on", "ends_on", "sold_on", "price_paid", "special_terms")
STAGED = {"birthday": "date", "consent_calls": "bool", "starts_on": "date", "ends_on": "date", "sold_on": "date",
          "price_paid": "numeric"}  # fmt: skip
MERGES = (
    """
    INSERT INTO memberships_member (club_id, external_id, last_name, first_name, middle_name, phone, phone_raw, email,
        birthday, language, timezone, source, guardian, guardian_phone, consent_calls, consent_evidence,
        do_not_call_note, interests, goal, notes, segment, created_at)
    SELECT %(club)s, r.external_id, r.last_name, r.first_name, '', r.phone, '', r.email, r.birthday, '', '', r.source,
        '', '', r.consent_calls, '', '', '', '', '', '', %(now)s
    FROM bench_members r WHERE NOT EXISTS (
        SELECT FROM memberships_member m WHERE m.club_id = %(club)s AND m.external_id = r.external_id)
    """,
    """
    INSERT INTO memberships_membership (club_id, member_id, plan_id, external_id, sale_kind, sold_on, starts_on,
        ends_on, bonus_days, frozen_days, effective_ends_on, last_covered_on, cancel_reason, follows, ends_given,
        chain_starts_on, term_count, term_unit, freeze_allowance, freeze_min_days, freeze_max_count, special_terms,
        list_price, price, credit, price_paid, balance_due, created_at)
    SELECT %(club)s, m.id, p.id, r.external_id, 'new', r.sold_on, r.starts_on, r.ends_on, 0, 0, r.ends_on, r.ends_on,
        '', false, true, r.starts_on, p.term_count, p.term_unit, p.freeze_days, p.freeze_min_days, p.freeze_max_count,
        r.special_terms, p.price, r.price_paid, 0, r.price_paid, 0, %(now)s
    FROM bench_memberships r
    JOIN memberships_member m ON m.club_id = %(club)s AND m.external_id = r.member
    JOIN memberships_plan p ON p.club_id = %(club)s AND p.code = r.plan
    WHERE NOT EXISTS (
        SELECT FROM memberships_membership o WHERE o.club_id = %(club)s AND o.external_id = r.external_id)
    """,
    """
    UPDATE memberships_member m SET last_covered_on = a.last FROM (
        SELECT s.member_id, max(s.last_covered_on) AS last FROM memberships_membership s
        WHERE s.club_id = %(club)s GROUP BY 1) a
    WHERE m.id = a.member_id AND m.last_covered_on IS DISTINCT FROM a.last
    """,
)


def lines(size: Size, club: Club) -> Iterator[Line]:
    """New rows beside the bare merges; then the same files again beside their COPY."""
    with tempfile.TemporaryDirectory() as folder:
        tenth = size.loaded // 10
        few, all_of_them = _write(Path(folder), tenth), _write(Path(folder), size.loaded)
        ours, raw, again, copied, held = [], [], [], [], []
        for _ in range(ROUNDS):
            _empty()
            raw.append(seconds(lambda: _bare(club, *all_of_them)))
            _empty()
            low = memory(lambda: _import(club, *few, tenth))
            _empty()
            high = memory(lambda: ours.append(seconds(lambda: _import(club, *all_of_them, size.loaded))))
            held.append((high, low))
            rows.analyze("memberships_member", "memberships_membership")
            again.append(seconds(lambda: _import(club, *all_of_them, size.loaded, new=False)))
            copied.append(seconds(lambda: _copied(*all_of_them)))
        _empty()
    yield line(
        f"import {number(size.loaded)} members + memberships",
        "COPY + the same merges unchecked",
        ratios(raw, ours),
        0.5,
        ours=clock_time(ours),
        raw=clock_time(raw),
    )
    yield line(
        "the same files again, nothing new",
        "their COPY",
        ratios(again, copied),
        5,
        at_most=True,
        ours=clock_time(again),
        raw=clock_time(copied),
    )
    yield line(
        "memory of the import at its highest",
        f"that for {number(tenth)} members",
        [high / low for high, low in held],
        1.1,
        at_most=True,
        ours=f"{statistics.median(high for high, _low in held):.0f} MiB",
        raw=f"{statistics.median(low for _high, low in held):.0f} MiB",
    )


def _write(folder: Path, count: int) -> tuple[Path, Path]:
    """The two files of so many members. One in two has renewed once, so there are three memberships for two of them."""
    rng = random.Random(rows.SEED)
    members, memberships = folder / f"members_{count}.csv", folder / f"memberships_{count}.csv"
    with members.open("w", newline="") as file:
        write = csv.writer(file).writerow
        write(MEMBERS)
        for pk in range(1, count + 1):
            last, first = rng.choice(words.LAST_NAMES), rng.choice(words.FIRST_NAMES)
            born = f"{1960 + pk % 40}-{pk % 12 + 1:02d}-{pk % 28 + 1:02d}"
            write((f"m{pk}", last, first, rows.phone_of(pk), f"m{pk}@example.com", born, "walk-in", "yes"))
    with memberships.open("w", newline="") as file:
        write = csv.writer(file).writerow
        write(MEMBERSHIPS)
        number = 0
        for pk in range(1, count + 1):
            begins = rows.last_day(pk) - 364 * rows.DAY
            for start in (begins - 365 * rows.DAY, begins) if pk % 2 else (begins,):
                number += 1
                price = f"{300 + pk % 400}.50"
                write(
                    (f"s{number}", f"m{pk}", "FULL12", start, start + 364 * rows.DAY, min(start, rows.TODAY), price, "")
                )
    return members, memberships


def _import(club: Club, members: Path, memberships: Path, count: int, *, new: bool = True) -> None:
    for kind, path, expected_rows in (("members", members, count), ("memberships", memberships, count * 3 // 2)):
        answer = imports.run(club=club, kind=kind, path=path, now=rows.NOW)
        expected = (expected_rows, 0) if new else (0, expected_rows)
        if (answer.created, answer.unchanged) != expected or answer.refused:
            raise RuntimeError(f"not what was to be measured: {answer}")


def _bare(club: Club, members: Path, memberships: Path) -> None:
    with transaction.atomic():
        _copied(members, memberships)
        with connection.cursor() as cursor:
            for merge in MERGES:
                cursor.execute(merge, {"club": club.pk, "now": rows.NOW})


def _copied(members: Path, memberships: Path) -> None:
    """Both files into temporary tables, as they are."""
    with connection.cursor() as cursor:
        for table, path, columns in (
            ("bench_members", members, MEMBERS),
            ("bench_memberships", memberships, MEMBERSHIPS),
        ):
            declared = ", ".join(f"{name} {STAGED.get(name, 'text')}" for name in columns)
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
            cursor.execute(f"CREATE TEMPORARY TABLE {table} ({declared})")
            with (
                path.open() as file,
                cursor.copy(
                    f"COPY {table} FROM STDIN WITH (FORMAT csv, HEADER, FORCE_NOT_NULL (special_terms))"
                    if "special_terms" in columns
                    else f"COPY {table} FROM STDIN WITH (FORMAT csv, HEADER)"
                ) as stream,
            ):
                while chunk := file.read(1 << 16):
                    stream.write(chunk)
            cursor.execute(f"ANALYZE {table}")


def _empty() -> None:
    """Members, memberships and their history gone, the tables as new."""
    with rows.untriggered(), connection.cursor() as cursor:
        events = [model._meta.db_table for model in (Member.pgh_event_model, Membership.pgh_event_model)]
        tables = [Member._meta.db_table, Membership._meta.db_table, *events]
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
