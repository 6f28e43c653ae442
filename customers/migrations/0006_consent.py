"""The ledger whole: notices, chains that the database itself writes, checks, preferences."""

import django.db.models.deletion
from django.db import migrations, models

# The only place that computes a hash. STABLE and without queries, so that PostgreSQL takes the bodies
# into the query that verifies: measured a multiple of the speed of calls. Times count as microseconds since 1970 and the rest as jsonb,
# so that neither a session's time zone nor its settings change a hash.
HASHES = r"""
CREATE FUNCTION customers_consent_micros(moment timestamptz) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT (extract(epoch FROM moment) * 1000000)::bigint
$$;

CREATE FUNCTION customers_consent_proof(e customers_consententry) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(
    jsonb_build_array(e.salt, e.contact_point_id, e.alias_id, e.evidence)::text, 'UTF8')), 'hex')
$$;

CREATE FUNCTION customers_consent_hash(e customers_consententry, notice text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(jsonb_build_array(
    e.prev_hash, e.chain, e.seq, e.purpose, e.channel, e.topic, e.state, e.basis,
    notice, e.method, e.actor, customers_consent_micros(e.at), customers_consent_micros(e.expires_at),
    e.proof)::text, 'UTF8')), 'hex')
$$;

CREATE FUNCTION customers_consent_append() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  head record;
BEGIN
  NEW.chain := COALESCE('point:' || NEW.contact_point_id, 'alias:' || NEW.alias_id);
  IF NEW.chain IS NULL OR NEW.forgotten_at IS NOT NULL THEN
    RAISE EXCEPTION 'A consent is about somebody.' USING ERRCODE = 'check_violation';
  END IF;
  -- Two writers of one chain wait for each other, so that it never forks. A row's lock, since a
  -- long import would use up the server's memory for advisory locks.
  IF NEW.contact_point_id IS NOT NULL THEN
    PERFORM 1 FROM customers_contactpoint WHERE id = NEW.contact_point_id FOR NO KEY UPDATE;
  ELSE
    PERFORM 1 FROM customers_alias WHERE id = NEW.alias_id FOR NO KEY UPDATE;
  END IF;
  SELECT seq, hash INTO head FROM customers_consententry
    WHERE chain = NEW.chain ORDER BY seq DESC LIMIT 1;
  NEW.seq := COALESCE(head.seq, 0) + 1;
  NEW.prev_hash := COALESCE(head.hash, '');
  -- Once it is blanked, nobody can try out whose evidence it was.
  NEW.salt := replace(gen_random_uuid()::text, '-', '');
  NEW.proof := customers_consent_proof(NEW);
  NEW.hash := customers_consent_hash(
    NEW, (SELECT n.hash FROM customers_consentnotice n WHERE n.id = NEW.notice_id));
  RETURN NEW;
END $$;

CREATE FUNCTION customers_consent_keep() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  blanked text[] := ARRAY['contact_point_id', 'alias_id', 'evidence', 'salt', 'forgotten_at'];
BEGIN
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'customers_consententry' THEN
    IF OLD.forgotten_at IS NULL AND NEW.forgotten_at IS NOT NULL
      AND NEW.contact_point_id IS NULL AND NEW.alias_id IS NULL
      AND NEW.evidence = '{}'::jsonb AND NEW.salt = ''
      AND to_jsonb(NEW) - blanked = to_jsonb(OLD) - blanked
    THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '% is only added to.', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""
NO_HASHES = """
DROP FUNCTION customers_consent_keep;
DROP FUNCTION customers_consent_append;
DROP FUNCTION customers_consent_hash;
DROP FUNCTION customers_consent_proof;
DROP FUNCTION customers_consent_micros;
"""
# Before, one decision held for both uses of a visitor's data, and its words named both.
SPLIT = """
INSERT INTO customers_consententry (alias_id, purpose, channel, topic, state, basis, method,
  evidence, actor, at)
