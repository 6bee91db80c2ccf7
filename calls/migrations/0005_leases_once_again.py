"""Taking the index of a foreign key away, Django also dropped the one-column partial unique indexes on it."""

from django.db import migrations

SQL = """
CREATE UNIQUE INDEX IF NOT EXISTS call_task_one_lease_per_operator ON calls_calltask (holder_id)
    WHERE status = 'leased' AND NOT undoing;
CREATE UNIQUE INDEX IF NOT EXISTS call_task_one_open_renewal ON calls_calltask (membership_id)
    WHERE kind = 'renewal' AND status IN ('waiting', 'ready', 'leased');
"""


class Migration(migrations.Migration):
    dependencies = [("calls", "0004_fewer_indexes")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
