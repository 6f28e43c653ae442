import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("contenttypes", "0002_remove_content_type_name"),
        ("content", "0005_site"),
    ]

    operations = [
        migrations.AddField(
            model_name="term",
            name="before_merge",
            field=models.JSONField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name="TagDue",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("object_id", models.BigIntegerField()),
                ("due_at", models.DateTimeField(db_index=True)),
                ("content_type", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="contenttypes.contenttype")),
            ],
            options={
                "verbose_name": "thing to be read",
                "verbose_name_plural": "things to be read",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("content_type", "object_id"), name="content_tag_due")
                ],
            },
        ),
    ]
