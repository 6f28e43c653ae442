"""The source of our own events, made here so that two workers never race to make it."""

from django.db import migrations


def make(apps, schema_editor):
    apps.get_model("customers", "Source").objects.get_or_create(
        name="DXP", defaults={"is_active": False}
    )


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
