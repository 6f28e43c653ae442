"""Where files lie: in a folder, or on S3-compatible storage behind a folder of copies."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from analytics import collect, compact, health, query, repair, rewrite, shelf, tasks
from analytics.measures import names
from analytics.models import Chunk, Damage, ErasedAlias
from analytics.shelf import Bucket, Lake
from tests.analytics import storage
from tests.analytics.world import DAY, END, happen

NOON = DAY + timedelta(hours=12)
NOW = datetime.fromtimestamp(time.time(), UTC)


@pytest.fixture(scope="module")
def url():
    with storage.bucket() as url:
        yield url


@pytest.fixture
def far(url, tmp_path):
    """Return a lake on storage, on a machine without a copy of anything."""
    mine = url.replace("?", f"/{tmp_path.name}?")
    return Lake(tmp_path / "ana", threads=1, bucket=Bucket(mine))


def elsewhere(far, tmp_path, name="bruno", **limits):
    """Return the same lake, seen from another machine."""
    return replace(far, folder=tmp_path / name, bucket=replace(far.bucket, **limits))


def put(lake, words, label="1-2"):
    lake.events.mkdir(parents=True, exist_ok=True)
    draft = lake.events / "draft.tmp"
    draft.write_bytes(words)
    path = shelf.name_of(label, shelf.checksum_of(draft))
    lake.keep(draft, path)
    return path


class TestStorage:
    def test_what_one_machine_keeps_another_one_reads(self, far, tmp_path):
        path = put(far, b"events")
        bruno = elsewhere(far, tmp_path)

        assert bruno.local(path).read_bytes() == b"events"
        assert bruno.local(path).parent == bruno.events
        assert list(bruno.files()) == [path]
        assert bruno.files()[path].bytes == 6

    def test_what_is_dropped_is_nowhere(self, far, tmp_path):
        path = put(far, b"events")
        far.drop(path)
        far.drop(path)

        assert far.files() == {}
        with pytest.raises(FileNotFoundError):
            far.local(path)
        with pytest.raises(FileNotFoundError):
            elsewhere(far, tmp_path).local(path)

    def test_nobody_reads_half_a_file(self, far, tmp_path, monkeypatch):
        path = put(far, b"x" * 300_000)
        bruno = elsewhere(far, tmp_path)
        half, go_on = threading.Event(), threading.Event()
        copy = shelf.shutil.copyfileobj

        def slowly(source, sink, size):
            sink.write(source.read(1000))
            sink.flush()
            half.set()
            go_on.wait(10)
            copy(source, sink, size)

        monkeypatch.setattr(shelf.shutil, "copyfileobj", slowly)
        first = threading.Thread(target=bruno.local, args=(path,))
        first.start()
        half.wait(10)
        # While one reader fetches it, the next one sees no file, and fetches it as well.
        assert not (bruno.folder / path).exists()
        monkeypatch.setattr(shelf.shutil, "copyfileobj", copy)
        assert len(bruno.local(path).read_bytes()) == 300_000
        go_on.set()
        first.join()
        assert [file.name for file in bruno.events.iterdir()] == [path.split("/")[1]]

    def test_what_the_storage_spoils_is_not_taken_for_a_file(self, far, tmp_path):
        path = put(far, b"events")
        root, folder = shelf._storage(far.bucket.url)
        with root.open_output_stream(f"{folder}/{path}") as sink:
            sink.write(b"Events")
        bruno = elsewhere(far, tmp_path)

        with pytest.raises(shelf.Damaged):
            bruno.local(path)
        assert list(bruno.events.iterdir()) == []

    def test_copies_take_so_much_room_and_the_longest_unused_goes(self, far, tmp_path):
        paths = [put(far, b"%d" % n * 1000) for n in range(3)]
        bruno = elsewhere(far, tmp_path, cache=2500)
        for age, path in enumerate(paths[:2]):
            long_ago = time.time() - 3600 + age
            os.utime(bruno.local(path), (long_ago, long_ago))
        # Asked for again: the other one was not for longer.
        bruno.local(paths[0])
        bruno.local(paths[2])

        held = {file.name for file in bruno.events.iterdir()}
        assert held == {paths[0].split("/")[1], paths[2].split("/")[1]}
        assert bruno.local(paths[1]).exists()

    def test_a_question_keeps_what_it_asked_for_even_beyond_the_room(self, far, tmp_path):
        paths = [put(far, b"%d" % n * 1000) for n in range(3)]
        bruno = elsewhere(far, tmp_path, cache=1)

        files = [bruno.local(path) for path in paths]
        assert all(file.exists() for file in files)

    def test_a_copy_nobody_asked_for_in_a_day_goes(self, far, tmp_path):
        path = put(far, b"events")
        bruno = elsewhere(far, tmp_path)
        bruno.local(path)
        bruno.tidy(NOW + shelf.STALE - timedelta(hours=1))
        assert list(bruno.events.iterdir())
        bruno.tidy(NOW + shelf.STALE + timedelta(hours=1))
        assert not list(bruno.events.iterdir())

    def test_the_key_in_its_address_is_not_shown(self, lake):
        keyed = replace(lake, bucket=Bucket("s3://key:word@lake/dxp?region=x"))
        assert health.look(lake=keyed, at=NOON).place == "s3://lake/dxp"


def seen(lake):
    table = query.ask(names.seen, lake=lake, at=END, start=DAY, end=END, cached=False)
    return sum(row[1] for row in table.rows), table.engine


class TestLakeOnStorage:
    """The whole life of a lake, on storage that two machines share."""

    @pytest.fixture
    def lake(self, lake, far):
        return far

    def test_sealed_merged_erased_and_mended(self, lake, tmp_path):
        bruno = elsewhere(lake, tmp_path)
        for person in (1, 2, 3):
            happen(person, NOON)
            collect.seal(lake=lake, at=NOON)
        assert (seen(lake), seen(bruno)) == ((3, "duckdb"), (3, "duckdb"))

        assert compact.compact(lake=lake, at=NOON) == 1
        assert (seen(lake), seen(bruno)) == ((3, "duckdb"), (3, "duckdb"))

        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM customers_event WHERE profile_id = 3")
        rewrite.condemn(alias_ids=[3], at=NOON)
        assert seen(bruno) == (2, "duckdb")
        assert rewrite.rewrite(lake=lake, at=NOON) == 1
        compact.sweep(lake=lake, at=NOON + compact.GRACE * 2)
        assert (seen(bruno), len(lake.files())) == ((2, "duckdb"), 1)

        (chunk,) = Chunk.objects.all()
        lake.drop(chunk.path)
        (mended,) = repair.mend(lake=lake, at=NOON)
        assert (mended.path, mended.lost) == (chunk.path, 0)
        assert seen(elsewhere(lake, tmp_path, "chen")) == (2, "duckdb")

    def test_one_setting_puts_everything_there(self, lake, far, settings, tmp_path):
        settings.LAKE_DIR, settings.LAKE_URL = tmp_path / "copies", far.bucket.url
        happen(1, NOON)
        for work in (tasks.seal, tasks.compact, tasks.verify, tasks.rewrite):
            work()

        (chunk,) = Chunk.objects.filter(retired_at=None)
        assert list(far.files()) == [chunk.path]
        assert health.look(lake=tasks.lake(), at=NOON).place.startswith("s3://lake/dxp/")

    def test_a_spoilt_copy_is_fetched_again_and_no_damage(self, lake):
        happen(1, NOON)
        chunk = collect.seal(lake=lake, at=NOON)
        lake.local(chunk.path).write_bytes(b"no events")

        assert repair.mend(lake=lake, at=NOON, deep=True) == []
        assert not Damage.objects.exists()
        assert seen(lake) == (1, "duckdb")

    def test_leftovers_go_after_a_day_and_nothing_else(self, lake):
        happen(1, NOON)
        chunk = collect.seal(lake=lake, at=NOON)
        left = put(lake, b"a sealer died", "7-8")
        compact.sweep(lake=lake, at=NOW)
        assert set(lake.files()) == {chunk.path, left}
        compact.sweep(lake=lake, at=NOW + timedelta(days=2))
        assert set(lake.files()) == {chunk.path}
        assert not ErasedAlias.objects.exists()

    def test_storage_that_does_not_answer_is_no_damage(self, lake, monkeypatch):
        happen(1, NOON)
        collect.seal(lake=lake, at=NOON)

        def away(url):
            raise OSError("The network is down.")

        monkeypatch.setattr(shelf, "_storage", away)
        with pytest.raises(OSError, match="down"):
            repair.mend(lake=lake, at=NOON)
        happen(2, NOON)
        with pytest.raises(OSError, match="down"):
            collect.seal(lake=lake, at=NOON)
        monkeypatch.undo()
        assert not Damage.objects.exists()
        assert collect.seal(lake=lake, at=NOON).rows == 1
        assert seen(lake) == (2, "duckdb")
