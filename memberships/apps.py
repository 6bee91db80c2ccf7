from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MembershipsConfig(AppConfig):
    name = "memberships"

    def ready(self) -> None:
        from memberships import member_actions, personal, places, timeline
        from memberships.models import Role

        everybody = frozenset({Role.OPERATOR, Role.ADMINISTRATOR, Role.MANAGER, Role.OWNER})
        places.navigation.append(places.NavItem(_("Members"), "member_list", everybody, 20, "g m"))
        places.navigation.append(places.NavItem(_("Memberships"), "membership_list", everybody - {Role.OPERATOR}, 60))
        places.timelines.append(timeline.happenings)
        places.member_actions.append(member_actions.of)
        places.member_rows.extend(personal.ROWS)
