"""Lays staged rows of memberships beside what is stored: ``import_new`` holds those that are new or differ.

A row of it has all that will be stored but the kind of sale and the chain, which ``lineage`` works out.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from memberships.imports.job import Job
from memberships.imports.words import spoken
from memberships.rules import sales, terms
from memberships.rules.terms import Term

FILE_COLUMNS = (
    *("member_id", "plan_id", "sold_on", "starts_on", "ends_on", "ends_given", "bonus_days", "effective_ends_on"),
    *("last_covered_on", "given_starts_on", "cancelled_on", "cancel_reason", "special_terms", "price", "price_paid"),
    *("balance_due", "balance_due_on", "credit"),
)
"""What a row says of a membership, directly or counted."""
TERMS = ("term_count", "term_unit", "freeze_allowance", "freeze_min_days", "freeze_max_count", "list_price")
"""What a membership keeps of its plan as it was when it was sold."""

USES = """
    SELECT u.membership_id, array_agg(u.promotion_id ORDER BY u.promotion_id) AS promotions
    FROM memberships_promotionuse u JOIN memberships_membership m ON m.id = u.membership_id AND m.club_id = %(club)s
    GROUP BY 1
"""
FOUND = """
    LEFT JOIN memberships_member o ON o.club_id = %(club)s AND o.external_id = r.member
    LEFT JOIN memberships_membership m ON m.club_id = %(club)s AND m.external_id = r.external_id
"""
"""How the member ``o`` and the stored membership ``m`` of a row are found: by the numbers of the old program."""


CHANGED_FROM = """
    r.changed_from, CASE WHEN r.changed_from IS NOT NULL
        THEN (SELECT k.id FROM memberships_membership k WHERE k.club_id = %(club)s AND k.external_id = r.changed_from)
    END AS changed_from_id
