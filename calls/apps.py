from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "calls"

    def ready(self) -> None:
        from calls import clubs, listening, panels
        from memberships import events, places

        places.club_parts.append(clubs.add_parts)
        places.member_panels.append(panels.why_panel)
        places.timelines.append(panels.happenings)
        listening.register(events)
