from django.db import migrations, models

NEW = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS call_task_one_lease_per_holder ON calls_calltask
    (holder_id, (CASE WHEN undoing THEN id ELSE 0 END)) WHERE status = 'leased' AND holder_id IS NOT NULL
"""
OLD = """
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS call_task_one_lease_per_operator ON calls_calltask (holder_id)
    WHERE status = 'leased' AND NOT undoing
"""
DROP = "DROP INDEX CONCURRENTLY IF EXISTS "


class Migration(migrations.Migration):
    """One index knows every lease, by whoever holds it. Made beside the old one, without holding the queue."""

    atomic = False
    dependencies = [("calls", "0005_version_in_the_club")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(NEW, DROP + "call_task_one_lease_per_holder"),
                migrations.RunSQL(DROP + "call_task_one_lease_per_operator", OLD),
            ],
            state_operations=[
                migrations.RemoveConstraint("calltask", "call_task_one_lease_per_operator"),
                migrations.AddConstraint(
                    "calltask",
                    models.UniqueConstraint(
                        models.F("holder"),
                        models.Case(models.When(undoing=True, then=models.F("id")), default=0),
                        condition=models.Q(("holder__isnull", False), ("status", "leased")),
                        name="call_task_one_lease_per_holder",
                    ),
                ),
            ],
        )
    ]
