from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0008_protocol")]

    operations = [
        migrations.AlterField(
            model_name="contactpoint",
            name="channel",
            field=models.CharField(
                choices=[("email", "E-mail"), ("phone", "Phone")],
                max_length=20,
                verbose_name="channel",
            ),
        ),
    ]