"""
"""The membership whose plan was changed for this one, and its id if it is stored already."""


def resolve(job: Job, found: str = FOUND) -> None:
    """Make ``import_new``; refuse rows of unknown members, cancelled too late, or that leave a freeze outside.

    ``found``: the joins by which the member and the stored membership of a row are found.
    """
    query, values = _query(job, found), {"as_of": job.as_of}
    job.create_as("import_new", query, **values)
    if job.ask("SELECT 1 FROM import_new WHERE NOT is_new LIMIT 1"):
        _hold_and_read_again(job, query, values)
    _recount(job)
    if "changed_from" in job.present:
        job.run("""
            UPDATE import_new n SET changed_from_id = o.id FROM import_new o
            WHERE n.changed_from_id IS NULL AND o.external_id = n.changed_from
        """)
    _refuse(job)
    drop_refused(job)


def drop_refused(job: Job) -> None:
    """Take refused rows out of ``import_new``."""
    job.run("DELETE FROM import_new n USING import_problems p WHERE p.line = n.line AND NOT p.warning")


def _hold_and_read_again(job: Job, query: str, values: dict[str, object]) -> None:
    """Lock the members whose memberships will change, and read these as they are under the lock."""
    job.run("""
        SELECT 1 FROM memberships_member WHERE id IN (
            SELECT member_id FROM import_new
            UNION SELECT m.member_id FROM import_new n JOIN memberships_membership m ON m.id = n.id
        ) AND last_covered_on IS NOT NULL ORDER BY id FOR NO KEY UPDATE
    """)
    job.create_as("import_again", "SELECT line FROM import_new WHERE NOT is_new")
    job.run("DELETE FROM import_new WHERE NOT is_new")
    job.run(f"INSERT INTO import_new {query} AND r.line IN (SELECT line FROM import_again)", **values)
    job.analyze("import_new")


def _query(job: Job, found: str) -> str:
    present = job.present
    known = "m.id IS NOT NULL"

    def given(field: str, default: str = "NULL") -> str:
        """What the file says, or else what is stored."""
        return f"r.{field}" if field in present else f"CASE WHEN {known} THEN m.{field} ELSE {default} END"

    same_plan = f"({known} AND m.plan_id = r.plan)"
    # a last day that the membership has anyway, whatever made it, says nothing new: one that is written out and read
    # again holds freezes that are stored beside it, which must not count twice
    said_anyway = f"""(
        {known} AND m.starts_on = d.starts_on AND r.ends_on + (
            SELECT coalesce(sum(z.ends_on - z.starts_on + 1), 0)::int FROM memberships_freeze z
            WHERE z.membership_id = m.id AND NOT z.voided AND NOT z.history AND z.starts_on >= %(as_of)s
        ) = m.effective_ends_on
    ) IS TRUE"""
    ends_given = "r.ends_on IS NOT NULL" if "ends_on" in present else "coalesce(m.ends_given, FALSE)"
    same_promotions = (
        f"({known} AND NOT m.ends_given AND coalesce(u.promotions, '{{}}') = r.promotions)"
        if "promotions" in present
        else f"({known} AND NOT m.ends_given)"
    )
    paid, due = given("price_paid", "0"), given("balance_due", "0")
    money_given = "price_paid" in present or "balance_due" in present
    price = f"{paid} + {due}" if money_given else f"CASE WHEN {known} THEN m.price ELSE 0 END"
    plan_terms = {
        **{name: f"p.{name}" for name in TERMS},
        "freeze_allowance": "p.freeze_days",
        "list_price": "p.price",
    }
    kept = ", ".join(f"CASE WHEN {same_plan} THEN m.{name} ELSE {plan_terms[name]} END AS {name}" for name in TERMS)
    differs = " OR ".join(
        [
            "o.id IS NULL",
            "m.id IS NULL",
            f"({', '.join(f'm.{name}' for name in FILE_COLUMNS)})"
            f" IS DISTINCT FROM ({', '.join(f'f.{name}' for name in FILE_COLUMNS)})",
            *(["coalesce(u.promotions, '{}') <> r.promotions"] if "promotions" in present else []),
        ]
    )
    changed_from = "NULL::text AS changed_from, NULL::bigint AS changed_from_id"
    if "changed_from" in present:
        changed_from = CHANGED_FROM
    return f"""
        SELECT r.line, m.id IS NULL AS is_new,
            coalesce(m.id, nextval(pg_get_serial_sequence('memberships_membership', 'id'))) AS id,
            r.external_id, r.member AS member_key, f.*, {kept}, coalesce(m.frozen_days, 0) AS frozen_days, m.closed_on,
            {"r.promotions" if "promotions" in present else "coalesce(u.promotions, '{}')"} AS promotions,
            {changed_from}
        FROM import_rows r
        JOIN memberships_plan p ON p.id = r.plan
        {found}
        LEFT JOIN ({USES}) u ON u.membership_id = m.id
        CROSS JOIN LATERAL (SELECT
            CASE WHEN {known} AND r.starts_on = coalesce(m.given_starts_on, m.starts_on)
                THEN m.starts_on ELSE r.starts_on END AS starts_on
        ) d
        CROSS JOIN LATERAL (SELECT {said_anyway} AS said_anyway) a
        CROSS JOIN LATERAL (SELECT
            d.starts_on, a.said_anyway,
            CASE WHEN a.said_anyway THEN m.ends_given ELSE {ends_given} END AS ends_given
        ) s
        CROSS JOIN LATERAL (SELECT
            {same_plan} AND NOT m.ends_given AND m.starts_on = s.starts_on AS as_it_was,
            s.starts_on - r.starts_on AS moved_by
        ) w
        CROSS JOIN LATERAL (SELECT
            CASE WHEN s.said_anyway THEN m.ends_on
                WHEN r.ends_on IS NOT NULL THEN r.ends_on + w.moved_by
                WHEN s.ends_given THEN m.ends_on + (s.starts_on - m.starts_on)
                WHEN w.as_it_was THEN m.ends_on
                ELSE r.counted_ends_on END AS ends_on,
            CASE WHEN s.said_anyway THEN m.bonus_days WHEN s.ends_given THEN 0
                WHEN {same_promotions} THEN m.bonus_days ELSE r.bonus_days END AS bonus_days,
            NOT s.ends_given AND NOT w.as_it_was AND (
                w.moved_by <> 0
                OR {same_plan} AND (m.term_count, m.term_unit) <> (p.term_count, p.term_unit)
            ) AS recount
        ) e
        CROSS JOIN LATERAL (SELECT
            coalesce(m.closed_on, e.ends_on + e.bonus_days + coalesce(m.frozen_days, 0)) AS effective_ends_on,
            {given("cancelled_on")} AS cancelled_on
        ) c
        CROSS JOIN LATERAL (SELECT
            coalesce(o.merged_into_id, o.id) AS member_id, r.plan AS plan_id,
            {"coalesce(r.sold_on, r.starts_on)" if "sold_on" in present else "coalesce(m.sold_on, r.starts_on)"}
                AS sold_on,
            s.starts_on, e.ends_on, s.ends_given, e.bonus_days, c.effective_ends_on,
            least(c.effective_ends_on, c.cancelled_on - 1) AS last_covered_on,
            CASE WHEN {known} AND m.starts_on = s.starts_on THEN m.given_starts_on
                WHEN r.starts_on > %(as_of)s THEN r.starts_on END AS given_starts_on,
            c.cancelled_on,
            {given("cancel_reason", "''")} AS cancel_reason, {given("special_terms", "''")} AS special_terms,
            ({price})::numeric(12, 3) AS price, ({paid})::numeric(12, 3) AS price_paid,
            ({due})::numeric(12, 3) AS balance_due, {given("balance_due_on")} AS balance_due_on,
            ({given("credit", "0")})::numeric(12, 3) AS credit,
            e.recount
        ) f
        WHERE ({differs})
    """


def _recount(job: Job) -> None:
    """Count ends by the terms that memberships were sold on where these differ from their plans' of today."""
    rows = job.ask("SELECT id, starts_on, term_count, term_unit FROM import_new WHERE recount")
    for pk, starts_on, count, unit in rows:
        job.run(
            """
            UPDATE import_new SET ends_on = %(ends_on)s,
                effective_ends_on = coalesce(closed_on, %(ends_on)s::date + bonus_days + frozen_days),
                last_covered_on = least(
                    coalesce(closed_on, %(ends_on)s::date + bonus_days + frozen_days), cancelled_on - 1)
            WHERE id = %(id)s
            """,
            id=pk,
            ends_on=terms.ends_on(starts_on, Term(count, unit)),
        )
    if rows:
        compared = f"({', '.join(f'm.{name}' for name in FILE_COLUMNS)})"
        job.run(f"""
            DELETE FROM import_new n USING memberships_membership m
            WHERE n.recount AND m.id = n.id
                AND {compared} IS NOT DISTINCT FROM ({", ".join(f"n.{name}" for name in FILE_COLUMNS)})
                AND NOT EXISTS (
                    SELECT FROM (SELECT array_agg(promotion_id ORDER BY promotion_id) AS promotions
                                 FROM memberships_promotionuse WHERE membership_id = n.id) u
                    WHERE coalesce(u.promotions, '{{}}') <> n.promotions)
        """)


