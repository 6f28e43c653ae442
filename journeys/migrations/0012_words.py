from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("journeys", "0011_returns")]
    operations = []
