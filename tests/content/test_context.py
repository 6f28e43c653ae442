"""How somebody came: read alike from a page's request and from the script's call."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from content import context

# A Saturday, noon in London.
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"
TABLET = "Mozilla/5.0 (Linux; Android 15; SM-X910) AppleWebKit/537.36 Safari/537.36"
COMPUTER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"


def came(**told):
    told.setdefault("query", {})
    return context.met(at=AT, **told)


class TestReading:
    def test_campaign_stands_in_the_address(self):
        found = came(query={"utm_campaign": "spring", "utm_source": "news", "utm_medium": "email"})

        assert (found.campaign, found.source, found.medium) == ("spring", "news", "email")

    def test_what_a_visit_began_with_is_kept_until_a_new_campaign(self):
        cookie = "campaign=spring&source=news&visits=3&zone=Europe%2FMadrid&referrer=a.example"

        later = came(cookie=cookie)
        again = came(cookie=cookie, query={"utm_source": "ads"})

        assert (later.campaign, later.visits, later.zone) == ("spring", 3, "Europe/Madrid")
        assert later.referrer == "a.example"
        assert (again.campaign, again.source) == ("", "ads")

    def test_a_page_of_our_own_is_no_referrer(self):
        assert came(referrer="https://site.test/a", host="site.test:8000").referrer == ""
        assert came(referrer="https://News.Example/a", host="site.test").referrer == "news.example"

    @pytest.mark.parametrize(
        ("agent", "device"),
        [(PHONE, "phone"), (TABLET, "tablet"), (COMPUTER, "computer"), ("", "")],
    )
    def test_device_is_told_by_the_browser(self, agent, device):
        assert came(agent=agent).device == device

    @pytest.mark.parametrize(
        "told",
        [
            {"query": {"zone": "../../etc/passwd", "visits": "-3", "country": "Spain"}},
            {"query": {"zone": "Mars/Base", "visits": "9" * 30, "device": "fridge"}},
            {
                "query": {"utm_campaign": "\x00" * 9, "referrer": "http://[::1"},
                "languages": "*;q=1",
            },
            {"cookie": "&&==%ff%00", "referrer": "//", "languages": "\x00"},
        ],
    )
    def test_nonsense_is_nothing(self, told):
        assert came(**told) == context.Context(at=AT)

    def test_a_persona_comes_as_it_is_written(self):
        kept = {"campaign": "spring", "device": "phone", "visits": 4, "country": "es"}

        found = context.told(kept, at=AT)

        assert (found.campaign, found.device, found.visits) == ("spring", "phone", 4)
        assert found.country == "ES"


class TestRule:
    @pytest.mark.parametrize(
        ("rule", "told", "holds"),
        [
            ({}, {}, True),
            ({"campaign": ["Spring"]}, {"campaign": "spring"}, True),
            ({"campaign": ["spring", "autumn"]}, {"campaign": "autumn"}, True),
            ({"campaign": ["spring"]}, {}, False),
            ({"referrer": ["news.example"]}, {"referrer": "m.news.example"}, True),
            ({"referrer": ["news.example"]}, {"referrer": "fakenews.example"}, False),
            ({"device": ["phone"], "country": ["es"]}, {"device": "phone", "country": "ES"}, True),
            ({"device": ["phone"], "country": ["es"]}, {"device": "phone"}, False),
            ({"language": ["es"]}, {"language": "es-mx"}, True),
            ({"language": ["es"]}, {"language": "est"}, False),
            ({"weekdays": ["6", "7"]}, {}, True),
            ({"weekdays": ["7"]}, {"zone": "Pacific/Kiritimati"}, True),
            ({"weekdays": ["7"]}, {}, False),
            ({"since": time(9), "until": time(13)}, {}, True),
            ({"since": time(13)}, {"zone": "Europe/Madrid"}, True),
            ({"since": time(13)}, {}, False),
            ({"since": time(22), "until": time(6)}, {"zone": "Asia/Tokyo"}, False),
            ({"since": time(21), "until": time(6)}, {"zone": "Asia/Tokyo"}, True),
            ({"visits_from": 2}, {"visits": 2}, True),
            ({"visits_from": 2}, {"visits": 1}, False),
            ({"visits_to": 1}, {"visits": 1}, True),
            ({"visits_to": 1}, {}, False),
        ],
    )
    def test_holds_when_every_condition_does(self, rule, told, holds):
        assert context.holds(rule, context.Context(at=AT, **told)) is holds

    def test_clock_of_the_site_counts_where_nobody_knows_the_visitors(self):
        rule = {"since": time(13)}

        assert context.holds(rule, context.Context(at=AT), zone="Europe/Madrid")
        assert not context.holds(rule, context.Context(at=AT, zone="UTC"), zone="Europe/Madrid")

    def test_schedule_begins_at_its_first_moment_and_ends_before_its_last(self):
        noon, one = AT, AT.replace(hour=13)

        assert context.running(noon, one, noon)
        assert not context.running(noon, one, one)
        assert context.running(None, None, noon)
