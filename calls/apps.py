from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "calls"

    def ready(self) -> None:
        from calls import clubs, listening
        from memberships import events, places

        places.club_parts.append(clubs.add_parts)
        listening.register(events)
