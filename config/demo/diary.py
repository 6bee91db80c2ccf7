"""The hosts' diary of a demo club: half-hours that are free, and how meetings end."""

from __future__ import annotations

import datetime as dt
import random
from zoneinfo import ZoneInfo

from memberships.rules import local_time
from memberships.rules.terms import DAY

HALF_HOURS = [dt.time(hour, minute) for hour in range(10, 20) for minute in (0, 30)]
UNCLOSED_FOR = dt.timedelta(hours=30)
"""What was over less than this ago is partly still to be closed."""


class Diary:
    """Who of the hosts is taken when."""

    def __init__(self, *, hosts: int, zone: ZoneInfo, now: dt.datetime, rng: random.Random) -> None:
        self.hosts, self.zone, self.now, self.rng = hosts, zone, now, rng
        self.taken: set[tuple[int, dt.datetime]] = set()

    def slot(self, after: dt.datetime, first: dt.date, days: int) -> tuple[int, dt.datetime] | None:
        """A free half-hour later than an instant, on a day or so many days after it."""
        for _try in range(20):
            host = self.rng.randrange(self.hosts)
            day = first + DAY * self.rng.randrange(days + 1)
            at = local_time.instant(day, self.rng.choice(HALF_HOURS), self.zone)
            if at > after and (host, at) not in self.taken:
                self.taken.add((host, at))
                return host, at
        return None

    def ends(self, ends_at: dt.datetime, *, comes: bool) -> str:
        """How a meeting stands today; who comes for a sale surely came."""
        if ends_at > self.now:
            return "scheduled"
        if not comes and self.now - ends_at < UNCLOSED_FOR and self.rng.random() < 0.7:
            return "scheduled"  # over, and nobody has said how it ended
        return "attended" if comes else self.rng.choices(("attended", "no_show", "cancelled"), (76, 18, 6))[0]
