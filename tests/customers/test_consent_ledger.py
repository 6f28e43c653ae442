"""The ledger cannot be changed, and proves that it was not."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from customers import consent, identify, prove, segment
from customers.models import ConsentAudit, ConsentEntry, ConsentNotice
from dxp.lib.clock import now

DAY = timedelta(days=1)


@pytest.fixture
def ana(db):
    return identify.ensure_alias(kind="user", value="ana", at=now())


@pytest.fixture
def mailbox(ana):
    return identify.ensure_contact_point(
        profile_id=ana.profile_id, channel="email", address="ana@x.test", at=now()
    )


@pytest.fixture
def story(ana, mailbox):
    """Three decisions about an address and two about a browser."""
    words = consent.notice(name="form:letter", locale="en", text="Yes, write to me.", at=now())
    for state in ("GRANTED", "WITHDRAWN", "GRANTED"):
        consent.record(
            purpose="marketing", channel="email", state=state, method="form", notice=words,
            contact_point=mailbox, evidence={"form": "letter"}, at=now(),
        )  # fmt: skip
    for state in ("GRANTED", "DENIED"):
        consent.record(purpose="tracking", state=state, method="banner", alias=ana, at=now())
    return list(ConsentEntry.objects.order_by("id"))


def tamper(sql, *values):
    """Change the ledger as a database administrator could who switches the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


