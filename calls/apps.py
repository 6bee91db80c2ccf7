from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CallsConfig(AppConfig):
    name = "calls"

    def ready(self) -> None:
        from calls import clubs, exports, hangings, imports, listening, panels, personal
        from calls.views import feedback, meeting_parts
        from memberships import events, places
        from memberships.exports import FILES
        from memberships.imports import KINDS
        from memberships.models import Role

        KINDS[imports.Attempts.name] = imports.Attempts
        FILES.append(exports.ATTEMPTS)
        places.club_parts.append(clubs.add_parts)
        places.member_panels.append(panels.why_panel)
        places.timelines.append(panels.happenings)
        places.member_actions.append(meeting_parts.actions)
        places.member_actions.append(feedback.actions)
        places.offer_sides.append(meeting_parts.beside_offer)
        everybody = frozenset({Role.OPERATOR, Role.ADMINISTRATOR, Role.MANAGER, Role.OWNER})
        places.navigation.append(places.NavItem(_("Desk"), "desk", everybody, 10, "g d"))
        places.navigation.append(places.NavItem(_("Meetings"), "meeting_list", everybody, 30))
        managers = frozenset({Role.MANAGER, Role.OWNER})
        places.navigation.append(places.NavItem(_("Reports"), "refusal_report", managers, 15, "g r"))
        places.navigation.append(places.NavItem(_("Live"), "live", managers, 12))
        desk = frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.OWNER})
        places.navigation.append(places.NavItem(_("Feedback"), "request_list", desk, 50))
        places.navigation.append(places.NavItem(_("Settings"), "settings", managers, 90))
        places.start_pages.append(places.StartPage(frozenset({Role.OPERATOR}), "desk"))
        places.start_pages.append(places.StartPage(frozenset({Role.ADMINISTRATOR}), "meeting_list"))
        places.start_pages.append(places.StartPage(managers, "refusal_report"))
        places.hangings.extend([hangings.calls, hangings.meetings])
        listening.register(events)
        places.member_rows.extend(personal.ROWS)
        places.mergings["calls"] = personal.Merging()
