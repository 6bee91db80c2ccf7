"""Files of visits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext as _

from memberships import visits
from memberships.imports import cells, mending
from memberships.imports.cells import Reader, Spellings, Text
from memberships.imports.dates import Instants
from memberships.imports.job import Counts, Job, Stretch
from memberships.models import ClubPolicy, Visit
from memberships.rules import local_time


class Visits:
    """One row a visit, found again by member and instant. One without membership is kept and listed to mend.

    So is one on a frozen day; where the club's policy takes it as an early return, it ends the freeze instead.
    """

    name: ClassVar[str] = "visits"
    required: ClassVar[tuple[str, ...]] = ("member", "at")
    fields: ClassVar[tuple[str, ...]] = (*required, "zone")
    dated: ClassVar[tuple[str, ...]] = ("at",)
    staged: ClassVar[Mapping[str, str]] = {"member": "text", "at": "timestamptz", "zone": "text"}

    def __init__(self, job: Job) -> None:
        self.job = job

    def readers(self) -> Mapping[str, Reader]:
        """A reader for each field."""
        return {
            "member": Text(64, None),
            "at": Instants(self.job.days, self.job.club.zone),
            "zone": Spellings(cells.short(32), ""),
        }

    def comparison(self) -> None:
        """Every row is read."""

    def derive(self, stretch: Stretch) -> None:
        """Nothing more is read from a visit."""

    def check(self) -> None:
        """Refuse visits that lie ahead, of unknown members, and two that differ under the same key."""
        latest = max(self.job.today, self.job.as_of) + dt.timedelta(days=1)
        self.job.refuse(
            "at",
            "r.at::text",
            _("A visit cannot lie in the future."),
            "import_rows r WHERE r.at >= %(latest)s",
            latest=local_time.first_instant(latest, self.job.club.zone),
        )
        self.job.run("""
            DELETE FROM import_rows r USING (
                SELECT member, at, min(line) AS line FROM import_rows GROUP BY member, at HAVING count(*) > 1
            ) d JOIN import_rows f USING (line)
            WHERE r.member = d.member AND r.at = d.at AND r.line > d.line AND r.zone = f.zone
        """)
        self.job.refuse_repeated("member", "at")
        other_zone = "OR v.zone <> r.zone" if "zone" in self.job.present else ""
        self.job.create_as(
            "import_new",
            f"""
            SELECT r.line, r.member AS member_key, coalesce(o.merged_into_id, o.id) AS member_id, r.at, r.zone,
                v.id AS stored_id
            FROM import_rows r
            LEFT JOIN memberships_member o ON o.club_id = %(club)s AND o.external_id = r.member
            LEFT JOIN memberships_visit v ON v.member_id = coalesce(o.merged_into_id, o.id) AND v.at = r.at
            WHERE o.id IS NULL OR v.id IS NULL {other_zone}
            """,
        )
        self.job.refuse(
            "member", "r.member_key", _("There is no member %s in this club."), "import_new r WHERE r.member_id IS NULL"
        )
        self.job.run("DELETE FROM import_new n USING import_problems p WHERE p.line = n.line AND NOT p.warning")

    def merge(self) -> Counts:
        """Insert new visits, marked where something is wrong with them; another zone is put right."""
        updated = self.job.run("""
            UPDATE memberships_visit v SET zone = n.zone FROM import_new n WHERE v.id = n.stored_id
        """)
        first, last = self.job.ask("SELECT min(at), max(at) FROM import_new WHERE stored_id IS NULL")[0]
        if first is None:
            return Counts(updated=updated)
        zones = mending.offsets(self.job.club.zone, first.astimezone(dt.UTC), last.astimezone(dt.UTC))
        created = self.job.run(f"""
            INSERT INTO memberships_visit (club_id, member_id, at, zone, to_mend)
            SELECT %(club)s, v.member_id, v.at, v.zone, {mending.mark("v.member_id", mending.LOCAL_DAY)}
            FROM import_new v JOIN {zones} ON v.at >= clock.since AND v.at < clock.until
            WHERE v.stored_id IS NULL ORDER BY v.line
            ON CONFLICT (member_id, at) DO NOTHING
        """)
        if self.job.policy.frozen_visit == ClubPolicy.FrozenVisit.EARLY_RETURN:
            self._take_returns()
        return Counts(created, updated)

    def _take_returns(self) -> None:
        """The new visits on frozen days end the freezes, where that can be; one that is stored already ends none."""
        marked = self.job.ask("""
            SELECT v.id FROM import_new n JOIN memberships_visit v ON v.member_id = n.member_id AND v.at = n.at
            WHERE n.stored_id IS NULL AND v.to_mend = 'frozen'
        """)
        rows = Visit.objects.filter(pk__in=[pk for (pk,) in marked])
        members = visits.take_returns(club=self.job.club, visits=rows, now=self.job.now, by=self.job.by)
        if members:  # their later visits may lie behind an end that came nearer
            mending.mark_again(self.job, ", ".join(map(str, sorted(members))))
