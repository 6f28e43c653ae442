"""Documents and pictures lie in a storage that can encrypt them."""

import wagtail.images.models
from django.db import migrations, models

import content.models.documents
import content.models.media
import content.vault


class Migration(migrations.Migration):
    dependencies = [("content", "0007_rights")]

    operations = [
        migrations.AlterField(
            model_name="document",
            name="file",
            field=models.FileField(
                storage=content.vault.Vault(),
                upload_to=content.models.documents.place,
                verbose_name="file",
            ),
        ),
        migrations.AlterField(
            model_name="image",
            name="file",
            field=content.models.media.UprightField(
                height_field="height",
                storage=content.vault.Vault(),
                upload_to=wagtail.images.models.get_upload_to,
                verbose_name="file",
                width_field="width",
            ),
        ),
        migrations.AlterField(
            model_name="rendition",
            name="file",
            field=wagtail.images.models.WagtailImageField(
                height_field="height",
                storage=content.vault.Vault(),
                upload_to=wagtail.images.models.get_rendition_upload_to,
                width_field="width",
            ),
        ),
    ]
