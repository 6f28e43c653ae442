from django.db import migrations, models

# Events with both ids stand under the user id: found by the other one without reading all.
BROWSER = """
CREATE INDEX customers_event_browser ON customers_event (anonymous_id text_pattern_ops)
  WHERE user_id IS NOT NULL AND anonymous_id IS NOT NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0008_protocol")]

    operations = [
        migrations.RunSQL(BROWSER, reverse_sql="DROP INDEX customers_event_browser;"),
        migrations.AlterField(
            model_name="contactpoint",
            name="channel",
            field=models.CharField(
                choices=[("email", "E-mail"), ("phone", "Phone")],
                max_length=20,
                verbose_name="channel",
            ),
        ),
    ]
