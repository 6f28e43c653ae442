import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("content", "0001_initial"), ("journeys", "0002_engine")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="topic",
            field=models.ForeignKey(
                blank=True,
                help_text="People who do not want this topic do not get the message.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="content.topic",
                verbose_name="topic",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("no_address", "no e-mail address"),
                    ("no_consent", "no consent to marketing e-mail"),
                    ("paused", "the person paused messages"),
                    ("topic", "the person does not want this topic"),
                    ("rhythm", "the person wants fewer messages"),
                    ("suppressed", "the address was refused before"),
                    ("expired", "too old to be sent"),
                    ("no_edition", "the message is not published"),
                    ("refused", "refused by the mail server"),
                    ("gave_up", "temporary errors for too long"),
                    ("no_receipt", "handed over, but the answer was lost"),
                ],
                default="",
                max_length=20,
                verbose_name="reason",
            ),
        ),
    ]