SELECT alias_id, 'personalization', channel, topic, state, basis, method, evidence, actor, at
FROM customers_consententry WHERE purpose = 'tracking' ORDER BY id;
"""
CHAIN = """
DO $$
DECLARE
  e customers_consententry;
  head record;
BEGIN
  FOR e IN SELECT * FROM customers_consententry ORDER BY id LOOP
    e.chain := COALESCE('point:' || e.contact_point_id, 'alias:' || e.alias_id);
    SELECT seq, hash INTO head FROM customers_consententry
      WHERE chain = e.chain ORDER BY seq DESC LIMIT 1;
    e.seq := COALESCE(head.seq, 0) + 1;
    e.prev_hash := COALESCE(head.hash, '');
    e.salt := replace(gen_random_uuid()::text, '-', '');
    e.proof := customers_consent_proof(e);
    e.hash := customers_consent_hash(e, NULL);
    UPDATE customers_consententry SET chain = e.chain, seq = e.seq, prev_hash = e.prev_hash,
      salt = e.salt, proof = e.proof, hash = e.hash WHERE id = e.id;
  END LOOP;
END $$;
SET CONSTRAINTS ALL IMMEDIATE;
"""
TRIGGERS = """
CREATE TRIGGER customers_consent_append BEFORE INSERT ON customers_consententry
  FOR EACH ROW EXECUTE FUNCTION customers_consent_append();
CREATE TRIGGER customers_consent_keep BEFORE UPDATE OR DELETE ON customers_consententry
  FOR EACH ROW EXECUTE FUNCTION customers_consent_keep();
CREATE TRIGGER customers_notice_keep BEFORE UPDATE OR DELETE ON customers_consentnotice
  FOR EACH ROW EXECUTE FUNCTION customers_consent_keep();
