from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("journeys", "0009_ways")]
    operations = [
        migrations.AddIndex(
            model_name="touch",
            index=models.Index(
                condition=models.Q(("kind", "click"), models.Q(("network", ""), _negated=True)),
                fields=["network", "at"],
                name="journeys_touch_network",
            ),
        ),
    ]
