from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OnboardingConfig(AppConfig):
    """Walks new members through their first weeks."""

    name = "onboarding"

    def ready(self) -> None:
        from calls import events as calls
        from calls import places as call_places
        from memberships import events, places
        from memberships.models import Role
        from onboarding import clubs, listeners, personal
        from onboarding.views import parts

        events.sold.append(listeners.sold)
        events.changed.append(listeners.changed)
        events.frozen.append(listeners.frozen_or_not)
        events.unfrozen.append(listeners.frozen_or_not)
        events.visited.append(listeners.visited)
        calls.outcome_recorded.append(listeners.outcome_recorded)
        calls.outcome_undone.append(listeners.outcome_undone)
        calls.tasks_lapsed.append(listeners.tasks_lapsed)
        calls.meeting_booked.append(listeners.meeting_booked)
        calls.meeting_attended.append(listeners.meeting_attended)
        calls.meeting_off.append(listeners.meeting_off)
        call_places.task_sources.append(listeners.Calls())
        call_places.meeting_lines.append(parts.meeting_line)
        places.club_parts.append(clubs.make_template)
        places.member_panels.append(parts.panel)
        places.timelines.append(parts.happenings)
        places.hangings.append(parts.hangings)
        staff = frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.OWNER})
        places.navigation.append(places.NavItem(_("Onboarding"), "onboarding_list", staff, 40, "g o"))
        places.member_rows.extend(personal.ROWS)
