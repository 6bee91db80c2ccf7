"""What the calls room keeps per club: contact policy, refusal reasons, scripts. A new club begins with the defaults."""

from __future__ import annotations

import datetime as dt
import functools
import json

from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext

from calls.models import ContactPolicy, RefusalReason
from calls.rules import reasons, scripts
from memberships.models import Club

REMINDER_HOURS = [24, 2]
# One text instead of a row each: the ORM would have every quotation mark of the scripts escaped one by one.
ADD_SCRIPTS = """
INSERT INTO calls_script (club_id, kind, language, version, steps, objections, made_at)
SELECT %s, kind, language, 1, steps, objections, %s
FROM jsonb_to_recordset(%s::jsonb) AS script (kind text, language text, steps jsonb, objections jsonb)
ON CONFLICT DO NOTHING
"""


def add_parts(*, club: Club, now: dt.datetime) -> None:
    """Gives a club its contact policy, reasons, and a script per kind and language. Twice changes nothing."""
    ContactPolicy.objects.get_or_create(club=club, defaults={"reminder_hours": REMINDER_HOURS})
    RefusalReason.objects.bulk_create(
        [
            RefusalReason(
                club=club,
                code=reason.code,
                group=reason.group.value,
                label=reason.label,
                built_in=True,
                final=reason.final,
                no_winback=reason.no_winback,
                note_required=reason.note_required,
                position=place,
            )
            for place, reason in enumerate(reasons.DEFAULT_REASONS)
        ],
        ignore_conflicts=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(ADD_SCRIPTS, [club.pk, now, _built_in_scripts()])


@functools.cache
def _built_in_scripts() -> str:
    """A script per kind and language, as JSON for ``ADD_SCRIPTS``; the same for every club, so worked out once."""
    rows = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for kind, script in scripts.DEFAULT_SCRIPTS.items():
                steps, objections = _translated(script)
                rows.append({"kind": kind.value, "language": language, "steps": steps, "objections": objections})
    return json.dumps(rows, ensure_ascii=False)


def _translated(script: scripts.Script) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Steps and objections in the language that is active: from then on they are the club's own words."""
    data = script.as_json()
    steps, objections = (
        [{field: gettext(text) for field, text in part.items()} for part in data[name]]
        for name in ("steps", "objections")
    )
    return steps, objections
