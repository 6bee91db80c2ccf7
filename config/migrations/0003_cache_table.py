from django.db import migrations


class Migration(migrations.Migration):
    """The table of the shared cache (django.core.cache.backends.db), as createcachetable would make it."""

    dependencies = [("config", "0002_history_clock")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE config_cache (
                cache_key varchar(255) NOT NULL PRIMARY KEY,
                value text NOT NULL,
                expires timestamp with time zone NOT NULL
            );
            CREATE INDEX config_cache_expires ON config_cache (expires);
            """,
            "DROP TABLE config_cache;",
        )
    ]
