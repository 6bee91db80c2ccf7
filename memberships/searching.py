"""Members by parts of their names and numbers."""

from __future__ import annotations

import re

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from memberships.models import Member

FEW = 2000
MOST_WORDS = 6
LONGEST_TEXT = 80


def words_in(text: str) -> list[str]:
    """What must stand in a member's search text: words in any order; a number in any writing is its digits."""
    text = text.strip().lower()[:LONGEST_TEXT]
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 4 and re.fullmatch(r"[\d\s()+./-]+", text):
        return [digits.removeprefix("00").lstrip("0") or digits]
    return text.split()[:MOST_WORDS]


def matching(rows: QuerySet[Member], text: str) -> QuerySet[Member]:
    """Those of these members who are searched for; all of them where the text holds no word.

    Up to ``FEW`` are found here and now, by the index of parts, and told by their ids alone. Asked for a page of a
    club's in the order of names, the database would rather walk through the names until it has one, which is long
    where those that match stand together.
    """
    words = words_in(text)
    if not words:
        return rows
    found = rows
    for word in words:
        found = found.filter(search__contains=word)
    few = list(found.order_by().values_list("pk", flat=True)[: FEW + 1])
    return found if len(few) > FEW else Member.objects.filter(pk__in=RawSQL("SELECT unnest(%s::bigint[])", [few]))