def _refuse(job: Job) -> None:
    job.refuse(
        "member", "r.member_key", _("There is no member %s in this club."), "import_new r WHERE r.member_id IS NULL"
    )
    job.refuse(
        "changed_from",
        "r.changed_from",
        _("There is no membership %s in this club."),
        "import_new r WHERE r.changed_from IS NOT NULL AND r.changed_from_id IS NULL",
    )
    late = """
        SELECT line, cancelled_on, sold_on, effective_ends_on FROM import_new
        WHERE cancelled_on > effective_ends_on AND effective_ends_on >= starts_on
    """
    column = job.table.name_of("cancelled_on")
    for rows in job.stream(late):
        job.report(
            (line, column, on.isoformat(), spoken(sales.cancel_days(first, last)), False)
            for line, on, first, last in rows
        )
    job.refuse(
        "starts_on",
        "r.starts_on::text",
        _("With these days a freeze of the membership would lie outside it."),
        """
        import_new r JOIN memberships_freeze z ON z.membership_id = r.id AND NOT z.voided
        JOIN memberships_membership m ON m.id = r.id
        WHERE NOT r.is_new AND (m.starts_on, m.last_covered_on) <> (r.starts_on, r.last_covered_on)
            AND NOT (z.starts_on >= r.starts_on AND z.ends_on <= r.effective_ends_on)
        """,
    )
