"""Files of members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.utils.translation import gettext as _

from memberships.imports import cells
from memberships.imports.cells import NULL, Each, Reader, Spellings, Text, Unreadable
from memberships.imports.job import Counts, Job, Stretch
from memberships.imports.kinds import Comparison
from memberships.imports.words import spoken
from memberships.rules.many_phones import Reader as PhoneReader
from memberships.rules.phones import BadPhone

CONSENTS = ("consent_calls", "consent_sms", "consent_email")
PLAIN = (
    *("last_name", "first_name", "middle_name", "phone", "email", "birthday", "language", "timezone", "source"),
    "notes",
)
"""Fields that a cell sets, whatever it holds."""


class Members:
    """One row a person, found again by its external id. Marks and consents are only ever given, never taken."""

    name: ClassVar[str] = "members"
    required: ClassVar[tuple[str, ...]] = ("external_id", "last_name")
    fields: ClassVar[tuple[str, ...]] = ("external_id", *PLAIN, "referred_by", *CONSENTS, "do_not_call", "deceased_on")
    dated: ClassVar[tuple[str, ...]] = ("birthday", "deceased_on")
    staged: ClassVar[Mapping[str, str]] = {
        "external_id": "text",
        **dict.fromkeys(PLAIN, "text"),
        "birthday": "date",
        "referred_by": "text",
        **dict.fromkeys((*CONSENTS, "do_not_call"), "bool"),
        "deceased_on": "date",
    }

    def __init__(self, job: Job) -> None:
        self.job = job

    def readers(self) -> Mapping[str, Reader]:
        """A reader for each field."""
        born = gone = self.job.days.not_after(self.job.today, _("%(text)s lies in the future."))
        return {
            "external_id": Text(64, None),
            "last_name": Text(80, None),
            "first_name": Text(80),
            "middle_name": Text(80),
            "phone": _phone(self.job.club.country),
            "email": Each(cells.EMAIL, cells.email),
            "birthday": Spellings(born),
            "language": Spellings(cells.language, ""),
            "timezone": Spellings(cells.time_zone, ""),
            "source": Spellings(cells.short(80), ""),
            "notes": Text(20_000, lines=True),
            "referred_by": Text(64, NULL),
            **{name: Spellings(cells.yes_or_no) for name in (*CONSENTS, "do_not_call")},
            "deceased_on": Spellings(gone),
        }

    def comparison(self) -> Comparison:
        """The plain writing of a member's fields; marks and consents that a file gives are there already."""
        consent = "{{cell}} IN ('', CASE WHEN m.{0} THEN 'yes' WHEN NOT m.{0} THEN 'no' END)"
        return Comparison(
            "memberships_member",
            """
            JOIN memberships_member m ON m.club_id = %(club)s AND m.external_id = x.external_id
            LEFT JOIN memberships_member b ON b.id = m.referred_by_id
            """,
            {
                "external_id": "TRUE",
                **{name: f"{{cell}} = m.{name}" for name in PLAIN},
                "birthday": "{cell} = coalesce(m.birthday::text, '')",
                "referred_by": "{cell} = coalesce(b.external_id, '')",
                **{name: consent.format(name) for name in CONSENTS},
                "do_not_call": "{cell} IN ('', 'no') OR {cell} = 'yes' AND m.do_not_call_since IS NOT NULL",
                "deceased_on": "{cell} IN ('', m.deceased_on::text)",
            },
        )

    def derive(self, stretch: Stretch) -> None:
        """A row that names itself as the one who brought it is refused."""
        if "referred_by" in stretch.cells:
            pairs = zip(stretch.columns["referred_by"], stretch.columns["external_id"], strict=True)
            stretch.check(
                "referred_by",
                (referrer == own for referrer, own in pairs),
                lambda index: _("Nobody brings themselves."),
            )

    def check(self) -> None:
        """Refuse numbers that come twice, and those brought by somebody unknown."""
        self.job.refuse_repeated("external_id")
        if "referred_by" not in self.job.present:
            return
        while self.job.refuse(
            "referred_by",
            "r.referred_by",
            _("There is no member %s in this club."),
            """
            import_rows r WHERE r.referred_by IS NOT NULL
                AND NOT EXISTS (SELECT FROM import_rows o WHERE o.external_id = r.referred_by)
                AND NOT EXISTS (SELECT FROM memberships_member m
                                WHERE m.club_id = %(club)s AND m.external_id = r.referred_by)
            """,
        ):
            self.job.drop_refused()

    def merge(self) -> Counts:
        """Insert who is new, update who differs; referrers may stand anywhere in the file."""
        last = self.job.ask("SELECT nextval(pg_get_serial_sequence('memberships_member', 'id'))")[0][0]
        created = self.job.run(self._insert(), evidence=evidence(self.job))
        updates = self._updates()
        if not updates:
            return Counts(created)
        self.job.forget_plans()
        updated = self.job.ask(self._update(updates), evidence=evidence(self.job), last=last)[0][0]
        return Counts(created, updated)

    def _insert(self) -> str:
        consents = [name for name in CONSENTS if name in self.job.present]
        any_consent = f"coalesce({', '.join(f'r.{name}' for name in consents)})" if consents else "NULL::bool"
        columns = {
            "club_id": "%(club)s",
            "external_id": "r.external_id",
            **{name: f"r.{name}" for name in PLAIN},
            **{name: f"r.{name}" for name in CONSENTS},
            "referred_by_id": "b.id",
            "phone_raw": "''",
            "guardian": "''",
            "guardian_phone": "''",
            "consent_evidence": f"CASE WHEN {any_consent} IS NULL THEN '' ELSE format(%(evidence)s, r.line) END",
            "do_not_call_since": "CASE WHEN r.do_not_call THEN %(now)s::timestamptz END",
            "do_not_call_note": "''",
            "deceased_on": "r.deceased_on",
            "interests": "''",
            "goal": "''",
            "segment": "''",
            "created_at": "%(now)s",
        }
        return f"""
            INSERT INTO memberships_member ({", ".join(columns)})
            SELECT {", ".join(columns.values())}
            FROM import_rows r
            LEFT JOIN memberships_member b ON b.club_id = %(club)s AND b.external_id = r.referred_by
            WHERE NOT EXISTS (
                SELECT FROM memberships_member m WHERE m.club_id = %(club)s AND m.external_id = r.external_id
            )
            ORDER BY r.line
        """

    def _updates(self) -> dict[str, str]:
        """What a row sets, by column of the table."""
        present = self.job.present
        updates = {name: f"r.{name}" for name in PLAIN if name in present}
        updates |= {name: f"coalesce(r.{name}, m.{name})" for name in CONSENTS if name in present}
        if "referred_by" in present:
            updates["referred_by_id"] = "b.id"
        if "do_not_call" in present:
            marked = "CASE WHEN r.do_not_call THEN coalesce(m.do_not_call_since, %(now)s) ELSE m.do_not_call_since END"
            updates["do_not_call_since"] = marked
        if "deceased_on" in present:
            updates["deceased_on"] = "coalesce(m.deceased_on, r.deceased_on)"
        return updates

    def _update(self, updates: Mapping[str, str]) -> str:
        also = {}
        if "phone" in updates:
            also = {
                "phone_changed_at": "CASE WHEN m.phone = r.phone THEN m.phone_changed_at ELSE %(now)s END",
                "phone_bad_since": "CASE WHEN m.phone = r.phone THEN m.phone_bad_since END",
                "phone_raw": "CASE WHEN m.phone = r.phone THEN m.phone_raw ELSE '' END",
            }
        consents = [name for name in CONSENTS if name in updates]
        if consents:
            changed = " OR ".join(f"m.{name} IS DISTINCT FROM {updates[name]}" for name in consents)
            added = "concat_ws(E'\\n', nullif(m.consent_evidence, ''), format(%(evidence)s, r.line))"
            also["consent_evidence"] = f"CASE WHEN {changed} THEN {added} ELSE m.consent_evidence END"
        setting = ", ".join(f"{column} = {value}" for column, value in (updates | also).items())
        referrer = "LEFT JOIN memberships_member b ON b.club_id = %(club)s AND b.external_id = r.referred_by"
        return f"""
            WITH changed AS (
                UPDATE memberships_member m SET {setting}
                FROM import_rows r {referrer if "referred_by" in self.job.present else ""}
                WHERE m.club_id = %(club)s AND m.external_id = r.external_id
                    AND ({", ".join(f"m.{column}" for column in updates)})
                        IS DISTINCT FROM ({", ".join(updates.values())})
                RETURNING m.id
            )
            SELECT count(*) FILTER (WHERE id <= %(last)s) FROM changed
        """


def evidence(job: Job) -> str:
    """What is kept beside a consent; ``%s`` is the line."""
    return _("%(file)s, line %%s, loaded on %(day)s") % {
        "file": job.path.name.replace("%", "%%"),
        "day": job.today.isoformat(),
    }


def _phone(country: str) -> Each:
    read = PhoneReader(country)

    def phone(text: str) -> str:
        try:
            return read(text)
        except BadPhone as error:
            raise Unreadable(spoken(error.message)) from None

    return Each(read.plain, phone)
