from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("memberships", "0004_lists_and_special_dates")]

    operations = [
        migrations.AddField("rememberedmapping", "plans", models.JSONField(null=True)),
    ]
