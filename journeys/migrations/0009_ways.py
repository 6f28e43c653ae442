import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("journeys", "0008_outbox")]
    operations = [
        migrations.AlterField(
            model_name="pushsubscription",
            name="contact_point",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="customers.contactpoint",
            ),
        ),
    ]
