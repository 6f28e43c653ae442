from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0010_push_channel")]
    operations = []
