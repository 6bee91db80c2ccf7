"""The instant that history rows carry: the system's clock, moved with a demo system's."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("config", "0001_initial"), ("pghistory", "0007_auto_20250421_0444")]

    operations = [
        migrations.RunSQL(
            """
            CREATE FUNCTION ringback_now() RETURNS timestamptz LANGUAGE sql STABLE AS $$
                SELECT now() + COALESCE((SELECT "offset" FROM config_clockoffset WHERE id = 1), interval '0')
            $$
            """,
            "DROP FUNCTION ringback_now()",
        ),
        # The context of a change stands in each history row itself; the triggers still name this function.
        migrations.RunSQL(
            """
            CREATE OR REPLACE FUNCTION _pgh_attach_context() RETURNS uuid LANGUAGE sql AS $$ SELECT NULL::uuid $$
            """,
            migrations.RunSQL.noop,
        ),
    ]
