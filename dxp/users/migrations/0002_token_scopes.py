"""Tokens get names, scopes and ends; answers to repeated writes are kept."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# What a token of the one old scope could read.
READ = ["profiles:read", "events:read", "segments:read"]


def keep_reading(apps, schema_editor):
    apps.get_model("users", "ApiToken").objects.update(scopes=READ)


class Migration(migrations.Migration):
    dependencies = [("users", "0001_initial")]

    operations = [
        migrations.RemoveConstraint("apitoken", "users_api_token_scope"),
        migrations.AlterModelOptions(
            name="apitoken",
            options={
                "ordering": ["-created_at", "-id"],
                "verbose_name": "API token",
                "verbose_name_plural": "API tokens",
            },
        ),
        migrations.AddField(
            "apitoken",
            "name",
            models.CharField(max_length=100, default="manage.py token", verbose_name="name"),
            preserve_default=False,
        ),
        migrations.AddField(
            "apitoken",
            "scopes",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=40),
                default=list,
                size=None,
                verbose_name="scopes",
            ),
            preserve_default=False,
        ),
        migrations.RunPython(keep_reading, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField("apitoken", "scope"),
        migrations.AlterField(
            "apitoken", "created_at", models.DateTimeField(verbose_name="created")
        ),
        migrations.AlterField(
            "apitoken",
            "revoked_at",
            models.DateTimeField(blank=True, null=True, verbose_name="revoked"),
        ),
        migrations.AddField(
            "apitoken",
            "last_used_at",
            models.DateTimeField(blank=True, null=True, verbose_name="last used"),
        ),
        migrations.AddField(
            "apitoken",
            "expires_at",
            models.DateTimeField(blank=True, null=True, verbose_name="expires"),
        ),
        migrations.AddConstraint(
            "apitoken",
            models.CheckConstraint(
                condition=models.Q(("scopes__len__gt", 0)), name="users_api_token_scopes"
            ),
        ),
        migrations.AddConstraint(
            "apitoken",
            models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="users_api_token_name"
            ),
        ),
        migrations.CreateModel(
            name="ApiCall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=255)),
                ("fingerprint", models.CharField(max_length=64)),
                ("status", models.SmallIntegerField()),
                ("headers", models.JSONField(default=dict)),
                ("body", models.BinaryField()),
                (
                    "about",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), default=list, size=None
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "token",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="users.apitoken",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("token", "key"), name="users_api_call_once")
                ],
                "indexes": [models.Index(fields=["at"], name="users_api_call_age")],
            },
        ),
    ]
