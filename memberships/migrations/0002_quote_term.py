from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("memberships", "0001_initial")]

    operations = [
        migrations.AddField("quote", "term_count", models.PositiveSmallIntegerField(default=1), preserve_default=False),
        migrations.AddField(
            "quote",
            "term_unit",
            models.CharField(choices=[("m", "months"), ("d", "days")], default="m", max_length=1),
            preserve_default=False,
        ),
    ]
