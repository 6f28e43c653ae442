import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("journeys", "0007_runs")]
    operations = [
        migrations.AddField(
            model_name="sender",
            name="burst",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="How many may go at once after a rest. Empty: those of one second.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(10000),
                ],
                verbose_name="at once",
            ),
        ),
    ]
