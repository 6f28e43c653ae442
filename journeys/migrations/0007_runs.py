from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("journeys", "0006_convert")]
    operations = [
        migrations.AddField(
            "journey", "paused_at", models.DateTimeField(null=True, editable=False)
        ),
        migrations.AddField(
            "journey", "resumed_at", models.DateTimeField(null=True, editable=False)
        ),
        migrations.AddField("journey", "resuming", models.JSONField(null=True, editable=False)),
        migrations.AddField("journey", "filling", models.JSONField(null=True, editable=False)),
    ]
