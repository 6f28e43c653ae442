"""The traffic report: every number is in the page, leads to its people, and is in a file."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from analytics import desk, query
from analytics.measures.traffic import LEFT
from analytics.questions.base import QuestionError
from analytics.questions.visits import Visits
from customers import rules
from tests.analytics.test_reports import house, rows_of, staff
from tests.analytics.world import happen

ADDRESS = reverse("analytics_traffic")

__all__ = ["house"]


@pytest.fixture
def mara(house, monkeypatch):
    # Tests wait for the answer, however busy the machine is.
    monkeypatch.setattr(desk, "PATIENCE", 60.0)
    return staff("mara", "access_admin", "view_reports", "view_profile")


def table(page, name):
    """Return the rows of one of the page's tables, as they are shown."""
    (drawn,) = [one.drawn for one in page.context["sections"] if one.drawn.id == name]
    return [(line.label, *(cell.text for cell in line.cells)) for line in drawn.lines]


def people_of(client, page, name, row=0, column=0):
    (drawn,) = [one.drawn for one in page.context["sections"] if one.drawn.id == name]
    return client.get(drawn.lines[row].cells[column].url).context["rows"]


class TestVisitors:
    def test_shows_people_visits_and_where_they_came_from(self, mara):
        page = mara.get(ADDRESS)

        assert [tile.value for tile in page.context["tiles"]][:5] == ["2", "2", "2", "1", "100.0 %"]
        assert table(page, "days")[-1][1:] == ("2", "2", "2", "0")
        assert len(table(page, "days")) == 30
        assert table(page, "channels") == [
            ("Direct", "1", "1", "100.0 %"), ("Unassigned", "1", "1", "100.0 %"),
        ]  # fmt: skip

    def test_an_event_is_in_the_report_within_a_second(self, mara, house):
        before = mara.get(ADDRESS).context["tiles"][0].value
        happen(3, house, received_at=house)
        after = mara.get(ADDRESS).context["tiles"][0].value

        assert (before, after) == ("2", "3")

    def test_compares_with_the_days_before(self, mara, house):
        happen(3, house - timedelta(days=35), received_at=house)

        page = mara.get(f"{ADDRESS}?compare=1")

        tile = page.context["tiles"][0]
        assert (tile.change, tile.trend) == ("up 100.0 %", "up")
        assert table(page, "channels")[0] == ("Direct", "1", "1", "100.0 %", "1")

    def test_tells_how_long_visits_last(self, mara, house):
        happen(1, house, LEFT, "track", received_at=house, seconds=40)

        tiles = mara.get(ADDRESS).context["tiles"]

        # One visit of a minute and one of no time; only one of them tells how long was read.
        assert [tile.value for tile in tiles[5:]] == ["30 s", "40 s"]

    def test_a_number_leads_to_its_people(self, mara):
        page = mara.get(ADDRESS)

        channel = people_of(mara, page, "channels", row=1, column=1)
        day = people_of(mara, page, "days", row=-1)

        assert [row["profile"].pk for row in channel] == [2]
        assert {row["profile"].pk for row in day} == {1, 2}

    def test_people_are_for_those_who_may_see_them(self, mara):
        nina = staff("nina", "access_admin", "view_reports")

        page = nina.get(ADDRESS)

        assert page.status_code == 200
        assert reverse("analytics_people") not in page.content.decode()

    def test_says_so_when_nobody_came(self, mara):
        page = mara.get(f"{ADDRESS}?first=2020-01-01&last=2020-01-05")

        assert "Nobody was here" in page.content.decode()

    @pytest.mark.parametrize(
        "odd",
        ["first=2020-02-01&last=2020-01-01", "first=x&last=y", "days=8", "first=2020-01-01",
         "first=0001-01-01&last=0001-01-02"],
    )  # fmt: skip
    def test_odd_days_become_the_last_thirty_with_a_word(self, mara, odd):
        page = mara.get(f"{ADDRESS}?{odd}&basis=nonsense&channel=x&part=y&goal=%00")

        assert page.status_code == 200
        assert page.context["period"].days == 30
        assert "could not be understood" in page.content.decode()

    def test_a_busy_machine_is_said_in_words(self, mara, monkeypatch):
        def refuse(*args, **kwargs):
            raise query.Busy("Too many questions at once.")

        monkeypatch.setattr(desk.Desk, "ask", refuse)

        page = mara.get(ADDRESS)
        assert (page.status_code, "could not be computed" in page.content.decode()) == (503, True)


