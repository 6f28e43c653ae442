from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="ErasedAlias",
            fields=[
                ("alias_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("erased_at", models.DateTimeField()),
            ],
            options={"default_permissions": ()},
        ),
    ]
