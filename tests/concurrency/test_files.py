"""Workers are killed while they encrypt, read and tag files: all is done, and nothing is lost."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connections
from wagtail.models import Collection

from content import absorb, background, extract, follow, learn, seal, vault
from content.models import (
    BackgroundTask,
    Document,
    Facet,
    Image,
    SealedCollection,
    TagDue,
    TagSuggestion,
    Term,
)
from dxp.lib.clock import now
from tests.concurrency.workers import Workers
from tests.content import papers

pytestmark = pytest.mark.django_db(transaction=True)
FILES, KILLS = 6, 10
WORDS = b"Nobody but the board may read this. " * 6000


@pytest.fixture
def disk(settings, tmp_path, monkeypatch):
    """Files on a disk, which killed workers leave as it is; slowly written."""
    settings.FILE_KEYS = ["a key " * 8]
    settings.MEDIA_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    }
    settings.TASKS = {"default": {"BACKEND": "content.background.RowBackend"}}
    monkeypatch.setattr(seal, "MOVING", timedelta(seconds=1))
    monkeypatch.setattr(background, "LEASE", timedelta(seconds=0.2))
    monkeypatch.setattr(background, "FIRST_PAUSE", timedelta(seconds=0.1))
    monkeypatch.setattr(background, "MOST_ATTEMPTS", 500)
    read = vault._Sealing._read

    def slowly(self):
        time.sleep(0.005)
        return read(self)

    monkeypatch.setattr(vault._Sealing, "_read", slowly)
    return tmp_path


def documents(count, **told):
    root = Collection.get_first_root_node()
    for number in range(count):
        file = papers.named(f"minutes-{number}.txt", WORDS)
        Document(title=f"Minutes {number}", file=file, collection=root, **told).save()


def kill_until(is_done, *jobs):
    """Let workers do their jobs, kill them at random moments, and wait until all is done."""
    workers = Workers(*jobs)
    try:
        workers.kill_some(KILLS, least=0.02, most=0.1)
        deadline = time.monotonic() + 60
        while not is_done():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        workers.stop()
        connections.close_all()
    assert workers.kills == KILLS


def lie(folder: Path) -> set[str]:
    """The names of all files on the disk, without those of their keys."""
    found = (one for one in folder.rglob("*") if one.is_file() and one.suffix != ".key")
    return {str(one.relative_to(folder)) for one in found}


def test_what_is_to_be_encrypted_is_and_nothing_stays_open(disk):
    documents(FILES)
    root = Collection.get_first_root_node()
    photo = Image(title="Ana", file=papers.named("ana.jpg", papers.photo()), collection=root)
    photo.save()
    photo.get_rendition("width-20")
    board = root.add_child(name="Board")
    SealedCollection.objects.create(collection=board, since=now())
    for model in seal.KINDS:
        model.objects.update(collection=board)

    def is_done():
        tasks = BackgroundTask.objects.exclude(state="DONE")
        return not seal.left() and not tasks.exists()

    jobs = [lambda: seal.settle(at=now())] * 2
    kill_until(is_done, *jobs, lambda: background.step(at=now()))

    kept = [*Document.objects.all(), *Image.objects.all()]
    assert lie(disk) == {one.file.name for one in kept}
    assert all(one.file.name.startswith(vault.PREFIX) for one in kept)
    assert all(WORDS[:30] not in one.read_bytes() for one in disk.rglob("*") if one.is_file())
    assert {one.file.read() for one in Document.objects.all()} == {WORDS}
    # Opens, and is whole.
    assert photo.__class__.objects.get().get_rendition("width-30").width == 30


def test_a_document_is_read_once_its_reader_lives(disk, monkeypatch):
    documents(FILES)

    def text(file, **_how):
        time.sleep(0.05)
        return extract.Reading(file.read().decode()[:100], "en")

    monkeypatch.setattr(extract, "text", text)
    kill_until(
        lambda: not Document.objects.filter(reading="WAITING").exists(),
        *[lambda: absorb.absorb(languages=["en"])] * 2,
    )

    assert set(Document.objects.values_list("reading", "text")) == {("READ", WORDS[:100].decode())}


def test_what_was_written_is_tagged_once(disk, monkeypatch):
    facet = Facet.objects.create(name="Who", slug="who")
    term = Term.objects.create(facet=facet, name="Board", slug="board")
    documents(FILES)
    via = SimpleNamespace(facet=facet.pk, tagger="words", model_id=None)

    def guess(_text):
        time.sleep(0.03)
        return [(SimpleNamespace(term=term.pk, confidence=0.9, reason={}), via)]

    monkeypatch.setattr(learn, "guess", guess)
    monkeypatch.setattr(follow, "LEASE", timedelta(seconds=0.3))
    kill_until(
        lambda: not TagDue.objects.exists(),
        *[lambda: follow.step(at=now() + follow.PAUSE)] * 2,
    )

    found = Counter(TagSuggestion.objects.values_list("object_id", flat=True))
    assert found == dict.fromkeys(Document.objects.values_list("pk", flat=True), 1)
