"""Each visitor sees what is meant for them, by the key of a cache or filled by our server."""

from __future__ import annotations

import gzip
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from content import context, edge, fill, personalize
from content.models import HomePage
from customers import consent, fold, ingest
from customers.models import Alias, TraitDef
from dxp.lib import clock
from tests.content.caching import ARTICLE, translate
from tests.content.conftest import action

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("caching")]


@pytest.fixture
def front(pages, readers, commit):
    """Let the front page greet readers by a slot that arrives this way."""

    def made(delivery, **more):
        home = HomePage.objects.get(pk=pages.home.pk)
        (hero, (kind, slot)) = pages.front(readers)
        home.body = [hero, (kind, {**slot, "delivery": delivery, **more})]
        with commit():
            home.save_revision().publish()

    return made


GREETING, DEFAULT = b"Welcome back, reader", b"New here?"


class TestEdge:
    @pytest.fixture
    def keyed(self, chen, readers):
        """A browser that holds the key of the readers."""
        chen.cookies[edge.COOKIE] = edge.key([readers.pk], at=clock.now())
        return chen

    def test_first_visitors_variant_is_not_the_seconds(self, front, keyed, bruno):
        front("edge")

        first, second, third = keyed.get("/"), bruno.get("/"), keyed.get("/")

        assert GREETING in first.content
        assert GREETING not in second.content
        assert DEFAULT in second.content
        assert third.content == first.content
        assert third["X-DXP-Cache"] == "hit"
        assert bruno.get("/")["X-DXP-Cache"] == "hit"

    def test_cache_that_knows_nothing_of_keys_keeps_no_variant(self, front, keyed, bruno):
        front("edge")

        assert keyed.get("/")["Cache-Control"] == "private, no-store"
        assert keyed.get("/")["Cache-Control"] == "private, no-store"
        assert "public" in bruno.get("/")["Cache-Control"]
        assert "X-DXP-Segments" in bruno.get("/")["Vary"]

    def test_cache_that_sends_the_key_may_keep_it_under_it(self, front, bruno, readers):
        front("edge")
        key = edge.key([readers.pk], at=clock.now())

        answer = bruno.get("/", headers={"x-dxp-segments": key})

        assert GREETING in answer.content
        assert "public" in answer["Cache-Control"]
        assert "X-DXP-Segments" in answer["Vary"]

    def test_key_that_is_not_ours_opens_nothing(self, front, bruno, readers):
        front("edge")
        bruno.cookies[edge.COOKIE] = f"999999.{readers.pk}~forged"

        assert DEFAULT in bruno.get("/").content

    def test_segments_that_a_page_does_not_declare_make_no_copy(self, front, bruno, readers):
        front("edge")
        bruno.get("/")
        bruno.cookies[edge.COOKIE] = edge.key([readers.pk + 500], at=clock.now())

        assert bruno.get("/")["X-DXP-Cache"] == "hit"

    def test_page_without_such_slots_has_one_copy(self, pages, keyed, bruno):
        bruno.get(ARTICLE)

        answer = keyed.get(ARTICLE)

        assert answer["X-DXP-Cache"] == "hit"
        assert answer["Vary"] == "Accept-Encoding"

    def test_published_change_reaches_every_copy(self, front, keyed, bruno, publish, pages):
        front("edge")
        for visitor in (keyed, bruno):
            visitor.get("/")

        publish(pages.home, title="Hearth")

        for visitor in (keyed, bruno):
            assert b"Hearth" in visitor.get("/").content
        assert GREETING in keyed.get("/").content


