"""What people may ask of us: everything in one file, and to be forgotten."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from customers import erase, export, fold, ingest, sift, tasks
from customers.models import (
    Alias,
    ContactPoint,
    ErasedName,
    ErasureRequest,
    Event,
    EventDay,
    Profile,
    Seen,
)
from customers.rights import KEEPERS, Person
from tests.customers.people import NOON, ana, chen, happened, track, website

LATER = NOON + timedelta(days=1)


def forgotten(profile: Profile) -> ErasureRequest:
    return erase.run(erase.request(Person.of(profile.pk), by=None, at=LATER), at=LATER)


def exported(profile: Profile) -> tuple[dict[str, list], str]:
    file = io.BytesIO()
    export.write(Person.of(profile.pk), to=file, at=LATER)
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        rows = {
            name.removesuffix(".jsonl"): [json.loads(line) for line in archive.open(name)]
            for name in archive.namelist()
            if name.endswith(".jsonl")
        }
        return rows, archive.read("index.html").decode()


@pytest.mark.django_db
def test_she_reads_everything_in_one_file():
    rows, index = exported(ana())
    assert set(rows) == {keeper.name for keeper in KEEPERS}
    assert [event["name"] for event in rows["events"]] == [
        "Article Viewed", "Article Viewed", "Identified",
    ]  # fmt: skip
    assert {row["value"] for row in rows["identity"] if row["what"] == "alias"} == {
        "ana", "cookie-ana",
    }  # fmt: skip
    assert "Ana Marić" in index
    assert "We looked here too" in index


@pytest.mark.django_db
def test_she_is_forgotten_and_the_others_stay():
    her, other = ana(), chen()
    request = forgotten(her)
    assert (request.state, request.profile_ids, request.attempts) == ("DONE", [], 1)
    assert request.counts["events"] == 3
    assert not Profile.objects.filter(public_id=her.public_id).exists()
    assert list(Alias.objects.values_list("value", flat=True)) == ["cookie-chen"]
    assert not ContactPoint.objects.exists()
    assert set(EventDay.objects.values_list("profile_id", flat=True)) == {other.pk}
    assert list(Event.objects.values_list("message_id", flat=True)) == ["chen-1"]
    assert list(Seen.objects.values_list("message_id", flat=True)) == ["chen-1"]


@pytest.mark.django_db
def test_asked_twice_it_is_done_once():
    person = Person.of(ana().pk)
    first = erase.request(person, by=None, at=LATER)
    assert erase.request(person, by=None, at=LATER) == first
    erase.run(first, at=LATER)
    assert erase.run(first, at=LATER).attempts == 1
    assert erase.requests_for(person.public_id) == [first]
    assert erase.work(at=LATER) == 0


@pytest.mark.django_db
def test_pitfall_05_an_erased_person_does_not_return_by_a_replay():
    her = ana()
    forgotten(her)
    # Word for word what her devices sent, out of a backup: the same ids, the same times.
    ana_again()
    assert not Profile.objects.exists()
    assert not Event.objects.exists()
    assert not Seen.objects.exists()
    assert sum(ErasedName.objects.values_list("dropped", flat=True)) == 3


def ana_again() -> None:
    with pytest.raises(Profile.DoesNotExist):
        ana()


@pytest.mark.django_db
def test_pitfall_05_an_erased_person_does_not_return_by_what_still_waited():
    her, other = ana(), chen()
    late = track("ana", "purchase", "ana-late")
    theirs = {"type": "page", "anonymousId": "cookie-chen", "messageId": "chen-2"}
    ingest.accept(source=website(), events=[late, theirs], at=LATER)
    request = forgotten(her)
    assert request.counts["inbox"] == 1
    fold.drain(at=LATER)
    assert Event.objects.filter(alias__profile=other).count() == 2
    assert not Event.objects.filter(name="purchase").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "call",
    [
        {"type": "identify", "userId": "ana", "anonymousId": "a new cookie"},
        {"type": "identify", "userId": "ana-2", "traits": {"email": " ANA@example.org"}},
        {"type": "identify", "userId": "Ana@Example.org"},
        {"type": "alias", "userId": "ana-2", "previousId": "ana"},
        {"type": "track", "event": "x", "anonymousId": "new", "context": {
            "traits": {"email": "ana@example.org"}}},
        {"type": "track", "event": "x", "anonymousId": "new", "properties": {
            "email": "ana@example.org"}},
    ],
    ids=["identify", "by-address", "address-as-id", "alias", "in-context", "in-properties"],
)  # fmt: skip
def test_pitfall_05_an_erased_person_does_not_return_under_a_new_name(call):
    forgotten(ana())
    happened({**call, "messageId": "again"}, at=LATER)
    assert not Profile.objects.exists()
    assert not ContactPoint.objects.exists()
    assert not Event.objects.exists()
    assert sum(ErasedName.objects.values_list("dropped", flat=True)) == 1


@pytest.mark.django_db
def test_somebody_else_at_her_browser_is_kept_without_her_cookie():
    forgotten(ana())
    happened(
        {"type": "identify", "userId": "bruno", "anonymousId": "cookie-ana", "messageId": "b-1"},
        at=LATER,
    )
    event = Event.objects.get()
    assert (event.user_id, event.anonymous_id) == ("bruno", None)
    assert list(Alias.objects.values_list("value", flat=True)) == ["bruno"]


@pytest.mark.django_db
def test_under_an_old_key_she_is_still_known(settings):
    settings.ERASURE_KEYS = ["the old key"]
    forgotten(ana())
    settings.ERASURE_KEYS = ["the new key", "the old key"]
    ana_again()
    settings.ERASURE_KEYS = ["the new key"]
    assert ana()


@pytest.mark.django_db
def test_of_a_shared_device_others_keep_what_they_did_without_her_id():
    her = ana()
    happened(
        {"type": "identify", "userId": "bruno", "anonymousId": "cookie-ana", "messageId": "b-1"},
        {"type": "track", "event": "Looked", "anonymousId": "cookie-ana", "messageId": "b-2"},
        at=LATER,
    )
    bruno = Profile.objects.get(aliases__value="bruno")
    assert set(Event.objects.of(bruno).values_list("name", flat=True)) == {"Identified", "Looked"}
    forgotten(her)
    assert set(Event.objects.of(bruno).values_list("name", flat=True)) == {"Identified", "Looked"}
    assert Event.objects.count() == 2
    assert not Event.objects.exclude(anonymous_id=None).exists()
    assert not Alias.objects.filter(value="cookie-ana").exists()
    assert not Profile.objects.filter(public_id=her.public_id).exists()


@pytest.mark.django_db
def test_by_command_she_is_exported_shown_and_forgotten(tmp_path, capsys):
    her = ana()
    call_command("export_person", "ana@example.org", "--to", str(tmp_path / "ana.zip"))
    assert zipfile.ZipFile(tmp_path / "ana.zip").testzip() is None
    assert (tmp_path / "ana.zip").stat().st_mode & 0o077 == 0
    call_command("erase_person", str(her.public_id))
    assert "3 events" in capsys.readouterr().out
    assert Event.objects.count() == 3
    call_command("erase_person", str(her.public_id), "--yes")
    assert "3 events" in capsys.readouterr().out
    assert not Event.objects.exists()
    with pytest.raises(CommandError, match="Nobody is known"):
        call_command("erase_person", "ana@example.org")


@pytest.mark.django_db
def test_the_worker_does_what_was_asked_and_tries_again_what_failed(monkeypatch):
    request = erase.request(Person.of(ana().pk), by=None, at=NOON)

    def away(*args, **kwargs):
        raise ConnectionError("ana@example.org can't be reached")

    with monkeypatch.context() as broken:
        broken.setattr("customers.consent.forget", away)
        tasks.erase()
    request.refresh_from_db()
    assert (request.state, request.failure) == ("FAILED", "builtins.ConnectionError")
    tasks.erase()
    request.refresh_from_db()
    assert (request.state, request.failure, request.attempts) == ("DONE", "", 2)


@pytest.mark.django_db
def test_an_export_takes_no_more_memory_for_more_events(monkeypatch):
    monkeypatch.setattr(sift, "BITE", 50)
    her = ana()

    def peak(more):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO customers_event (id, received_at, at, position, source_id, message_id,"
                " type, name, alias_id, profile_id, properties, context)"
                " SELECT nextval('customers_event_id'), received_at, at, 0, source_id,"
                " message_id || i, type, name, alias_id, profile_id,"
                " jsonb_build_object('title', repeat('x', 2000)), '{}'"
                " FROM customers_event, generate_series(1, %s) i WHERE message_id = 'ana-2'",
                [more],
            )
        tracemalloc.start()
        counts = export.write(Person.of(her.pk), to=Nowhere(), at=LATER)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return counts["events"], most

    peak(0)
    few, little = peak(200)
    many, much = peak(1500)
    assert (few, many) == (203, 1703)
    # All of them would be more than three megabytes.
    assert much - little < 1_000_000


class Nowhere(io.RawIOBase):
    """A file that keeps nothing."""

    def writable(self):
        return True

    def write(self, data):
        return len(data)


@pytest.mark.django_db
def test_who_comes_out_of_an_old_backup_is_forgotten_again(capsys):
    forgotten(ana())
    chen()
    # The backup knows her, and the digests were loaded into it.
    restored = list(ErasedName.objects.all())
    ErasedName.objects.all().delete()
    her = ana()
    ErasedName.objects.bulk_create(restored)
    call_command("erase_person", "--again")
    assert "again: 1." in capsys.readouterr().out
    assert not Profile.objects.filter(pk=her.pk).exists()
    assert list(Alias.objects.values_list("value", flat=True)) == ["cookie-chen"]
    assert erase.again(at=LATER) == 0
