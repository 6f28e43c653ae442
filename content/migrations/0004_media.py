"""What was uploaded before stays where it is, under the house's own models, with its number."""

from django.db import migrations

IMAGES = (
    "id, title, description, file, width, height, created_at, focal_point_x, focal_point_y, "
    "focal_point_width, focal_point_height, file_size, file_hash, uploaded_by_user_id, "
    "collection_id"
)
DOCUMENTS = (
    "id, title, file, created_at, uploaded_by_user_id, collection_id, file_size, file_hash"
)


def sequence(table):
    return (
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), "
        f"GREATEST((SELECT max(id) FROM {table}), 1), (SELECT count(*) > 0 FROM {table}))"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("content", "0003_editors"),
        ("wagtailimages", "0027_image_description"),
        ("wagtaildocs", "0014_alter_document_file_size"),
    ]

    operations = [
        migrations.RunSQL(
            [
                f"INSERT INTO content_image ({IMAGES}, credit, rights) "
                f"SELECT {IMAGES}, '', '' FROM wagtailimages_image",
                sequence("content_image"),
                f"INSERT INTO content_document ({DOCUMENTS}, text, language, reading, reading_note) "
                f"SELECT {DOCUMENTS}, '', '', 'WAITING', '' FROM wagtaildocs_document",
                sequence("content_document"),
            ],
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
