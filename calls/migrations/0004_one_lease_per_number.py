from django.db import migrations, models

NEW = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS call_task_one_lease_per_number ON calls_calltask
    (club_id, phone, (CASE WHEN undoing THEN id ELSE 0 END)) WHERE status = 'leased' AND NOT phone = ''
"""
OLD = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS call_task_one_lease_per_phone ON calls_calltask (club_id, phone)
    WHERE status = 'leased' AND NOT undoing AND NOT phone = ''
"""
UNDOING = """
CREATE INDEX CONCURRENTLY IF NOT EXISTS call_task_undoing ON calls_calltask (club_id, phone)
    WHERE status = 'leased' AND undoing
"""
DROP = "DROP INDEX CONCURRENTLY IF EXISTS "


class Migration(migrations.Migration):
    """One index knows every lease of a number. Made beside the old ones, without holding the queue."""

    atomic = False
    dependencies = [("calls", "0003_quicker_claims")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(NEW, DROP + "call_task_one_lease_per_number"),
                migrations.RunSQL(DROP + "call_task_one_lease_per_phone", OLD),
                migrations.RunSQL(DROP + "call_task_undoing", UNDOING),
            ],
            state_operations=[
                migrations.RemoveConstraint("calltask", "call_task_one_lease_per_phone"),
                migrations.RemoveIndex("calltask", "call_task_undoing"),
                migrations.AddConstraint(
                    "calltask",
                    models.UniqueConstraint(
                        models.F("club"),
                        models.F("phone"),
                        models.Case(models.When(undoing=True, then=models.F("id")), default=0),
                        condition=models.Q(("status", "leased"), models.Q(("phone", ""), _negated=True)),
                        name="call_task_one_lease_per_number",
                    ),
                ),
            ],
        )
    ]
