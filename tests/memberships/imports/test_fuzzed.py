"""Damaged files: each answers with counts that add up or a sentence, and stores nothing it refused."""

from __future__ import annotations

import random

import pytest

from memberships import imports
from memberships.models import Member
from tests.memberships.imports.conftest import Load
from tests.memberships.imports.test_bad_rows import GOOD
from tests.memberships.imports.test_files import workbook

MUTATIONS = 60
FILES = GOOD | {
    "attempts": ("member,at,kind,outcome,reason,duration_s", "A1,2026-05-03T07:10,renewal,refused,price,119"),
    "clublist": (
        "full_name,phone,birthday,plan,starts_on,ends_on,price_paid,consent,notes",
        "Scott Pamela,+13195550121,1.10.71,M12,11.02.26,10.02.27,310,yes,call after 10",
    ),
}
PIECES = [
    b"",
    b"\x00",
    b'"',
    b"\n",
    b"\r",
    b",",
    b";",
    b"\xff",
    b"\xd0",
    b"=1+1",
    b"\\.",
    b"\\N",
    b"9" * 40,
    b"' OR 1=1 --",
]


def damaged(content: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(content))
        content = content[:at] + rng.choice(PIECES) + content[at + rng.choice((0, 1, 5)) :]
    return content


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_damaged_file_is_answered_and_never_half_stored(load: Load, kind: str, form: str) -> None:
    header, good = FILES[kind]
    text = [line.split(",") for line in (header, good, good.replace("1", "2"))]
    content = workbook(*text) if form == "xlsx" else "\n".join(map(",".join, text)).encode()
    rng = random.Random(f"{kind} {form}")
    for _ in range(MUTATIONS):
        try:
            answer = load(kind, damaged(content, rng), skip_bad=True, dry_run=True, create_plans=True)
        except imports.UnusableFile as refusal:
            assert str(refusal.message)
            continue
        assert answer.rows == answer.created + answer.updated + answer.unchanged + answer.merged + answer.refused
        assert all(error["line"] and error["message"] for error in answer.errors)
    assert Member.objects.count() == 3
