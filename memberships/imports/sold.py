"""Stores the resolved memberships of a file with all that hangs on them, by few large statements."""

from __future__ import annotations

from memberships.imports import closing, mending, resolved
from memberships.imports.job import Counts, Job

LINEAGE = ("sale_kind", "renewed_from_id", "follows", "chain_starts_on")
ROW = (*resolved.FILE_COLUMNS, *resolved.TERMS)


def store(job: Job) -> Counts:
    """Update what differs, insert what is new, then uses of promotions, members, and visits that lacked one."""
    counts = Counts()
    if job.ask("SELECT 1 FROM import_new WHERE NOT is_new LIMIT 1"):
        _park(job)
        counts.updated = _update(job)
    counts.created = _insert(job)
    _write_uses(job)
    if "changed_from" in job.present:
        _close_changed(job)
    _write_lineage_of_others(job)
    job.run_large("""
        UPDATE memberships_member m SET last_covered_on = a.last_covered_on FROM import_members a
        WHERE m.id = a.member_id AND m.last_covered_on IS DISTINCT FROM a.last_covered_on
    """)
    closing.freeze(job)
    mending.mark_again(job, "SELECT member_id FROM import_members")
    return counts


def _park(job: Job) -> None:
    """Let memberships that change places cover nothing for a moment: row by row they would share days on the way."""
    job.run_large("""
        UPDATE memberships_membership m SET last_covered_on = m.starts_on - 1 FROM import_new n
        WHERE m.id = n.id AND NOT n.is_new AND m.last_covered_on >= m.starts_on
            AND (m.starts_on, m.last_covered_on) <> (n.starts_on, n.last_covered_on)
            AND EXISTS (
                SELECT FROM import_new o WHERE o.member_id = m.member_id AND o.id <> m.id
                    AND o.starts_on <= m.last_covered_on AND o.last_covered_on >= m.starts_on
            )
    """)


def _update(job: Job) -> int:
    setting = ", ".join([*(f"{name} = n.{name}" for name in ROW), *(f"{name} = l.{name}" for name in LINEAGE)])
    return job.run_large(f"""
        UPDATE memberships_membership m SET {setting}
        FROM import_new n JOIN import_lineage l USING (id) WHERE m.id = n.id AND NOT n.is_new
    """)


def _insert(job: Job) -> int:
    columns = {
        "id": "n.id",
        "club_id": "%(club)s",
        "external_id": "n.external_id",
        **{name: f"n.{name}" for name in ROW},
        **{name: f"l.{name}" for name in LINEAGE},
        "frozen_days": "0",
        "sold_by_id": "%(by)s",
        "created_at": "%(now)s",
    }
    return job.run(
        f"""
        INSERT INTO memberships_membership ({", ".join(columns)})
        SELECT {", ".join(columns.values())} FROM import_new n JOIN import_lineage l USING (id)
        WHERE n.is_new ORDER BY n.line
        """,
        by=job.by.pk if job.by else None,
    )


def _close_changed(job: Job) -> None:
    """A membership whose plan was changed is closed on its last day, whatever comes."""
    job.run_large("""
        UPDATE memberships_membership p SET closed_on = p.effective_ends_on
        FROM import_new n JOIN import_lineage l USING (id)
        WHERE l.sale_kind = 'change' AND p.id = l.renewed_from_id AND p.closed_on IS NULL
    """)


def _write_uses(job: Job) -> None:
    """The promotions that memberships were sold with; one cancelled before its start gives its uses back."""
    touched = """
        SELECT u.promotion_id FROM memberships_promotionuse u JOIN import_new n ON n.id = u.membership_id
        UNION SELECT unnest(promotions) FROM import_new
    """
    promotions = [pk for (pk,) in job.ask(touched)]
    if not promotions:
        return
    job.run("SELECT 1 FROM memberships_promotion WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE", ids=promotions)
    job.run("""
        DELETE FROM memberships_promotionuse u USING import_new n
        WHERE n.id = u.membership_id AND NOT n.is_new AND u.promotion_id <> ALL (n.promotions)
    """)
    job.run("""
        INSERT INTO memberships_promotionuse (membership_id, promotion_id, given_back)
        SELECT n.id, p.id, n.last_covered_on < n.starts_on FROM import_new n, unnest(n.promotions) AS p(id)
        ON CONFLICT (membership_id, promotion_id) DO UPDATE SET given_back = EXCLUDED.given_back
        WHERE memberships_promotionuse.given_back <> EXCLUDED.given_back
    """)
    # what an old program sold is a fact: beyond its limit a promotion is used up, not wrong
    job.run(
        """
        UPDATE memberships_promotion p SET uses = least(c.uses, p.max_uses) FROM (
            SELECT promotion_id, count(*) AS uses FROM memberships_promotionuse
            WHERE promotion_id = ANY(%(ids)s) AND NOT given_back GROUP BY 1
            UNION ALL SELECT id, 0 FROM unnest(%(ids)s::bigint[]) AS i(id)
            WHERE NOT EXISTS (SELECT FROM memberships_promotionuse WHERE promotion_id = i.id AND NOT given_back)
        ) c WHERE p.id = c.promotion_id AND p.uses <> least(c.uses, p.max_uses)
        """,
        ids=promotions,
    )


def _write_lineage_of_others(job: Job) -> None:
    """What the file changed of memberships that are not in it: an earlier one may have come before them."""
    job.run_large(f"""
        UPDATE memberships_membership m SET {", ".join(f"{name} = l.{name}" for name in LINEAGE)}
        FROM import_lineage l
        WHERE m.id = l.id AND NOT EXISTS (SELECT FROM import_new n WHERE n.id = l.id)
    """)