"""
NO_TRIGGERS = """
DROP TRIGGER customers_notice_keep ON customers_consentnotice;
DROP TRIGGER customers_consent_keep ON customers_consententry;
DROP TRIGGER customers_consent_append ON customers_consententry;
"""
PURPOSES = [
    ("marketing", "Marketing messages"),
    ("tracking", "Statistics"),
    ("personalization", "Personal experience"),
]
STATES = [
    ("GRANTED", "Granted"),
    ("DENIED", "Denied"),
    ("WITHDRAWN", "Withdrawn"),
    ("EXPIRED", "Expired"),
    ("PENDING", "Not confirmed yet"),
]
BASES = [
    ("consent", "Consent"),
    ("contract", "Contract"),
    ("interest", "Legitimate interest"),
]
RHYTHMS = [
    ("any", "As messages come"),
    ("weekly", "At most one a week"),
    ("monthly", "At most one a month"),
]
PROTECT = django.db.models.deletion.PROTECT


def written(length):
    """A column that the database fills."""
    return models.CharField(db_default="", editable=False, max_length=length)


class Migration(migrations.Migration):
    dependencies = [("customers", "0005_conditions")]

    operations = [
        migrations.CreateModel(
            name="ConsentNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, verbose_name="shown in")),
                ("version", models.PositiveIntegerField(verbose_name="version")),
                ("locale", models.CharField(max_length=20, verbose_name="language")),
                ("text", models.TextField(verbose_name="words")),
                ("hash", models.CharField(max_length=64)),
                ("at", models.DateTimeField(verbose_name="since")),
            ],
            options={
                "verbose_name": "consent notice",
                "verbose_name_plural": "consent notices",
                "ordering": ["name", "locale", "-version"],
                "constraints": [
                    models.UniqueConstraint(fields=("name", "locale", "hash"), name="customers_notice_once"),
                    models.UniqueConstraint(fields=("name", "locale", "version"), name="customers_notice_version"),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsentAudit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("entries", models.BigIntegerField(verbose_name="entries")),
                ("last_id", models.BigIntegerField()),
                ("broken_id", models.BigIntegerField(null=True, verbose_name="first broken entry")),
                ("words", models.CharField(blank=True, default="", max_length=200)),
            ],
            options={
                "verbose_name": "check of the consent ledger",
                "verbose_name_plural": "checks of the consent ledger",
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("paused_until", models.DateTimeField(blank=True, null=True, verbose_name="paused until")),
                ("rhythm", models.CharField(choices=RHYTHMS, default="any", max_length=10, verbose_name="how often")),
                ("language", models.CharField(blank=True, default="", max_length=20, verbose_name="language")),
                ("method", models.CharField(max_length=40, verbose_name="given by")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("contact_point", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="preferences", to="customers.contactpoint")),
            ],
            options={
                "verbose_name": "preference",
                "verbose_name_plural": "preferences",
                "ordering": ["-at", "-id"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("rhythm__in", ["any", "weekly", "monthly"])), name="customers_preference_rhythm"),
                ],
                "indexes": [
                    models.Index(fields=["contact_point", "-at", "-id"], name="customers_preference_new"),
                ],
            },
        ),
        migrations.RemoveConstraint("consententry", "customers_consent_of_one"),
        migrations.RemoveConstraint("consententry", "customers_consent_state"),
        migrations.AddField("consententry", "topic", models.CharField(blank=True, default="", max_length=60, verbose_name="topic")),
        migrations.AddField("consententry", "basis", models.CharField(choices=BASES, default="consent", max_length=20, verbose_name="basis")),
        migrations.AddField("consententry", "actor", models.CharField(default="person", max_length=100, verbose_name="written by")),
        migrations.AddField("consententry", "expires_at", models.DateTimeField(blank=True, null=True, verbose_name="until")),
        migrations.AddField("consententry", "forgotten_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField("consententry", "notice", models.ForeignKey(blank=True, null=True, on_delete=PROTECT, related_name="+", to="customers.consentnotice")),
        migrations.AddField("consententry", "chain", written(40)),
        migrations.AddField("consententry", "seq", models.IntegerField(db_default=0, editable=False)),
        migrations.AddField("consententry", "salt", written(32)),
        migrations.AddField("consententry", "proof", written(64)),
        migrations.AddField("consententry", "prev_hash", written(64)),
        migrations.AddField("consententry", "hash", written(64)),
        migrations.AlterField("consententry", "contact_point", models.ForeignKey(blank=True, null=True, on_delete=PROTECT, related_name="consents", to="customers.contactpoint")),
        migrations.AlterField("consententry", "alias", models.ForeignKey(blank=True, null=True, on_delete=PROTECT, related_name="consents", to="customers.alias")),
        migrations.AlterField("consententry", "purpose", models.CharField(choices=PURPOSES, max_length=40, verbose_name="purpose")),
        migrations.AlterField("consententry", "state", models.CharField(choices=STATES, max_length=20, verbose_name="state")),
        migrations.RunSQL(HASHES, reverse_sql=NO_HASHES),
        migrations.RunSQL(SPLIT, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(CHAIN, reverse_sql=migrations.RunSQL.noop),
        migrations.AddConstraint(
            "consententry",
            models.CheckConstraint(
                condition=models.Q(("alias__isnull", True), ("contact_point__isnull", False))
                | models.Q(("alias__isnull", False), ("contact_point__isnull", True))
                | models.Q(("alias__isnull", True), ("contact_point__isnull", True), ("forgotten_at__isnull", False)),
                name="customers_consent_of_one",
            ),
        ),
        migrations.AddConstraint(
            "consententry",
            models.CheckConstraint(condition=models.Q(("state__in", ["GRANTED", "DENIED", "WITHDRAWN", "EXPIRED", "PENDING"])), name="customers_consent_state"),
        ),
        migrations.AddConstraint(
            "consententry",
            models.UniqueConstraint(fields=("chain", "seq"), name="customers_consent_one_chain"),
        ),
        migrations.AddIndex(
            "consententry",
            models.Index(condition=models.Q(("expires_at__isnull", False)), fields=["expires_at"], name="customers_consent_ends"),
        ),
        migrations.RunSQL(TRIGGERS, reverse_sql=NO_TRIGGERS),
    ]
