import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0006_consent"), ("journeys", "0003_topics")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("news", "News"),
                    ("confirmation", "Question whether an address signed up"),
                ],
                default="news",
                editable=False,
                max_length=20,
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["news", "confirmation"])),
                name="journeys_message_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "confirmation")),
                fields=("kind",),
                name="journeys_message_one_confirmation",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="enrollment",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="journeys.enrollment",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="confirms",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.consententry",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("enrollment__isnull", False))
                | models.Q(("confirms__isnull", False)),
                name="journeys_delivery_origin",
            ),
        ),
    ]
