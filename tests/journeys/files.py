"""Small files of an old program, as a club would bring them: the members of EXAMPLES.md and a few beside them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.conf import settings

MODEL_FITNESS = Path(settings.BASE_DIR).parent / "shared" / "data" / "model_fitness"
KINDS = ("plans", "promotions", "members", "memberships", "visits")

PLANS = """
code,name,term,price,freeze_days,freeze_min_days,freeze_max_count,zones
M1,1 month,1m,40,0,7,0,gym
M6,6 months,6m,210,21,7,2,gym
M12,12 months,12m,360,45,7,3,gym
"""
PROMOTIONS = """
code,name,kind,value,audience,starts_on,ends_on,plans,stackable,needs_code,min_tenure_months,phone_summary,details
EARLY10,Early renewal,percent,10,renewal,2026-10-15,2026-12-15,M6;M12,yes,no,,There is an offer for the early,10 % off
LOYAL20,Two years with us,amount,20,renewal,2026-01-01,,,yes,no,24,We thank members of long standing,20 off
PLUS14,Two weeks on us,bonus_days,14,new;renewal,2026-11-10,2026-11-24,M12,yes,no,,Ask us about the November gift,+14
"""
MEMBERS = """
external_id,last_name,first_name,phone,email,birthday,language,do_not_call,notes
F1,Scott,Pamela,+13195550107,pamela@example.com,1988-10-17,en,no,
F2,Petrov,Ivan,+13195550108,ivan@example.com,1979-02-03,en,no,likes the early hours
F3,Young,Chris,+13195550109,,1995-06-01,en,no,
F4,Quiet,Dora,+13195550110,,1990-01-01,en,yes,asked in writing
F5,Nophone,Emil,,,1991-01-01,en,no,
"""
MEMBERSHIPS = """
external_id,member,plan,starts_on,sold_on,price_paid,special_terms
C1,F1,M12,2024-12-01,2024-11-20,360,
C2,F1,M12,2025-12-01,2025-11-20,360,corporate terms
C3,F2,M12,2025-11-27,2025-11-27,360,
C4,F3,M6,2026-11-08,2026-11-08,210,
C5,F4,M12,2025-11-27,2025-11-27,360,
C6,F5,M12,2025-11-27,2025-11-27,360,
"""


def write_small(folder: Path) -> Path:
    """The five files of a little club, whose day is 12 November 2026; the folder."""
    visits = [
        f"{member},2026-{month:02d}-{day:02d}T18:30,gym"
        for member, days in (("F1", (3, 10, 17, 24)), ("F2", (5, 19)))
        for month in (9, 10)
        for day in days
    ]
    texts = {"plans": PLANS, "promotions": PROMOTIONS, "members": MEMBERS, "memberships": MEMBERSHIPS}
    texts["visits"] = "\n".join(["member,at,zone", *visits])
    for kind, text in texts.items():
        (folder / f"{kind}.csv").write_text(text.strip() + "\n", encoding="utf-8")
    return folder


def write_rows(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """A file of rows that all have the same columns."""
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