class TestSections:
    def test_sources_tell_what_they_led_to(self, mara, house):
        happen(2, house, "Bought", "track", received_at=house)

        page = mara.get(f"{ADDRESS}?part=sources&goal=Bought")

        assert table(page, "sources") == [
            ("Direct, or unknown", "1", "1", "100.0 %", "1"),
            ("newsletter", "1", "1", "100.0 %", "1"),
        ]
        bought = people_of(mara, page, "sources", row=1, column=3)
        assert [row["profile"].pk for row in bought] == [2]

    def test_pages_show_where_visits_begin_and_end(self, mara, house):
        happen(1, house, path="/fees/", title="Fees", received_at=house)

        page = mara.get(f"{ADDRESS}?part=pages")

        assert table(page, "pages")[0] == ("Funds \N{EN DASH} /funds/", "2", "2")
        assert table(page, "entries") == [("Funds \N{EN DASH} /funds/", "2", "2", "50.0 %")]
        assert table(page, "exits") == [
            ("Fees \N{EN DASH} /fees/", "1", "1", "1"),
            ("Funds \N{EN DASH} /funds/", "1", "1", "2"),
        ]  # fmt: skip
        left = people_of(mara, page, "exits", column=1)
        assert [row["profile"].pk for row in left] == [1]

    def test_searches_and_documents_have_their_people(self, mara, house):
        for query_, results in [("Fund", 2), ("zeppelin", 0)]:
            happen(1, house, "Searched", "track", received_at=house, query=query_, results=results)
        happen(
            2, house, "Document Downloaded", "track", received_at=house,
            path="/documents/1/fees.pdf", title="Fees",
        )  # fmt: skip

        found = mara.get(f"{ADDRESS}?part=searches")
        taken = mara.get(f"{ADDRESS}?part=documents")

        assert table(found, "searches") == [("fund", "1", "1", "0"), ("zeppelin", "1", "1", "1")]
        assert table(found, "unfound") == [("zeppelin", "1", "1", "1")]
        assert table(taken, "documents") == [("Fees \N{EN DASH} /documents/1/fees.pdf", "1", "1")]
        assert [r["profile"].pk for r in people_of(mara, found, "unfound", column=1)] == [1]
        assert [r["profile"].pk for r in people_of(mara, taken, "documents", column=1)] == [2]

    def test_a_channel_keeps_its_own_visits_alone(self, mara):
        page = mara.get(f"{ADDRESS}?channel=Direct")

        assert page.context["tiles"][0].value == "1"
        assert [row[0] for row in table(page, "channels")] == ["Direct"]

    def test_a_table_becomes_a_question(self, mara):
        page = mara.get(f"{ADDRESS}?part=pages&channel=Direct&days=7")

        url = urlsplit(page.context["sections"][0].question_url)
        assert url.path == reverse("analytics_question_new")
        asked = mara.get(page.context["sections"][0].question_url)
        assert asked.status_code == 200
        assert "Most viewed pages" in asked.content.decode()

    @pytest.mark.parametrize(
        "part", ["visitors", "sources", "pages", "searches", "documents", "single"]
    )
    def test_every_section_can_be_shared_and_fetched(self, mara, part):
        page = mara.get(f"{ADDRESS}?part={part}&compare=1&days=7")

        assert page.status_code == 200
        for section in page.context["sections"]:
            rows = rows_of(mara.get(section.file_url))
            assert len(rows) == len(section.drawn.lines) + 1
            assert parse_qs(urlsplit(section.file_url).query)["days"] == ["7"]

    def test_there_is_no_other_file(self, mara):
        assert mara.get(reverse("analytics_traffic_file", args=["other"])).status_code == 404


class TestAsAQuestion:
    @pytest.mark.parametrize(
        "raw",
        [{"what": "x"}, {"basis": "x"}, {"channel": "x"}, {"goal": {"event": 1}}],
    )
    def test_what_is_no_question_is_said_where(self, raw):
        with pytest.raises(QuestionError) as found:
            Visits.parse(raw)

        assert found.value.path.startswith(next(iter(raw)))

    def test_has_one_spelling(self):
        raw = {
            "what": "sources",
            "basis": "events",
            "channel": "Email",
            "goal": {"event": "Bought"},
        }

        assert Visits.parse(json.loads(json.dumps(raw))).plain() == raw

    @pytest.mark.parametrize(
        ("what", "point"),
        [("channels", {}), ("sources", {"key": ["a"]}), ("pages", {"key": [1]}),
         ("days", {"day": "x", "zone": "UTC"}), ("days", {"day": "2024-01-01", "zone": "../x"})],
    )  # fmt: skip
    def test_a_point_that_is_none_is_refused(self, what, point):
        with pytest.raises(QuestionError):
            Visits(what).people(point)

    def test_views_of_a_page_make_a_segment_that_goes_on(self):
        root = Visits("pages").rule({"key": ["/funds/"]})

        assert rules.parse({"v": 1, "root": root})
        assert Visits("channels").rule({"key": ["Email"]}) is None
