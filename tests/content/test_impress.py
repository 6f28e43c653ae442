"""What was shown is counted once a day, every arm alike, and only where counting is allowed."""

from __future__ import annotations

import pytest
import redis

from content.models import HomePage
from customers import consent, fold
from customers.models import Alias, Event
from dxp.lib import clock, hints

pytestmark = pytest.mark.django_db


@pytest.fixture
def look(pages, monkeypatch, at):
    """Ask for the front page's slot at a moment; return what was counted so far."""

    def looked(visitor, moment=at):
        monkeypatch.setattr(clock, "now", lambda: moment)
        asked = {"page": pages.home.pk, "s": pages.slot, "rev": "1"}
        assert visitor.get("/_x/slots", asked).status_code == 200
        fold.drain(at=moment)
        shown = Event.objects.filter(name="Slot Shown").order_by("id")
        return [one.properties for one in shown]

    return looked


def arms(found):
    return [(one["arm"], one["reason"]) for one in found]


class TestImpression:
    def test_says_what_was_shown_and_why(self, pages, look, ana):
        page = HomePage.objects.get(pk=pages.home.pk)
        variant = page.slots()[pages.slot].value["variants"].bound_blocks[0].id

        assert look(ana) == [
            {"slot": pages.slot, "page_id": page.pk, "variant": variant, "arm": "variant",
             "reason": "segment"}
        ]  # fmt: skip

    def test_is_counted_once_a_day(self, look, ana, at):
        from datetime import timedelta

        look(ana)
        assert len(look(ana, at + timedelta(hours=2))) == 1
        assert len(look(ana, at + timedelta(days=1, minutes=1))) == 2

    def test_is_counted_once_without_redis_too(self, look, ana, monkeypatch):
        class Away:
            def __getattr__(self, _name):
                raise redis.ConnectionError("away")

        monkeypatch.setattr(hints, "client", Away)

        look(ana)
        assert len(look(ana)) == 1

    def test_counts_the_default_and_the_control_group_too(self, pages, look, known, readers, at):
        assert arms(look(known())) == [("default", "no-match")]
        pages.home.body = pages.front(readers, control=100)
        pages.home.save()

        assert arms(look(known(articles=3)))[1:] == [("control", "control")]

    def test_control_group_is_counted_for_what_it_would_have_seen(self, pages, look, ana, readers):
        pages.home.body = pages.front(readers, control=100)
        pages.home.save()
        slot = HomePage.objects.get(pk=pages.home.pk).slots()[pages.slot]

        assert look(ana)[0]["variant"] == slot.value["variants"].bound_blocks[0].id

    def test_needs_consent_to_statistics(self, look, ana, chen, bruno, at):
        alias = Alias.objects.get(value=ana.aid)
        consent.record(purpose="tracking", state="WITHDRAWN", method="staff", alias=alias, at=at)

        for visitor in (ana, chen, bruno):
            assert look(visitor) == []

    def test_costs_nothing_more_the_second_time(self, look, ana, pages, django_assert_num_queries):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        asked = f"/_x/slots?page={pages.home.pk}&s={pages.slot}&rev=1"
        look(ana)
        with CaptureQueriesContext(connection) as found:
            ana.get(asked)

        assert not [one for one in found if "customers_inbox" in one["sql"]]
        assert len(found) <= 9
