"""History, sent again through the front door with the official SDK."""

from __future__ import annotations

import gzip
import itertools
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from customers import fold, segment
from customers.management import history
from customers.models import Event, Profile, Source
from dxp.lib import clock
from tests.customers import people

CSV = (
    "user_id,session_id,event,timestamp,revenue\n"
    "ana,s1,product_view,2024-01-04 10:00:00,\n"
    "ana,s1,product_view,2024-01-04 10:00:00,\n"
    "bruno,s2,purchase,2024-01-05 11:30:00,49.5\n"
)


@pytest.fixture
def replay(live_server):
    """Send a file and fold what came; return what the command said."""

    def send(file, source="Shop", **options):
        out = StringIO()
        Source.objects.get_or_create(name="Shop")
        call_command(
            "replay",
            str(file),
            source=source,
            host=live_server.url,
            stdout=out,
            stderr=out,
            **options,
        )
        fold.drain(at=clock.now())
        return out.getvalue()

    return send


@pytest.fixture
def shop(tmp_path):
    file = tmp_path / "shop.csv"
    file.write_text(CSV)
    return file


@pytest.mark.django_db(transaction=True)
class TestReplay:
    def test_sends_each_row_with_its_columns_as_properties(self, replay, shop):
        told = replay(shop)

        assert "3 of 3 events sent, 0 failed." in told
        bought = Event.objects.get(name="purchase")
        assert (bought.user_id, bought.at.isoformat()) == ("bruno", "2024-01-05T11:30:00+00:00")
        assert bought.properties == {"session_id": "s2", "revenue": 49.5}

    def test_keeps_equal_rows_apart_and_changes_nothing_the_second_time(self, replay, shop):
        replay(shop)
        before = list(Event.objects.order_by("id").values_list("message_id", "name"))

        replay(shop)

        assert [name for _id, name in before].count("product_view") == 2
        assert list(Event.objects.order_by("id").values_list("message_id", "name")) == before

    def test_takes_the_write_key_as_well_as_the_name(self, replay, shop):
        made, _new = Source.objects.get_or_create(name="Shop")

        replay(shop, source=made.write_key)

        assert Event.objects.filter(source=made).count() == 3

    def test_fails_loudly_where_the_key_is_wrong(self, replay, shop):
        with pytest.raises(CommandError, match="3 failed"):
            replay(shop, source="not-a-key")

        assert not Event.objects.exists()

    def test_keeps_the_pace_that_was_asked_for(self, replay, shop, monkeypatch):
        slept = []
        monkeypatch.setattr("customers.management.commands.replay.sleep", slept.append)

        replay(shop, speed=3600.0)

        assert 25 < max(slept) < 26  # 25.5 hours at 3600 times real time

    def test_reads_lines_of_json_in_segments_shape_and_flat(self, replay, tmp_path):
        file = tmp_path / "events.jsonl.gz"
        lines = [
            {"type": "identify", "userId": "ana", "traits": {"country": "HR"},
             "timestamp": "2024-01-01T00:00:00Z"},
            {"type": "page", "anonymousId": "c1", "properties": {"path": "/"},
             "messageId": "own-id"},
            {"user_id": "ana", "event": "Clicked", "color": "red", "timestamp": 1704067200},
        ]  # fmt: skip
        file.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))

        replay(file)

        assert Profile.objects.get(aliases__value="ana").traits == {"country": "HR"}
        assert Event.objects.get(message_id="own-id").name == "Page Viewed"
        clicked = Event.objects.get(name="Clicked")
        assert (clicked.properties, clicked.at.year) == ({"color": "red"}, 2024)

    def test_names_the_line_that_belongs_to_nobody_and_sends_the_rest(self, replay, tmp_path):
        file = tmp_path / "events.csv"
        file.write_text("user_id,event\n,lost\nana,kept\n")

        with pytest.raises(CommandError, match="1 of 2 events sent, 1 failed"):
            replay(file)
        fold.drain(at=clock.now())

        assert list(Event.objects.values_list("name", flat=True)) == ["kept"]


class TestHistory:
    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("a.csv", b"user_id,event\na,b,c\n", "Line 2"),
            ("a.csv", b"user_id,event\n\xff\xfe,b\n", "can't be read"),
            ("a.csv", b"user_id,event,timestamp\na,b,soon\n", "'soon' is no time"),
            ("a.csv", b"user_id,event,type\na,b,dance\n", "'dance'"),
            ("a.jsonl", b'{"event": "a"}\n[1]\n', "Line 2 is no JSON object"),
            ("a.jsonl", b"{\n", "Line 1 is no JSON"),
            ("a.jsonl", b'{"event": "a", "properties": 5}\n', "properties is no JSON object"),
            ("a.jsonl.gz", b"not packed", "can't be read"),
        ],
    )
    def test_says_which_line_is_wrong(self, tmp_path, name, content, words):
        file = tmp_path / name
        file.write_bytes(content)

        with pytest.raises(history.BadFile, match=words):
            list(history.read(file))

    def test_gives_each_equal_row_its_own_id_that_stays(self, tmp_path):
        file = tmp_path / "shop.csv"
        file.write_text(CSV)

        first, second = (
            [call.arguments["message_id"] for call in history.read(file)] for _ in "12"
        )

        assert first == second
        assert len(set(first)) == 3


@pytest.mark.dataset
@pytest.mark.django_db(transaction=True)
def test_the_shops_clickstream_gives_its_known_counts(replay, dataset, tmp_path):
    file = next(dataset("clickstream_ecom").glob("*.csv.gz"))

    replay(file)

    made = segment.create(name="Buyers", rule=people.bought(), at=clock.now())
    assert Event.objects.filter(source__name="Shop").count() == 17_808
    assert Profile.objects.filter(state="ACTIVE").count() == 579
    assert made.members.filter(left_at=None).count() == 204

    # What came before is known, row by row.
    again = tmp_path / "again.csv"
    with gzip.open(file, "rt") as rows:
        again.write_text("".join(itertools.islice(rows, 3_000)))
    assert "2999 of 2999 events sent" in replay(again)
    assert Event.objects.filter(source__name="Shop").count() == 17_808
