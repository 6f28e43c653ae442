from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("content", "0009_blocks")]

    operations = [
        migrations.AddField("tagging", "is_human", models.BooleanField(default=False)),
        migrations.RunSQL(
            "UPDATE content_tagging SET is_human = TRUE WHERE by_id IS NOT NULL",
            reverse_sql="",
        ),
    ]
