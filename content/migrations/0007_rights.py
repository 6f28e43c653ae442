import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("content", "0006_tags"),
        ("guardian", "__first__"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GrantNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="given")),
                ("until", models.DateTimeField(blank=True, null=True, verbose_name="until")),
                ("by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("row", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="guardian.userobjectpermission")),
            ],
            options={
                "verbose_name": "note on a grant",
                "verbose_name_plural": "notes on grants",
                "default_permissions": (),
                "indexes": [models.Index(condition=models.Q(("until__isnull", False)), fields=["until"], name="content_grant_ends")],
            },
        ),
    ]
