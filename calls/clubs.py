"""What the calls room keeps per club: contact policy, refusal reasons, scripts. A new club begins with the defaults."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from calls.models import ContactPolicy, RefusalReason, Script
from calls.rules import reasons, scripts
from memberships.models import Club

REMINDER_HOURS = [24, 2]


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
    rows = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for kind, script in scripts.DEFAULT_SCRIPTS.items():
                steps, objections = _translated(script)
                rows.append(
                    Script(
                        club=club,
                        kind=kind.value,
                        language=language,
                        version=1,
                        steps=steps,
                        objections=objections,
                        made_at=now,
                    )
                )
    Script.objects.bulk_create(rows, ignore_conflicts=True)


def _translated(script: scripts.Script) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Steps and objections in the language that is active: from then on they are the club's own words."""
    data = script.as_json()
    steps, objections = (
        [{field: gettext(text) for field, text in part.items()} for part in data[name]]
        for name in ("steps", "objections")
    )
    return steps, objections
