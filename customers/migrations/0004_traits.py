import django.db.models.deletion
from django.db import migrations, models

# What is known already was told once: its date is when the person was first seen, and its name the
# person's oldest.
EARLIER = """
INSERT INTO customers_traitobservation (alias_id, key, value, is_fit, source, observed_at)
SELECT a.id, t.key, t.value, true, 'earlier', p.created_at
FROM customers_profile p
CROSS JOIN LATERAL jsonb_each(p.traits) AS t(key, value)
CROSS JOIN LATERAL (SELECT id FROM customers_alias WHERE profile_id = p.id
                    ORDER BY first_seen_at, id LIMIT 1) AS a
WHERE p.state = 'ACTIVE' AND jsonb_typeof(p.traits) = 'object';
INSERT INTO customers_traitdef
  (key, label, description, type, pii, survivorship, ranks, created_at)
SELECT DISTINCT ON (key) key, '', '',
  CASE jsonb_typeof(value) WHEN 'number' THEN 'number' WHEN 'boolean' THEN 'boolean'
    WHEN 'array' THEN 'list' WHEN 'object' THEN 'object' ELSE 'text' END,
  CASE WHEN key IN ('name', 'firstName', 'lastName', 'first_name', 'last_name') THEN 'name'
    WHEN key IN ('email', 'phone', 'address') THEN 'contact' WHEN key = 'birthday' THEN 'birth'
    ELSE 'none' END,
  'most_recent', '[]', observed_at
FROM customers_traitobservation WHERE length(key) <= 200 ORDER BY key, observed_at;
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_identity")]

    operations = [
        migrations.AddField(
            model_name="source",
            name="takes_bots",
            field=models.BooleanField(
                default=False,
                help_text="Crawlers, headless browsers and empty browser names are else kept apart "
                "and counted nowhere. Switch it on for automated tests only.",
                verbose_name="takes programs for people",
            ),
        ),
        migrations.CreateModel(
            name="BotEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="customers.source",
                        verbose_name="source",
                    ),
                ),
                ("message_id", models.CharField(max_length=100)),
                ("received_at", models.DateTimeField(verbose_name="received")),
                ("at", models.DateTimeField()),
                ("type", models.CharField(max_length=10)),
                ("name", models.CharField(max_length=200, verbose_name="event")),
                ("user_agent", models.CharField(max_length=500, verbose_name="program")),
                ("user_id", models.CharField(max_length=255, null=True)),
                ("anonymous_id", models.CharField(max_length=255, null=True)),
                ("body", models.JSONField()),
            ],
            options={
                "verbose_name": "bot event",
                "verbose_name_plural": "bot events",
                "ordering": ["-received_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="TraitDef",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        editable=False, max_length=200, unique=True, verbose_name="key"
                    ),
                ),
                ("label", models.CharField(blank=True, max_length=100, verbose_name="label")),
                ("description", models.TextField(blank=True, verbose_name="description")),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("text", "Text"),
                            ("number", "Number"),
                            ("boolean", "Yes or no"),
                            ("date", "Date"),
                            ("moment", "Date and time"),
                            ("list", "List"),
                            ("object", "Group of values"),
                        ],
                        default="text",
                        max_length=10,
                        verbose_name="type",
                    ),
                ),
                (
                    "pii",
                    models.CharField(
                        choices=[
                            ("none", "Not personal by itself"),
                            ("name", "Name"),
                            ("contact", "Address, e-mail or phone"),
                            ("birth", "Date of birth"),
                            ("sensitive", "Especially protected"),
                        ],
                        default="none",
                        help_text="Who lacks the right to see this class reads dots instead of the value.",
                        max_length=10,
                        verbose_name="privacy",
                    ),
                ),
                (
                    "survivorship",
                    models.CharField(
                        choices=[
                            ("most_recent", "The value told last"),
                            ("oldest", "The value told first"),
                            ("non_empty", "The last value that is not empty"),
                            ("source_rank", "The value of the most trusted source"),
                            ("sum", "The sum over a person's names"),
                            ("union", "Everything that was ever told, as a list"),
                        ],
                        default="most_recent",
                        help_text="Where a person's browsers, accounts and sources tell different values.",
                        max_length=12,
                        verbose_name="which value counts",
                    ),
                ),
                (
                    "ranks",
                    models.JSONField(
                        blank=True,
                        default=list,
                        editable=False,
                        verbose_name="trusted sources, the best first",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="first seen")),
                ("settled_to", models.BigIntegerField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "trait",
                "verbose_name_plural": "traits",
                "ordering": ["key"],
                "permissions": [
                    ("see_name", "Can see people's names"),
                    ("see_contact", "Can see people's addresses"),
                    ("see_birth", "Can see people's dates of birth"),
                    ("see_sensitive", "Can see especially protected traits"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ComputedTrait",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "trait",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="computed",
                        to="customers.traitdef",
                    ),
                ),
                ("event", models.CharField(max_length=200, verbose_name="event")),
                (
                    "metric",
                    models.CharField(
                        choices=[
                            ("count", "How often"),
                            ("days", "On how many days"),
                            ("sum", "Sum of a property"),
                            ("avg", "Average of a property"),
                            ("min", "Smallest value of a property"),
                            ("max", "Largest value of a property"),
                            ("first", "First value of a property, or the first time"),
                            ("last", "Last value of a property, or the last time"),
                            ("most_frequent", "Most frequent value of a property"),
                            ("unique_count", "Number of different values of a property"),
                        ],
                        default="count",
                        max_length=20,
                        verbose_name="measure",
                    ),
                ),
                ("prop", models.CharField(blank=True, max_length=200, verbose_name="property")),
                (
                    "days",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="Leave it empty to count everything that was ever collected.",
                        null=True,
                        verbose_name="within the last days",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("COMPUTING", "Computing"),
                            ("LIVE", "Live"),
                            ("FAILED", "Failed"),
                        ],
                        default="COMPUTING",
                        editable=False,
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("failure", models.TextField(blank=True, default="", editable=False)),
                ("done", models.IntegerField(default=0, editable=False)),
                ("total", models.IntegerField(default=0, editable=False)),
                ("computed_to", models.BigIntegerField(default=0, editable=False)),
                (
                    "computed_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="computed"),
                ),
            ],
            options={
                "verbose_name": "computed trait",
                "verbose_name_plural": "computed traits",
            },
        ),
        migrations.CreateModel(
            name="ComputedValue",
            fields=[
                (
                    "profile",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="computed_values",
                        to="customers.profile",
                    ),
                ),
                (
                    "computed",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="values",
                        to="customers.computedtrait",
                    ),
                ),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "computed_id",
                        "profile_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("value", models.JSONField(null=True)),
                ("computed_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="TraitObservation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "alias",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="observations",
                        to="customers.alias",
                    ),
                ),
                ("key", models.TextField()),
                ("value", models.JSONField(null=True)),
                ("is_fit", models.BooleanField(default=True)),
                ("source", models.CharField(max_length=50)),
                ("observed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["observed_at", "id"],
            },
        ),
        migrations.AddConstraint(
            model_name="traitdef",
            constraint=models.CheckConstraint(
                condition=models.Q((
                    "type__in",
                    ["text", "number", "boolean", "date", "moment", "list", "object"],
                )),
                name="customers_traitdef_type",
            ),
        ),
        migrations.AddConstraint(
            model_name="traitdef",
            constraint=models.CheckConstraint(
                condition=models.Q(("pii__in", ["none", "name", "contact", "birth", "sensitive"])),
                name="customers_traitdef_pii",
            ),
        ),
        migrations.AddConstraint(
            model_name="traitdef",
            constraint=models.CheckConstraint(
                condition=models.Q((
                    "survivorship__in",
                    ["most_recent", "oldest", "non_empty", "source_rank", "sum", "union"],
                )),
                name="customers_traitdef_survivorship",
            ),
        ),
        migrations.AddIndex(
            model_name="botevent",
            index=models.Index(fields=["source", "received_at"], name="customers_botevent_latest"),
        ),
        migrations.AddConstraint(
            model_name="botevent",
            constraint=models.UniqueConstraint(
                fields=("source", "message_id"), name="customers_botevent_once"
            ),
        ),
        migrations.AddIndex(
            model_name="computedvalue",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["due_at"],
                name="customers_computed_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="computedtrait",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["COMPUTING", "LIVE", "FAILED"])),
                name="customers_computed_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="computedtrait",
            constraint=models.CheckConstraint(
                condition=models.Q(("days__isnull", True), ("days__gte", 1), _connector="OR"),
                name="customers_computed_days",
            ),
        ),
        migrations.AddIndex(
            model_name="traitobservation",
            index=models.Index(
                fields=["alias", "key", "observed_at"], name="customers_observation_of"
            ),
        ),
        migrations.AddIndex(
            model_name="traitobservation",
            index=models.Index(
                condition=models.Q(("is_fit", False)),
                fields=["key"],
                name="customers_observation_unfit",
            ),
        ),
        migrations.RunSQL(EARLIER, reverse_sql=migrations.RunSQL.noop),
    ]