class TestServer:
    def test_fills_the_place_for_each_and_keeps_the_default_for_others(
        self, front, ana, chen, known
    ):
        front("server")

        for _time in range(2):
            assert GREETING in ana.get("/").content
            assert GREETING not in chen.get("/").content
            assert GREETING not in known().get("/").content
            assert DEFAULT in chen.get("/").content

    def test_nothing_between_us_and_the_visitor_may_keep_it(self, front, ana, chen):
        front("server")

        assert ana.get("/")["Cache-Control"] == "private, no-store"
        assert "ETag" not in ana.get("/")
        assert chen.get("/")["Cache-Control"] == "private, no-cache"
        assert not ana.get("/").cookies

    def test_the_marks_are_gone_and_the_rest_is_the_same(self, front, ana, chen):
        front("server")

        filled, plain = ana.get("/").content, chen.get("/").content

        assert b"<!--" not in filled + plain
        before, _default, after = plain.partition(b"<dxp-slot")
        assert filled.startswith(before)
        assert filled.endswith(after.partition(b"</dxp-slot>")[2])

    def test_costs_no_query_once_it_is_known_who_somebody_is(self, front, ana):
        front("server")
        ana.get("/")

        with CaptureQueriesContext(connection) as queries:
            answer = ana.get("/")

        assert answer["X-DXP-Cache"] == "filled"
        assert len(queries) == 0

    def test_speaks_the_language_of_its_page(self, front, ana, pages, readers, commit):
        link = {"text": "Read it", "page": pages.letter, "url": ""}
        told = [("call_to_action", {"heading": "Reader", "text": "", "link": link})]
        front("server", variants=[{"audience": readers, "content": told}])
        with commit():
            translate(pages.home, "Inicio")
            translate(pages.letter, "Carta", slug="carta")

        for _time in range(2):
            shown = re.search(r"<dxp-slot.*?</dxp-slot>", ana.get("/es/").content.decode(), re.S)[0]
            assert "Reader" in shown
            assert 'href="/es/carta/"' in shown

    def test_is_packed_for_who_can_unpack(self, front, ana, chen):
        front("server")

        for visitor in (ana, chen):
            for _time in range(2):
                plain = visitor.get("/")
                packed = visitor.get("/", headers={"accept-encoding": "gzip"})
                assert packed["Content-Encoding"] == "gzip"
                assert gzip.decompress(packed.content) == plain.content
                assert int(packed["Content-Length"]) == len(packed.content)

    def test_control_group_sees_the_default_and_costs_as_little(self, front, known, readers):
        front("server", control=50)
        crowd = [known(articles=3) for _person in range(8)]
        for visitor in crowd:
            visitor.get("/")

        with CaptureQueriesContext(connection) as queries:
            shown = [GREETING in visitor.get("/").content for visitor in crowd]

        assert shown == [not is_held(visitor) for visitor in crowd]
        assert len(queries) == 0
        # Tests before this one left copies as well; the last is this one's.
        copy = [one for one in fill._copies.values() if one.drawn][-1]
        assert len(copy.bodies) == len(set(shown))

    def test_who_becomes_a_reader_sees_it_on_the_next_page(self, front, known, commit, source, at):
        front("server")
        dana = known(articles=1)
        assert DEFAULT in dana.get("/").content

        event = {
            "type": "track", "event": "Article Viewed", "anonymousId": dana.aid,
            "messageId": "again", "timestamp": at.isoformat(), "properties": {"title": "Cash"},
        }  # fmt: skip
        with commit():
            ingest.accept(source=source, events=[event], at=at)
            fold.drain(at=at)

        assert GREETING in dana.get("/").content

    def test_who_withdraws_sees_the_default_on_the_next_page(self, front, ana, commit, at):
        front("server")
        assert GREETING in ana.get("/").content
        with commit():
            consent.record(
                purpose="personalization", state="WITHDRAWN", method="staff", at=at,
                alias=Alias.objects.get(value=ana.aid),
            )  # fmt: skip

        assert DEFAULT in ana.get("/").content

    def test_hosts_are_not_mixed_up(self, front, ana):
        front("server")
        for _time in range(2):
            for host in ("one.example", "two.example"):
                body = ana.get("/", headers={"host": host}).content
                assert GREETING in body
                assert f"http://{host}/".encode() in body

    def test_words_about_somebody_are_theirs(self, front, ana, known, pages, readers):
        told = action("Hello {{ customer.first_name|you }}")
        front("server", variants=[{"audience": readers, "content": told}])
        dana = known(articles=3)
        profile = Alias.objects.get(value=dana.aid).profile
        TraitDef.objects.update_or_create(
            key="first_name", defaults={"pii": "name", "created_at": clock.now()}
        )
        type(profile).objects.filter(pk=profile.pk).update(traits={"first_name": "Dana"})

        for _time in range(2):
            assert b"Hello you" in ana.get("/").content
            assert b"Hello Dana" in dana.get("/").content

    def test_default_stands_when_deciding_fails(self, front, ana, monkeypatch):
        front("server")

        def fail(**_asked):
            raise RuntimeError("no answer")

        monkeypatch.setattr("content.personalize.decide", fail)
        answer = ana.get("/")

        assert answer.status_code == 200
        assert DEFAULT in answer.content

    def test_robots_see_the_default(self, front, ana):
        front("server")
        ana.defaults["HTTP_USER_AGENT"] = "Mozilla/5.0 (compatible; Examplebot/2.1)"

        assert DEFAULT in ana.get("/").content


def is_held(visitor):
    """Whether the front page's slot keeps somebody in its control group, as the service says."""
    page = HomePage.objects.get(depth=2)
    who = personalize.visitor(anonymous_id=visitor.aid, at=clock.now())
    [decision] = personalize.decide(
        slots=page.slots(), wanted=page.slots(), page=page, who=who,
        context=context.Context(clock.now()), at=clock.now(),
    ).values()  # fmt: skip
    return decision.because == "control"
