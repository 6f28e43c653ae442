"""Damage is named and mended by its range alone; a restored database takes its files over."""

from __future__ import annotations

import io
import itertools
import json
import os
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from analytics import collect, compact, health, query, repair, rewrite, tasks
from analytics.measures import names, pages
from analytics.models import Chunk, Damage, Era
from dxp.lib import clock
from dxp.users.models import User
from tests.analytics.world import DAY, END, happen, make_room

NOON = DAY + timedelta(hours=12)


def seen(lake):
    table = query.ask(names.seen, lake=lake, at=END, start=DAY, end=END, cached=False)
    return sum(row[1] for row in table.rows), table.engine


def live():
    return list(Chunk.objects.filter(retired_at=None).order_by("lo"))


def spoil(lake, chunk):
    """Change a byte in the middle: as long as before, and another file."""
    file = lake.folder / chunk.path
    told = bytearray(file.read_bytes())
    told[len(told) // 2] ^= 255
    file.write_bytes(told)


def sealed(lake, *people):
    for person in people:
        happen(person, NOON)
    return collect.seal(lake=lake, at=NOON)


def execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


class TestMend:
    def test_a_lost_file_is_named_and_only_its_own_transactions_are_read_again(self, lake, caplog):
        kept, lost = sealed(lake, 1, 2), sealed(lake, 3)
        (lake.folder / lost.path).unlink()
        assert seen(lake) == (3, "postgresql")

        (damage,) = repair.mend(lake=lake, at=NOON)

        assert lost.path in caplog.text
        assert (damage.reason, damage.rows, damage.rebuilt, damage.lost) == ("MISSING", 1, 1, 0)
        new = live()
        assert new[0].path == kept.path
        assert (new[1].lo, new[1].hi, new[1].rows) == (lost.lo, lost.hi, 1)
        assert seen(lake) == (3, "duckdb")
        assert repair.mend(lake=lake, at=NOON) == []

    def test_a_file_of_another_length_is_found_without_reading_it(self, lake):
        cut = sealed(lake, 1)
        with (lake.folder / cut.path).open("ab") as file:
            file.write(b"x")

        (damage,) = repair.mend(lake=lake, at=NOON)
        assert (damage.path, damage.reason) == (cut.path, "SPOILT")

    def test_a_changed_byte_is_found_by_reading(self, lake):
        spoilt = sealed(lake, 1)
        sealed(lake, 2)
        spoil(lake, spoilt)
        assert repair.mend(lake=lake, at=NOON) == []

        (damage,) = repair.mend(lake=lake, at=NOON, deep=True)
        assert damage.path == spoilt.path
        assert seen(lake) == (2, "duckdb")

    def test_a_changed_byte_stops_a_merge_and_is_mended_at_the_next_tick(self, lake):
        spoilt, whole = sealed(lake, 1), sealed(lake, 2)
        spoil(lake, spoilt)

        assert compact.compact(lake=lake, at=NOON) == 0
        assert [chunk.path for chunk in live()] == [spoilt.path, whole.path]
        tasks.seal()
        assert Damage.objects.get().mended_at
        assert compact.compact(lake=lake, at=NOON) == 1
        assert seen(lake) == (2, "duckdb")

    def test_what_postgresql_no_longer_holds_is_counted_and_said(self, lake, caplog):
        lost = sealed(lake, 1, 2, 3)
        execute("DELETE FROM customers_event WHERE profile_id < 3")
        assert health.worries(lake=lake, at=NOON) == []
        spoil(lake, lost)

        (damage,) = repair.mend(lake=lake, at=NOON, deep=True)

        assert (damage.rebuilt, damage.lost) == (1, 2)
        assert "2 are lost" in caplog.text
        (worry,) = health.worries(lake=lake, at=NOON)
        assert worry.words == "2 events were lost with a damaged file."
        assert seen(lake) == (1, "duckdb")

    def test_a_file_all_of_whose_events_are_gone_leaves_no_file(self, lake):
        lost = sealed(lake, 1)
        sealed(lake, 2)
        execute("DELETE FROM customers_event WHERE profile_id = 1")
        (lake.folder / lost.path).unlink()

        (damage,) = repair.mend(lake=lake, at=NOON)
        assert damage.lost == 1
        assert [chunk.rows for chunk in live()] == [1]
        happen(3, NOON)
        assert seen(lake) == (2, "duckdb")

    def test_all_files_gone_are_all_built_anew(self, lake):
        for person in range(3):
            sealed(lake, person)
        for file in lake.events.iterdir():
            file.unlink()

        assert len(repair.mend(lake=lake, at=NOON)) == 3
        assert seen(lake) == (3, "duckdb")


class TestLayout:
    @pytest.fixture
    def older(self, lake, monkeypatch):
        """Return a file that an older version wrote: without titles, with a column of its own."""
        happen(1, NOON, title="Home")
        happen(2, NOON, title="Loans")
        columns = {name: told for name, told in collect.COLUMNS.items() if name != "title"}
        with monkeypatch.context() as patch:
            patch.setattr(collect, "COLUMNS", columns | {"color": ("text", "'red'")})
            patch.setattr(collect, "LAYOUT", 7)
            return collect.seal(lake=lake, at=NOON)

    def titles(self, lake):
        (chunk,) = live()
        with collect.engine(lake) as database:
            return database.execute(
                "SELECT title FROM read_parquet($f) ORDER BY id",
                {"f": str(lake.local(chunk.path))},
            ).fetchall()

    def test_is_written_anew_from_postgresql_and_from_the_file_where_it_must(self, lake, older):
        execute("DELETE FROM customers_event WHERE profile_id = 1")

        assert repair.relay(lake=lake, at=NOON) == 1
        (chunk,) = live()
        assert (chunk.layout, chunk.lo, chunk.hi) == (collect.LAYOUT, older.lo, older.hi)
        assert self.titles(lake) == [(None,), ("Loans",)]
        assert repair.relay(lake=lake, at=NOON) == 0

    def test_does_not_bring_the_erased_back(self, lake, older):
        execute("DELETE FROM customers_event WHERE profile_id = 1")
        rewrite.condemn(alias_ids=[1], at=NOON)

        assert rewrite.rewrite(lake=lake, at=NOON) == 0
        repair.relay(lake=lake, at=NOON)
        assert self.titles(lake) == [("Loans",)]

    def test_until_then_postgresql_answers_what_the_file_does_not_tell(self, lake, older):
        happen(3, NOON, title="Home")
        asked = {"at": END, "start": DAY, "end": END, "limit": 9}
        ours = query.ask(pages.top, lake=lake, cached=False, **asked)
        assert ours.rows == query.on_postgres(pages.top, **asked).rows

    def test_files_of_two_layouts_are_not_merged(self, lake, older):
        sealed(lake, 3)
        assert compact.compact(lake=lake, at=NOON) == 0
        tasks.compact()
        assert seen(lake) == (3, "duckdb")
        assert {chunk.layout for chunk in live()} == {collect.LAYOUT}


class TestSlices:
    def test_days_of_a_standstill_become_a_file_each(self, lake):
        make_room(DAY, DAY + timedelta(days=2))
        for day in range(3):
            for person in range(2):
                happen(person, NOON, received_at=DAY + timedelta(days=day, hours=person))

        while collect.seal(lake=lake, at=DAY + timedelta(days=5)):
            continue
        assert [chunk.rows for chunk in live()] == [2, 2, 2]
        assert seen(lake) == (6, "duckdb")
        compact.compact(lake=lake, at=DAY + timedelta(days=5))
        assert [chunk.rows for chunk in live()] == [2, 2, 2]

    def test_a_slice_takes_so_many_and_never_half_a_transaction(self, lake, monkeypatch):
        monkeypatch.setattr(collect, "SLICE", 3)
        for size in (1, 2, 2, 5, 1):
            with transaction.atomic():
                for person in range(size):
                    happen(person, NOON)

        rows = []
        while chunk := collect.seal(lake=lake, at=NOON):
            rows.append(chunk.rows)
        assert sum(rows) == 11
        assert rows == [1, 2, 2, 5, 1]
        assert seen(lake) == (11, "duckdb")


@pytest.fixture
def restored(lake):
    """Yield what makes this database look restored from another; put its column back after."""
    default = "pg_current_xact_id()"

    clusters = (f"elsewhere/{number}" for number in itertools.count())

    def restore(ahead=9_000_000_000):
        former = next(clusters)
        with connection.cursor() as cursor:
            # What the other cluster wrote bears its ids, in rows and in the manifest.
            cursor.execute(
                "UPDATE customers_event SET xid = (xid::text::bigint + %s)::text::xid8", [ahead]
            )
            for chunk in Chunk.objects.order_by("-lo" if ahead > 0 else "lo"):
                chunk.cluster, chunk.hi = former, chunk.hi + ahead
                chunk.lo = chunk.lo and chunk.lo + ahead
                chunk.save()
            cursor.execute(
                "UPDATE analytics_era SET cluster = %s WHERE cluster = %s",
                [former, collect.cluster()],
            )

    Era.objects.all().delete()
    yield restore
    Era.objects.all().delete()
    execute(f"ALTER TABLE ONLY customers_event ALTER COLUMN xid SET DEFAULT {default}")


class TestRestore:
    def test_goes_on_with_its_files_and_what_only_they_hold(self, lake, restored):
        repair.adopt(lake=lake, at=NOON)
        sealed(lake, 1, 2, 3)
        happen(4, NOON)  # in the old tail
        restored()
        # The dump was taken without a month that only the files hold.
        execute("DELETE FROM customers_event WHERE profile_id = 1")
        happen(5, NOON)  # before anybody noticed
        assert collect.seal(lake=lake, at=NOON) is None

        assert repair.adopt(lake=lake, at=NOON)
        assert not repair.adopt(lake=lake, at=NOON)

        assert seen(lake) == (5, "duckdb")
        assert [chunk.alone for chunk in live()] == [1]
        happen(6, NOON)
        assert collect.seal(lake=lake, at=NOON).rows == 3
        assert seen(lake) == (6, "duckdb")
        assert collect.seal(lake=lake, at=NOON) is None
        happen(7, NOON)
        assert seen(lake) == (7, "duckdb")
        assert repair.mend(lake=lake, at=NOON, deep=True) == []

    def test_until_then_answers_say_that_they_are_not_whole(self, lake, restored):
        repair.adopt(lake=lake, at=NOON)
        sealed(lake, 1)
        asked = {"at": END, "start": DAY, "end": END, "cached": False}
        assert query.ask(names.seen, lake=lake, **asked).whole
        restored()
        assert not query.ask(names.seen, lake=lake, **asked).whole
        repair.adopt(lake=lake, at=NOON)
        assert query.ask(names.seen, lake=lake, **asked).whole

    def test_what_only_files_hold_is_in_answers_however_long_the_tail_is(self, lake, monkeypatch):
        sealed(lake, 1, 2)
        execute("DELETE FROM customers_event WHERE profile_id = 1")
        repair.mend(lake=lake, at=NOON, deep=True)
        happen(3, NOON)
        monkeypatch.setattr(query, "BIG_TAIL", 0)
        assert seen(lake) == (3, "duckdb")

    def test_once_more_into_a_third(self, lake, restored):
        repair.adopt(lake=lake, at=NOON)
        for person in (1, 2):
            sealed(lake, person)
            happen(person, NOON)
            restored()
            happen(person, NOON)
            assert repair.adopt(lake=lake, at=NOON)
        while collect.seal(lake=lake, at=NOON):
            continue
        assert seen(lake) == (6, "duckdb")
        assert sum(chunk.rows for chunk in live()) == 6

    def test_into_a_cluster_whose_ids_are_higher(self, lake, restored):
        repair.adopt(lake=lake, at=NOON)
        sealed(lake, 1)
        happen(2, NOON)
        restored(ahead=-500)
        assert repair.adopt(lake=lake, at=NOON)
        assert Era.objects.get(pk=collect.cluster()).ahead == 0
        happen(3, NOON)
        collect.seal(lake=lake, at=NOON)
        assert seen(lake) == (3, "duckdb")
        assert sum(chunk.rows for chunk in live()) == 3

    def test_what_was_recorded_under_ids_that_files_claim_is_not_lost(self, lake, restored):
        """The mutant: taking the manifest over as it is."""
        repair.adopt(lake=lake, at=NOON)
        sealed(lake, 1)
        restored(ahead=0)
        execute("UPDATE analytics_chunk SET hi = hi + 1000000")
        happen(2, NOON)
        naive = {"cluster": collect.cluster()}
        Chunk.objects.update(**naive)
        assert seen(lake) == (1, "duckdb")

        Chunk.objects.update(cluster="elsewhere/1")
        assert repair.adopt(lake=lake, at=NOON)
        assert seen(lake) == (2, "duckdb")

    def test_without_its_files_builds_them_anew(self, lake, restored):
        repair.adopt(lake=lake, at=NOON)
        chunk = sealed(lake, 1, 2)
        restored()
        happen(3, NOON)
        (lake.folder / chunk.path).unlink()

        tasks.seal()
        # The range also holds what this cluster wrote before anybody noticed.
        assert Damage.objects.get().rebuilt == 3
        assert seen(lake) == (3, "duckdb")

    def test_before_the_first_file_counts_on_as_well(self, lake, restored):
        repair.adopt(lake=lake, at=NOON)
        happen(1, NOON)
        restored()
        happen(2, NOON)
        repair.adopt(lake=lake, at=NOON)

        assert sealed(lake, 3).rows == 3
        assert seen(lake) == (3, "duckdb")

    def test_waits_while_somebody_writes_and_keeps_nobody_waiting(
        self, lake, restored, other, monkeypatch
    ):
        monkeypatch.setattr(repair, "PATIENCE", "100ms")
        repair.adopt(lake=lake, at=NOON)
        sealed(lake, 1)
        restored()
        happen(2, NOON, on=other)

        assert not repair.adopt(lake=lake, at=NOON)
        other.commit()
        assert repair.adopt(lake=lake, at=NOON)
        assert seen(lake) == (2, "duckdb")


class TestHealth:
    def test_tells_what_lies_there_and_what_waits(self, lake):
        sealed(lake, 1, 2)
        happen(3, NOON, received_at=NOON)

        found = health.look(lake=lake, at=NOON + timedelta(minutes=3))
        assert (found.files, found.rows, found.waiting.rows) == (1, 2, 1)
        assert found.waiting.lag == timedelta(minutes=3)
        assert found.bytes == sum(file.stat().st_size for file in lake.events.iterdir())
        assert health.worries(lake=lake, at=NOON + timedelta(minutes=3)) == []

    def test_who_holds_the_watermark_back_is_named(self, lake, other, monkeypatch):
        monkeypatch.setattr(health, "NOTABLE", timedelta(0))
        monkeypatch.setattr(health, "LONG", timedelta(0))
        other.execute("SET application_name = 'A forgotten import'")
        other.commit()
        happen(1, NOON, on=other)
        happen(2, NOON)
        collect.seal(lake=lake, at=NOON)

        at = clock.now()
        (worry,) = health.worries(lake=lake, at=at)
        assert "A forgotten import" in worry.words
        assert str(other.info.backend_pid) in worry.words
        assert worry.url_name == "analytics_lake"
        other.rollback()
        assert health.waiting(at=at).holders == []

    def test_a_reader_holds_nobody_up(self, lake, other, monkeypatch):
        monkeypatch.setattr(health, "NOTABLE", timedelta(0))
        other.execute("SELECT count(*) FROM customers_event")
        assert health.waiting(at=NOON).holders == []

    def test_says_when_nobody_files(self, lake):
        happen(1, NOON, received_at=NOON)
        (worry,) = health.worries(lake=lake, at=NOON + timedelta(hours=1))
        assert "worker" in worry.words

    def test_what_the_clock_did_is_remembered(self, lake):
        happen(1, NOON)
        for work in (tasks.seal, tasks.compact, tasks.verify, tasks.rewrite):
            work()
        assert set(health.look(lake=lake, at=NOON).done) == {
            "seal", "compact", "verify", "rewrite",
        }  # fmt: skip


def said(*arguments):
    out = io.StringIO()
    try:
        call_command("lake", *arguments, stdout=out)
    except SystemExit as ended:
        return out.getvalue(), ended.code
    return out.getvalue(), 0


class TestCommand:
    def test_status(self, lake):
        sealed(lake, 1, 2)
        words, code = said("status")
        assert code == 0
        assert "1 with 2 events" in words
        told = json.loads(said("status", "--json")[0])
        assert (told["files"], told["rows"], told["waiting"]["rows"]) == (1, 2, 0)

    def test_verify_names_what_is_damaged_and_rebuild_mends_it(self, lake):
        spoilt = sealed(lake, 1, 2)
        sealed(lake, 3)
        assert said("verify") == ("2 files read, 0 damaged.\n", 0)
        spoil(lake, spoilt)

        words, code = said("verify")
        assert code == 1
        assert f"{spoilt.path}: the file is not what was written, 2 events" in words
        assert said("status")[1] == 1
        told, code = said("rebuild", "--damaged", "--json")
        assert (json.loads(told), code) == ({"mended": 1, "written": 0, "lost": 0}, 0)
        assert said("verify")[1] == said("status")[1] == 0
        assert seen(lake) == (3, "duckdb")

    def test_rebuild_writes_everything_anew_and_loses_nothing(self, lake):
        before = sealed(lake, 1, 2)
        happen(3, NOON)
        execute("DELETE FROM customers_event WHERE profile_id = 1")

        words, code = said("rebuild")
        assert (code, "2 others written anew" in words) == (0, True)
        assert before.path not in [chunk.path for chunk in live()]
        assert seen(lake) == (3, "duckdb")
        assert "1 events are in files alone" in said("verify")[0]

    def test_rebuild_says_what_is_lost(self, lake):
        chunk = sealed(lake, 1, 2)
        execute("DELETE FROM customers_event WHERE profile_id = 1")
        os.unlink(lake.folder / chunk.path)

        words, code = said("rebuild")
        assert code == 1
        assert "1 of 2 events from PostgreSQL" in words
        assert "1 events are lost" in words


@pytest.mark.django_db
class TestPage:
    def test_tells_mara_and_refuses_omar(self):
        at = reverse("analytics_lake")
        Damage.objects.create(
            path="events/1-2.parquet", reason="MISSING", rows=5, rebuilt=3, first_at=DAY,
            latest_at=DAY, found_at=DAY, mended_at=DAY,
        )  # fmt: skip
        assert signed_in("omar", "access_admin").get(at).status_code == 302

        page = signed_in("mara", "access_admin", "view_reports").get(at)
        text = page.content.decode()
        assert page.status_code == 200
        assert "events/1-2.parquet" in text
        assert "the file is gone" in text


def signed_in(name, *rights):
    user = User.objects.create(username=name)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client
