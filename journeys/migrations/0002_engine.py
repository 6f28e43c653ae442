"""By hand: what the engine needs of PostgreSQL, and the first sender."""

from django.db import migrations

# A due queue rewrites the same rows all day: room on each page, and a vacuum that comes early.
TABLES = """
ALTER TABLE journeys_enrollment SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE journeys_delivery SET (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE journeys_notice SET (autovacuum_vacuum_scale_factor = 0.02);
CREATE FUNCTION journeys_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'A published % never changes', TG_TABLE_NAME;
END $$;
CREATE TRIGGER journeys_version_frozen BEFORE UPDATE ON journeys_version
  FOR EACH ROW EXECUTE FUNCTION journeys_frozen();
CREATE TRIGGER journeys_edition_frozen BEFORE UPDATE ON journeys_edition
  FOR EACH ROW EXECUTE FUNCTION journeys_frozen();
"""
UNDO = """
DROP TRIGGER journeys_version_frozen ON journeys_version;
DROP TRIGGER journeys_edition_frozen ON journeys_edition;
DROP FUNCTION journeys_frozen();
"""


def first_sender(apps, schema_editor):
    apps.get_model("journeys", "Sender").objects.get_or_create(name="Default")


class Migration(migrations.Migration):
    dependencies = [("journeys", "0001_initial")]
    operations = [
        migrations.RunSQL(TABLES, reverse_sql=UNDO),
        migrations.RunPython(first_sender, migrations.RunPython.noop),
    ]
