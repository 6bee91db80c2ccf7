"""What every new club gets from this room."""

from __future__ import annotations

import datetime as dt

from django.utils import translation
from django.utils.translation import gettext as _

from memberships.models import Club
from onboarding.models import ChecklistTemplate, TemplateStep
from onboarding.rules.checklist import DEFAULT_TEMPLATE


def make_template(*, club: Club, now: dt.datetime) -> None:
    """The default checklist template, in the club's language. A club that has one keeps it."""
    if ChecklistTemplate.objects.filter(club=club).exists():
        return
    with translation.override(club.language):
        template = ChecklistTemplate.objects.create(club=club, name=_("New members"))
        TemplateStep.objects.bulk_create(
            TemplateStep(
                template=template,
                position=position,
                title=_(step.title),
                why=_(step.why),
                role=step.role,
                due_day=step.due_day,
                is_call=step.is_call,
                fact=step.fact,
                result=step.result,
            )
            for position, step in enumerate(DEFAULT_TEMPLATE, start=1)
        )
