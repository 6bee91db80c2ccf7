"""Files of call attempts: what an old program knows of calls, kept as history (``memberships.imports``)."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import repeat
from typing import ClassVar

from django.utils.translation import gettext as _

from calls.models import Kind, RefusalReason
from calls.policy import ringable_phone
from calls.rules import kinds as rule_kinds
from calls.rules import outcomes, reasons
from memberships.imports import cells, mending
from memberships.imports.cells import NULL, Reader, Spellings, Text
from memberships.imports.dates import Instants
from memberships.imports.job import Counts, Job, Stretch
from memberships.imports.plans import warn_of_amounts
from memberships.imports.words import spoken
from memberships.models import Employee
from memberships.rules import local_time
from memberships.rules.terms import DAY

SAID = {
    "kind": "r.kind",
    "outcome": "r.outcome",
    "operator": "r.operator",
    "reason": "r.reason_id",
    "duration_s": "r.duration_s",
    "note": "r.note",
    "origin": "r.origin",
    "competitor": "r.competitor",
    "attends": "r.attends",
    "absence_reason": "r.absence_id",
}
"""What a row says of a call: SQL by field."""
COLUMNS = {name: f"{name}_id" if name in ("operator", "reason", "absence_reason") else name for name in SAID}
OWN = "(a.task_id IS NOT NULL OR a.script_version IS NOT NULL OR a.corrected_why <> '' OR a.undone <> '[]'::jsonb)"
"""A call that was made here, or put right here since."""

RINGABLE_PHONE = ringable_phone("%(day)s::date")

MEMBERSHIP = """
    SELECT s.id FROM memberships_membership s
    WHERE s.member_id = n.member_id AND s.last_covered_on >= s.starts_on
    ORDER BY s.starts_on > {day}, abs(s.starts_on - {day}) LIMIT 1
"""
"""The membership that the call was about: the day's, else the latest that had ended, else the next."""


