"""Being forgotten, and how long events are kept."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STATES = [
    ("REQUESTED", "Requested"),
    ("RUNNING", "Running"),
    ("DONE", "Done"),
    ("FAILED", "Failed, will be tried again"),
]
TYPES = ["track", "page", "screen", "identify", "group", "alias"]


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0006_consent"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ErasureRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(editable=False, max_length=64)),
                ("profile_ids", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, editable=False, size=None)),
                ("requested_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="asked by")),
                ("requested_at", models.DateTimeField(verbose_name="asked")),
                ("state", models.CharField(choices=STATES, default="REQUESTED", max_length=10, verbose_name="state")),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="attempts")),
                ("failure", models.CharField(blank=True, default="", max_length=200, verbose_name="failure")),
                ("counts", models.JSONField(default=dict, verbose_name="rows removed")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="done")),
            ],
            options={
                "verbose_name": "request to be forgotten",
                "verbose_name_plural": "requests to be forgotten",
                "ordering": ["-requested_at", "-id"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("state__in", ["REQUESTED", "RUNNING", "DONE", "FAILED"])), name="customers_erasure_state"),
                    models.CheckConstraint(condition=models.Q(models.Q(("state", "DONE"), _negated=True), models.Q(("ended_at__isnull", False), ("profile_ids", [])), _connector="OR"), name="customers_erasure_done_knows_nobody"),
                    models.UniqueConstraint(condition=models.Q(("state", "DONE"), _negated=True), fields=("subject",), name="customers_erasure_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ErasedName",
            fields=[
                ("digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("kind", models.CharField(choices=[("alias", "Name"), ("address", "Address")], max_length=10, verbose_name="kind")),
                ("request", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="names", to="customers.erasurerequest", verbose_name="request")),
                ("dropped", models.BigIntegerField(default=0, verbose_name="dropped since")),
                ("dropped_at", models.DateTimeField(null=True, verbose_name="dropped last")),
            ],
            options={
                "verbose_name": "erased name",
                "verbose_name_plural": "erased names",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("kind__in", ["alias", "address"])), name="customers_erasedname_kind"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RetentionRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("name", "Events named"), ("type", "Calls of type")], default="name", max_length=10, verbose_name="which")),
                ("value", models.CharField(max_length=200, verbose_name="name or type")),
                ("keep_days", models.PositiveIntegerField(validators=[django.core.validators.MinValueValidator(1)], verbose_name="keep for days")),
            ],
            options={
                "verbose_name": "retention rule",
                "verbose_name_plural": "retention rules",
                "ordering": ["kind", "value"],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "value"), name="customers_retention_once"),
                    models.CheckConstraint(condition=models.Q(("kind", "name"), models.Q(("kind", "type"), ("value__in", TYPES)), _connector="OR"), name="customers_retention_kind"),
                    models.CheckConstraint(condition=models.Q(("keep_days__gte", 1)), name="customers_retention_a_day"),
                ],
            },
        ),
    ]