class TestTheDatabase:
    @pytest.mark.parametrize("sql", [
        "UPDATE customers_consententry SET state = 'GRANTED'",
        "UPDATE customers_consententry SET at = now()",
        "UPDATE customers_consententry SET evidence = '{}'",
        "UPDATE customers_consententry SET contact_point_id = NULL, alias_id = NULL, "
        "evidence = '{}', salt = '', forgotten_at = now(), state = 'GRANTED'",
        "DELETE FROM customers_consententry",
        "UPDATE customers_consentnotice SET text = 'You may do anything.'",
        "DELETE FROM customers_consentnotice",
    ])  # fmt: skip
    def test_refuses_every_change(self, story, sql):
        with (
            pytest.raises(DatabaseError, match="is only added to"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)

        assert list(ConsentEntry.objects.order_by("id")) == story
        assert prove.verify(at=now()).broken_id is None

    def test_chains_each_subject_by_itself(self, story, ana, mailbox):
        of_address, of_browser = story[:3], story[3:]

        assert [one.seq for one in of_address] == [1, 2, 3]
        assert [one.seq for one in of_browser] == [1, 2]
        assert {one.chain for one in of_address} == {f"point:{mailbox.pk}"}
        assert of_address[0].prev_hash == of_browser[0].prev_hash == ""
        assert [one.prev_hash for one in of_address[1:]] == [one.hash for one in of_address[:2]]

    def test_writes_the_hash_that_the_documentation_says(self, story, mailbox):
        entry = story[1]

        def micros(moment):
            return round(moment.timestamp() * 1_000_000) if moment else None

        def digest(*parts):
            # PostgreSQL's text of a jsonb array: a space after each comma and colon.
            text = json.dumps(parts, ensure_ascii=False)
            return hashlib.sha256(text.encode()).hexdigest()

        proof = digest(entry.salt, mailbox.pk, None, entry.evidence)
        assert entry.proof == proof
        assert entry.hash == digest(
            entry.prev_hash, entry.chain, entry.seq, "marketing", "email", "", "WITHDRAWN",
            "consent", hashlib.sha256(b"Yes, write to me.").hexdigest(), "form", "person",
            micros(entry.at), None, proof,
        )  # fmt: skip


class TestVerification:
    @pytest.mark.parametrize(("which", "sql", "words"), [
        (1, "UPDATE customers_consententry SET state = 'GRANTED' WHERE id = %s", "decision"),
        (1, "UPDATE customers_consententry SET at = at - interval '1 day' WHERE id = %s", "decis"),
        (2, "UPDATE customers_consententry SET evidence = '{\"form\": \"x\"}' WHERE id = %s",
         "evidence"),
        (3, "UPDATE customers_consententry SET alias_id = NULL, "
         "contact_point_id = (SELECT min(id) FROM customers_contactpoint) WHERE id = %s",
         "subject"),
    ])  # fmt: skip
    def test_names_the_changed_row(self, story, which, sql, words):
        tamper(sql, story[which].pk)

        audit = prove.verify(at=now())

        assert audit.broken_id == story[which].pk
        assert words in audit.words

    def test_names_the_row_after_a_removed_one(self, story):
        tamper("DELETE FROM customers_consententry WHERE id = %s", story[1].pk)

        assert prove.verify(at=now()).broken_id == story[2].pk

    def test_sees_rows_missing_at_the_end(self, story):
        assert prove.verify(at=now()).broken_id is None
        tamper("DELETE FROM customers_consententry WHERE id = %s", story[-1].pk)

        audit = prove.verify(at=now())

        assert audit.broken_id == story[-1].pk
        assert audit.words.startswith("1 entries")

    def test_sees_changed_words(self, story):
        tamper("UPDATE customers_consentnotice SET text = 'You may do anything.'")

        audit = prove.verify(at=now())

        assert (audit.broken_id, audit.words) == (
            story[0].pk, "The words of its notice were changed.",
        )  # fmt: skip

    def test_by_command(self, story, capsys):
        call_command("verify_consents")
        assert "5 entries, all as they were written." in capsys.readouterr().out

        tamper("UPDATE customers_consententry SET state = 'GRANTED' WHERE id = %s", story[1].pk)
        with pytest.raises(CommandError, match=f"Entry {story[1].pk} is broken"):
            call_command("verify_consents")

    def test_of_each_night_is_shown_to_staff_when_it_is_broken(self, story, admin_client):
        from customers.tasks import consents

        consents()
        assert "ledger-broken" not in admin_client.get("/admin/").content.decode()

        tamper("UPDATE customers_consententry SET state = 'GRANTED' WHERE id = %s", story[1].pk)
        consents()

        page = admin_client.get("/admin/").content.decode()
        assert "The ledger of consents is not what was written" in page
        assert f"number {story[1].pk}" in page
        assert ConsentAudit.objects.count() == 2


class TestForgetting:
    def test_leaves_a_chain_that_still_verifies(self, story, mailbox, ana):
        forgotten = consent.forget(contact_points=[mailbox.pk], aliases=[ana.pk], at=now())

        entries = list(ConsentEntry.objects.order_by("id"))
        assert forgotten == 5
        assert {(one.contact_point_id, one.alias_id, one.salt) for one in entries} == {
            (None, None, "")
        }
        assert [one.evidence for one in entries] == [{}] * 5
        assert [one.hash for one in entries] == [one.hash for one in story]
        assert prove.verify(at=now()).broken_id is None
        mailbox.delete()

    def test_does_not_hide_a_change(self, story, mailbox):
        consent.forget(contact_points=[mailbox.pk], at=now())
        tamper("UPDATE customers_consententry SET state = 'GRANTED' WHERE id = %s", story[1].pk)

        assert prove.verify(at=now()).broken_id == story[1].pk


class TestSegments:
    def test_that_look_at_consent_follow_it(self, ana, mailbox):
        allowed = {"op": "consent", "purpose": "marketing", "channel": "email", "state": "granted"}
        group = segment.create(name="Letter", rule={"v": 1, "root": allowed}, at=now())

        def members():
            while segment.sweep(at=now() + DAY):
                pass
            return set(segment.members_of(ana.profile_id))

        for state, there in (("GRANTED", {group.pk}), ("WITHDRAWN", set())):
            consent.record(
                purpose="marketing", channel="email", state=state, method="form",
                contact_point=mailbox, at=now(),
            )  # fmt: skip
            assert members() == there


class TestNotices:
    def test_are_kept_once_and_counted(self, db):
        first = consent.notice(name="banner", locale="en", text="May we?", at=now())
        again = consent.notice(name="banner", locale="en", text="May we?", at=now())
        second = consent.notice(name="banner", locale="en", text="May we, please?", at=now())
        other = consent.notice(name="banner", locale="de", text="Dürfen wir?", at=now())

        assert first == again
        assert [first.version, second.version, other.version] == [1, 2, 1]
        assert ConsentNotice.objects.count() == 3


class TestTime:
    def test_ends_a_grant_and_writes_it_down(self, mailbox):
        granted = now()
        consent.record(
            purpose="marketing", state="GRANTED", method="form", contact_point=mailbox, at=granted,
            expires_at=granted + DAY,
        )  # fmt: skip

        def answer(at):
            return consent.ask(contact_points=[mailbox.pk], purpose="marketing", at=at)[mailbox.pk]

        assert answer(granted) == "yes"
        assert answer(granted + DAY) == "expired"
        assert consent.expire(at=granted + DAY) == 1
        assert consent.expire(at=granted + 2 * DAY) == 0
        assert ConsentEntry.objects.first().state == "EXPIRED"
        assert answer(granted + 2 * DAY) == "expired"

    def test_waiting_for_a_confirmation_takes_nothing_away(self, mailbox):
        for state in ("GRANTED", "PENDING"):
            consent.record(
                purpose="marketing", state=state, method="form", contact_point=mailbox, at=now()
            )

        assert consent.may(contact_points=[mailbox.pk], purpose="marketing", at=now()) == {
            mailbox.pk
        }


class TestOnePersonInTwoBrowsers:
    @pytest.fixture
    def browsers(self, db, send, signs_up):
        """Ana allowed it on her phone and refused it on her laptop, then signed in on both."""
        at = now() - 2 * DAY
        phone, laptop = (
            identify.ensure_alias(kind="anonymous", value=name, at=at)
            for name in ("ana-phone", "ana-laptop")
        )
        say(phone, "GRANTED", at)
        say(laptop, "DENIED", at - DAY)
        assert may(phone) == "yes"
        send(signs_up("ana", browser="ana-phone"), signs_up("ana", browser="ana-laptop"))
        phone.refresh_from_db()
        laptop.refresh_from_db()
        assert phone.profile_id == laptop.profile_id
        return phone, laptop

    def test_the_restrictive_answer_counts_and_she_is_asked_again(self, browsers):
        phone, laptop = browsers

        assert may(phone) == "conflict"
        assert may(laptop) == "no"

    def test_what_she_says_then_counts(self, browsers):
        phone, laptop = browsers

        say(phone, "GRANTED", now() + DAY)

        assert may(phone) == "yes"
        assert may(laptop) == "no"

    def test_a_withdrawal_in_one_holds_in_the_other(self, browsers):
        phone, laptop = browsers
        say(phone, "GRANTED", now() + DAY)
        say(laptop, "WITHDRAWN", now() + 2 * DAY)

        assert may(phone) == "conflict"


def say(alias, state, at):
    consent.record(purpose="personalization", state=state, method="banner", alias=alias, at=at)


def may(alias):
    return consent.ask(aliases=[alias.pk], purpose="personalization", at=now() + 3 * DAY)[alias.pk]
