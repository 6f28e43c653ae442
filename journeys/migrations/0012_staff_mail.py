import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("journeys", "0011_words")]

    operations = [
        migrations.CreateModel(
            name="StaffMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recipient", models.CharField(max_length=320, verbose_name="to")),
                ("subject", models.CharField(max_length=300, verbose_name="subject")),
                ("content", models.TextField()),
            ],
            options={
                "verbose_name": "mail to a colleague",
                "verbose_name_plural": "mails to colleagues",
                "default_permissions": (),
            },
        ),
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(choices=[("news", "News"), ("confirmation", "Question whether an address signed up"), ("staff", "Mail to colleagues")], default="news", editable=False, max_length=20),
        ),
        migrations.RemoveConstraint(model_name="message", name="journeys_message_kind"),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["news", "confirmation", "staff"])),
                name="journeys_message_kind",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="profile",
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="customers.profile", verbose_name="person"),
        ),
        migrations.AddField(
            model_name="delivery",
            name="staff_mail",
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="journeys.staffmail"),
        ),
        migrations.RemoveConstraint(model_name="delivery", name="journeys_delivery_origin"),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("enrollment__isnull", False), ("confirms__isnull", False), _connector="OR"),
                    ("profile__isnull", False),
                    ("staff_mail__isnull", True),
                )
                | models.Q(("enrollment__isnull", True), ("profile__isnull", True), ("staff_mail__isnull", False)),
                name="journeys_delivery_origin",
            ),
        ),
    ]