class Attempts:
    """One row a call, found again by member and instant: history that counts for the contact policy and refusals.

    Nothing follows from it: no task, no mark on the member. One that was made or corrected here is not changed.
    """

    name: ClassVar[str] = "attempts"
    required: ClassVar[tuple[str, ...]] = ("member", "at", "kind", "outcome")
    fields: ClassVar[tuple[str, ...]] = ("member", "at", *SAID)
    dated: ClassVar[tuple[str, ...]] = ("at",)
    staged: ClassVar[Mapping[str, str]] = {
        "member": "text",
        "at": "timestamptz",
        "kind": "text",
        "outcome": "text",
        "reached": "bool",
        "operator": "bigint",
        "reason_id": "bigint",
        "duration_s": "int",
        "note": "text",
        "origin": "text",
        "competitor": "text",
        "attends": "text",
        "absence_id": "bigint",
    }

    def __init__(self, job: Job) -> None:
        self.job = job
        rows = {row.pk: row for row in RefusalReason.objects.filter(club=job.club)}
        self.ids = {row.code: str(row.merged_into_id or pk) for pk, row in rows.items()}
        self.codes = {name.casefold(): row.code for row in rows.values() for name in (row.label, row.name, row.code)}
        self.judged = _Judged({row.code: row.rule for row in rows.values()})

    def readers(self) -> Mapping[str, Reader]:
        """A reader for each field."""
        colleagues = Employee.objects.filter(club=self.job.club, user__isnull=False)
        unknown = _("Nobody with the login “%(text)s” works in this club.")
        operators = {name: str(pk) for name, pk in colleagues.values_list("user__username", "user")}
        return {
            "member": Text(64, None),
            "at": Instants(self.job.days, self.job.club.zone),
            "kind": Spellings(cells.one_of(Kind.values), None),
            "outcome": Spellings(cells.one_of(outcomes.Outcome), None),
            "operator": Spellings(cells.looked_up(operators, unknown)),
            "reason": Spellings(self._reason, ""),
            "duration_s": Spellings(cells.number(0, 86_400)),
            "note": Text(20_000, lines=True),
            "origin": Spellings(cells.one_of(Kind.values), ""),
            "competitor": Text(120),
            "attends": Spellings(cells.one_of(outcomes.Attends), ""),
            "absence_reason": Spellings(self._reason, ""),
        }

    def _reason(self, text: str) -> str:
        """The code of a reason written as code or as name; what is neither stays, and is refused with its outcome."""
        return self.codes.get(text.casefold(), text)

    def comparison(self) -> None:
        """Every row is read."""

    def derive(self, stretch: Stretch) -> None:
        """Refuse what no call can have been; look up the reasons."""
        columns = stretch.columns
        said = zip(
            *(columns[name] for name in ("kind", "outcome", "reason", "attends", "absence_reason")),
            map(bool, columns["note"]),
            strict=True,
        )
        for index, problems in enumerate(map(self.judged.__getitem__, said)):
            for field, sentence in problems:
                stretch.refuse(index, field, sentence)
        reached = {outcome.value: "t" if rule.reached else "f" for outcome, rule in outcomes.RULES.items()}
        columns["reached"] = list(map(reached.__getitem__, columns["outcome"]))
        columns["reason_id"] = list(map(self.ids.get, columns["reason"], repeat(NULL)))
        columns["absence_id"] = list(map(self.ids.get, columns["absence_reason"], repeat(NULL)))
        warn_of_amounts(stretch, "note")

    def check(self) -> None:
        """Refuse calls that lie ahead, of unknown members, two under one key, and those that were made here."""
        of_the_file = local_time.first_instant(self.job.as_of + DAY, self.job.club.zone)
        self.job.refuse(
            "at",
            "r.at::text",
            _("A call cannot lie in the future."),
            "import_rows r WHERE r.at > %(latest)s",
            latest=self.job.now if self.job.as_of <= self.job.today else of_the_file,
        )
        self.job.refuse_repeated("member", "at")
        present = [name for name in SAID if name in self.job.present]
        stored = ", ".join(f"a.{COLUMNS[name]}" for name in present)
        self.job.create_as(
            "import_new",
            f"""
            SELECT n.*, coalesce(n.known, nextval(pg_get_serial_sequence('calls_callattempt', 'id'))) AS id FROM (
            SELECT r.*, m.id AS member_id, {RINGABLE_PHONE} AS phone, m.do_not_call_since, m.deceased_on,
                a.id IS NULL AS is_new, coalesce({OWN}, FALSE) AS own, a.outcome AS stored_outcome, a.id AS known
            FROM import_rows r
            LEFT JOIN memberships_member o ON o.club_id = %(club)s AND o.external_id = r.member
            LEFT JOIN memberships_member m ON m.id = coalesce(o.merged_into_id, o.id)
            LEFT JOIN calls_callattempt a ON a.member_id = m.id AND a.at = r.at
            WHERE a.id IS NULL OR ({stored}) IS DISTINCT FROM ({", ".join(SAID[name] for name in present)})
            ORDER BY r.line) n
            """,
            day=self.job.today,
        )
        self.job.refuse(
            "member", "r.member", _("There is no member %s in this club."), "import_new r WHERE r.member_id IS NULL"
        )
        self.job.refuse(
            "outcome",
            "r.stored_outcome",
            _("This call was made or corrected here, as “%s”; only a correction with a reason changes it."),
            "import_new r WHERE r.own",
        )
        self._warn()
        self.job.run("DELETE FROM import_new n USING import_problems p WHERE p.line = n.line AND NOT p.warning")

    def _warn(self) -> None:
        """A call of long ago marks nobody: say whom it may have to."""
        self.job.warn(
            "outcome",
            "r.outcome",
            _("This member did not want to be called, and may be called here; mark them if that still holds."),
            "import_new r WHERE r.is_new AND r.outcome = %(outcome)s AND r.do_not_call_since IS NULL",
            outcome=outcomes.Outcome.DO_NOT_CALL,
        )
        self.job.warn(
            "reason",
            "%(reason)s",
            _("This member is said to have died, and is not marked so here; mark them if it is true."),
            "import_new r WHERE r.is_new AND r.reason_id = %(reason_id)s AND r.deceased_on IS NULL",
            reason=reasons.DECEASED,
            reason_id=self.ids.get(reasons.DECEASED),
        )

    def merge(self) -> Counts:
        """Insert new calls with the membership they were about; calls on one number at one instant are one dial."""
        counts = Counts()
        names = [name for name in SAID if name in self.job.present]
        setting = ", ".join(f"{COLUMNS[name]} = {SAID[name]}" for name in names)
        counts.updated = self.job.run_large(f"""
            UPDATE calls_callattempt a SET {setting}, reached = r.reached FROM import_new r
            WHERE a.id = r.id AND NOT r.is_new
        """)
        first, last = self.job.ask("SELECT min(at), max(at) FROM import_new WHERE is_new")[0]
        if first is not None:
            zones = mending.offsets(self.job.club.zone, first, last)
            counts.created = self.job.run(self._insert(zones))
        return counts

    def _insert(self, zones: str) -> str:
        day = "(n.at AT TIME ZONE 'UTC' + clock.ahead)::date"
        same_dial = """
            CASE WHEN n.phone = '' THEN NULL ELSE coalesce(
                (SELECT min(coalesce(a.same_dial_as_id, a.id)) FROM calls_callattempt a
                 WHERE a.club_id = %(club)s AND a.phone = n.phone AND a.at = n.at),
                nullif(min(n.id) OVER (PARTITION BY n.phone, n.at), n.id)) END
        """
        columns = {
            "id": "n.id",
            "club_id": "%(club)s",
            "member_id": "n.member_id",
            "membership_id": f"({MEMBERSHIP.format(day=day)})",
            **{COLUMNS[name]: value.replace("r.", "n.") for name, value in SAID.items()},
            "phone": "n.phone",
            "same_dial_as_id": same_dial,
            "at": "n.at",
            "outcome_at": "n.at",
            "reached": "n.reached",
            "note_flagged": "FALSE",
            "corrected_why": "''",
            "undone": "'[]'",
            "made": "'{}'",
        }
        return f"""
            INSERT INTO calls_callattempt ({", ".join(columns)})
            SELECT {", ".join(columns.values())}
            FROM (SELECT DISTINCT ON (member_id, at) * FROM import_new WHERE is_new ORDER BY member_id, at, line) n
            JOIN {zones} ON n.at >= clock.since AND n.at < clock.until
            ORDER BY n.line
        """


class _Judged(dict[tuple[str, str, str, str, str, bool], list[tuple[str, str]]]):
    """What is wrong with what a row says, as fields and sentences: the same for all rows that say the same."""

    def __init__(self, known: Mapping[str, reasons.Reason]) -> None:
        super().__init__()
        self.known = known

    def __missing__(self, said: tuple[str, str, str, str, str, bool]) -> list[tuple[str, str]]:
        kind, outcome, reason, attends, absence_reason, noted = said
        answer = outcomes.Answer(
            outcome=outcomes.Outcome(outcome),
            reason=reason,
            note="…" if noted else "",
            attends=attends,
            absence_reason=absence_reason,
        )
        found = outcomes.past_problems(answer, kind=rule_kinds.Kind(kind), reasons=self.known)
        problems = self[said] = [(problem.field, spoken(problem.sentence)) for problem in found]
        return problems
