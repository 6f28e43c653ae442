import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KINDS = [("browser", "Website or app"), ("server", "Server")]
CODES = [
    ("shape", "It is not an object"),
    ("type", "Its type is unknown"),
    ("nobody", "It names nobody"),
    ("alias", "An alias lacks one of its two ids"),
    ("name", "A track call without the name of its event"),
    ("group", "A group call without its group"),
    ("id", "An id is too long"),
    ("fields", "Its properties or traits are not an object"),
    ("size", "It is larger than 100 KB"),
    ("fold", "It could not be taken in"),
    ("flood", "More of the same batch, not kept"),
    ("other", "Another reason"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0007_rights"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "source",
            "kind",
            models.CharField(
                choices=KINDS,
                default="server",
                help_text=(
                    "A key in a website or app can be read by anybody: the address and browser "
                    "that its events claim are replaced by those of the connection, the address "
                    "is shortened, and times of more than 30 days ago are not believed. A server "
                    "is believed."
                ),
                max_length=10,
                verbose_name="where its key stands",
            ),
        ),
        migrations.RunSQL(
            "UPDATE customers_source SET kind = 'browser' WHERE name = 'Website'",
            reverse_sql=migrations.RunSQL.noop,
            elidable=True,
        ),
        migrations.AddConstraint(
            "source",
            models.CheckConstraint(
                condition=models.Q(kind__in=["browser", "server"]), name="customers_source_kind"
            ),
        ),
        migrations.AlterModelOptions(
            "quarantine",
            options={
                "permissions": [("replay_quarantine", "Can try rejected events again")],
                "verbose_name": "rejected event",
                "verbose_name_plural": "rejected events",
            },
        ),
        migrations.AddField(
            "quarantine",
            "code",
            models.CharField(
                choices=CODES, default="other", max_length=10, verbose_name="kind of reason"
            ),
        ),
        migrations.AddField(
            "quarantine",
            "is_whole",
            models.BooleanField(default=True, verbose_name="can be tried again"),
        ),
        # What was kept before may be cut.
        migrations.RunSQL(
            "UPDATE customers_quarantine SET is_whole = false",
            reverse_sql=migrations.RunSQL.noop,
            elidable=True,
        ),
        migrations.AddIndex(
            "quarantine",
            models.Index(fields=["source", "code", "-id"], name="customers_quarantine_by"),
        ),
        migrations.AddConstraint(
            "quarantine",
            models.CheckConstraint(
                condition=models.Q(code__in=[code for code, _label in CODES]),
                name="customers_quarantine_code",
            ),
        ),
        migrations.CreateModel(
            "Replay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(blank=True, default="", max_length=10)),
                ("since", models.DateTimeField(blank=True, null=True)),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("words", models.CharField(blank=True, default="", max_length=200)),
                ("until_id", models.BigIntegerField()),
                ("last_id", models.BigIntegerField(default=0)),
                ("total", models.IntegerField()),
                ("accepted", models.IntegerField(default=0)),
                ("rejected", models.IntegerField(default=0)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "source",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        to="customers.source",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddIndex(
            "replay",
            models.Index(
                fields=["id"],
                name="customers_replay_open",
                condition=models.Q(finished_at__isnull=True),
            ),
        ),
        migrations.CreateModel(
            "Repeat",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("received_at", models.DateTimeField()),
                ("message_id", models.CharField(max_length=100)),
                ("type", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=200)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="customers.source"
                    ),
                ),
            ],
            options={"default_permissions": ()},
        ),
        migrations.AddIndex(
            "repeat",
            models.Index(fields=["source", "-received_at"], name="customers_repeat_latest"),
        ),
    ]
