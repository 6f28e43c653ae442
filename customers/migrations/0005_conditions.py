"""Count events by what a rule asks of them, not by their name alone."""

import django.db.models.deletion
from django.db import migrations, models

# By hand: Django can't exchange a column of a composite primary key.
FORWARDS = """
INSERT INTO customers_eventmatcher (event, "where", key, counted_at)
  SELECT name, '[]', encode(sha256(convert_to(name || E'\\n', 'UTF8')), 'hex'), now()
  FROM (SELECT DISTINCT name FROM customers_eventday) AS names ORDER BY name;
ALTER TABLE customers_eventday ADD COLUMN matcher_id integer;
UPDATE customers_eventday d SET matcher_id = m.id
  FROM customers_eventmatcher m WHERE m.event = d.name;
ALTER TABLE customers_eventday ALTER COLUMN matcher_id SET NOT NULL;
ALTER TABLE customers_eventday DROP COLUMN name CASCADE;
ALTER TABLE customers_eventday ADD CONSTRAINT customers_eventday_pkey
  PRIMARY KEY (profile_id, matcher_id, day);
-- The primary key begins with it; each index costs the fold time.
DROP INDEX IF EXISTS customers_eventday_profile_id_e3efd52a;
CREATE INDEX customers_event_day ON customers_eventday (matcher_id, day)
  INCLUDE (profile_id, n, amount);
"""

BACKWARDS = """
CREATE INDEX customers_eventday_profile_id_e3efd52a ON customers_eventday (profile_id);
ALTER TABLE customers_eventday ADD COLUMN name varchar(200);
DELETE FROM customers_eventday d USING customers_eventmatcher m
  WHERE m.id = d.matcher_id AND m."where" <> '[]';
UPDATE customers_eventday d SET name = m.event
  FROM customers_eventmatcher m WHERE m.id = d.matcher_id;
ALTER TABLE customers_eventday ALTER COLUMN name SET NOT NULL;
ALTER TABLE customers_eventday DROP COLUMN matcher_id CASCADE;
ALTER TABLE customers_eventday ADD CONSTRAINT customers_eventday_pkey
  PRIMARY KEY (profile_id, name, day);
CREATE INDEX customers_event_day ON customers_eventday (name, day) INCLUDE (profile_id, n, amount);
"""


def respell(apps, schema_editor):
    """Write stored rules as they are written now: an event has a matcher."""
    for segment in apps.get_model("customers", "Segment").objects.all():
        if isinstance(segment.rule, dict):
            segment.rule = _respelled(segment.rule)
            segment.save(update_fields=["rule"])


def _respelled(node):
    if isinstance(node, list):
        return [_respelled(one) for one in node]
    if not isinstance(node, dict):
        return node
    told = {key: _respelled(value) for key, value in node.items()}
    if told.get("op") == "event" and "name" in told:
        told["matcher"] = {"event": told.pop("name")}
    return told


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_traits")]

    operations = [
        migrations.CreateModel(
            name="EventMatcher",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("event", models.CharField(max_length=200)),
                ("where", models.JSONField(default=list)),
                ("key", models.CharField(max_length=64, unique=True)),
                ("counted_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("where", []), _negated=True),
                        fields=["id"],
                        name="customers_matcher_filtered",
                    )
                ],
            },
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARDS, reverse_sql=BACKWARDS)],
            state_operations=[
                migrations.DeleteModel("EventDay"),
                migrations.CreateModel(
                    name="EventDay",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "profile_id", "matcher_id", "day",
                                blank=True, editable=False, primary_key=True, serialize=False,
                            ),
                        ),
                        ("day", models.DateField()),
                        ("n", models.IntegerField()),
                        (
                            "amount",
                            models.DecimalField(decimal_places=4, default=0, max_digits=18),
                        ),
                        ("first_at", models.DateTimeField()),
                        ("last_at", models.DateTimeField()),
                        (
                            "matcher",
                            models.ForeignKey(
                                db_constraint=False, db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                to="customers.eventmatcher",
                            ),
                        ),
                        (
                            "profile",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                to="customers.profile",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                fields=["matcher", "day"],
                                include=("profile", "n", "amount"),
                                name="customers_event_day",
                            )
                        ],
                    },
                ),
            ],
        ),
        migrations.RunPython(respell, migrations.RunPython.noop),
    ]
