"""Pictures for articles and products, and an index by which a page is found by its address."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import content.blocks.media


class Migration(migrations.Migration):
    dependencies = [("content", "0004_media"), ("wagtailcore", "0098_apitoken")]

    operations = [
        migrations.AddField(
            model_name="articlepage",
            name="picture",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="content.image",
                verbose_name="image",
            ),
        ),
        migrations.AddField(
            model_name="productpage",
            name="picture",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="content.image",
                verbose_name="image",
            ),
        ),
        migrations.AlterField(
            model_name="articlepage",
            name="art",
            field=models.CharField(
                blank=True,
                choices=content.blocks.media.drawings,
                max_length=20,
                help_text="Shown where there is no image.",
                verbose_name="or illustration",
            ),
        ),
        migrations.AlterField(
            model_name="productpage",
            name="art",
            field=models.CharField(
                blank=True,
                choices=content.blocks.media.drawings,
                max_length=20,
                help_text="Shown where there is no image.",
                verbose_name="or illustration",
            ),
        ),
        # Wagtail looks pages up step by step; we ask once, for the whole address.
        migrations.RunSQL(
            "CREATE INDEX content_page_address ON wagtailcore_page (url_path text_pattern_ops)",
            reverse_sql="DROP INDEX content_page_address",
        ),
    ]
