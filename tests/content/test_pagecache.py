"""A page is rendered once and then sent ready; who changes it has it rendered anew."""

from __future__ import annotations

import gzip
import time
from datetime import timedelta

import msgspec
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, PageViewRestriction, Site

from content import edge, pagecache, purge, tasks
from content.models import ArticlePage, HomePage, Topic
from customers import consent, fold, ingest
from customers.models import Alias, TraitDef
from dxp.lib import clock, hints
from dxp.users.models import User
from tests.content.conftest import action

pytestmark = pytest.mark.django_db
ARTICLE = "/insights/cash/"


@pytest.fixture(autouse=True)
def _kept(settings):
    settings.PAGE_CACHE_MB = 8


@pytest.fixture
def publish(django_capture_on_commit_callbacks):
    """Publish a page with another title, and commit."""

    def published(page, **changed):
        page = type(page).objects.get(pk=page.pk)
        for name, value in changed.items():
            setattr(page, name, value)
        with django_capture_on_commit_callbacks(execute=True):
            page.save_revision().publish()

    return published


@pytest.fixture
def commit(django_capture_on_commit_callbacks):
    return lambda: django_capture_on_commit_callbacks(execute=True)


def how(client, path=ARTICLE, **more):
    return client.get(path, **more)["X-DXP-Cache"]


class TestKeeping:
    def test_second_visitor_gets_the_same_page_without_a_query(self, pages, chen, bruno):
        first = chen.get(ARTICLE)
        with CaptureQueriesContext(connection) as queries:
            second = bruno.get(ARTICLE)

        assert (first["X-DXP-Cache"], second["X-DXP-Cache"]) == ("miss", "hit")
        assert second.content == first.content
        assert b"How much?" in second.content
        assert len(queries) == 0
        assert not second.cookies

    def test_answer_from_the_cache_says_all_that_a_fresh_one_says(self, pages, chen):
        fresh, kept = chen.get(ARTICLE), chen.get(ARTICLE)

        ours = {"X-DXP-Cache"}
        assert {name: value for name, value in fresh.items() if name not in ours} == {
            name: value for name, value in kept.items() if name not in ours
        }
        assert "s-maxage=300" in kept["Cache-Control"]
        assert "default-src" in kept["Content-Security-Policy"]
        assert kept["Vary"] == "Accept-Encoding"
        assert f"page-{pages.article.pk}" in kept["Surrogate-Key"].split()

    def test_is_packed_for_who_can_unpack(self, pages, chen):
        plain = chen.get(ARTICLE)
        packed = chen.get(ARTICLE, headers={"accept-encoding": "gzip, br"})

        assert packed["Content-Encoding"] == "gzip"
        assert int(packed["Content-Length"]) == len(packed.content) < len(plain.content)
        assert gzip.decompress(packed.content) == plain.content

    def test_who_has_it_already_is_told_so(self, pages, chen):
        tag = chen.get(ARTICLE)["ETag"]

        again = chen.get(ARTICLE, headers={"if-none-match": tag})

        assert again.status_code == 304
        assert again.content == b""
        assert again["ETag"] == tag

    def test_head_is_answered_from_the_same_copy(self, pages, chen):
        whole = chen.get(ARTICLE)
        head = chen.head(ARTICLE)

        assert head["X-DXP-Cache"] == "hit"
        assert head.content == b""
        assert int(head["Content-Length"]) == len(whole.content)

    def test_where_somebody_came_from_makes_no_other_page(self, pages, chen):
        chen.get(ARTICLE)

        came = chen.get(f"{ARTICLE}?utm_source=mail&gclid=x&utm_campaign=spring")
        asked = chen.get(f"{ARTICLE}?preview=1")

        assert came["X-DXP-Cache"] == "hit"
        assert "X-DXP-Cache" not in asked

    def test_first_to_come_by_a_campaign_leaves_no_trace_in_the_page(self, pages, chen):
        chen.get(f"{ARTICLE}?utm_source=secret-partner")

        kept = chen.get(ARTICLE)

        assert kept["X-DXP-Cache"] == "hit"
        assert b"secret-partner" not in kept.content

    def test_hosts_have_copies_of_their_own(self, pages, chen):
        chen.get(ARTICLE, headers={"host": "one.example"})

        assert how(chen, headers={"host": "two.example"}) == "miss"
        assert how(chen, headers={"host": "one.example"}) == "hit"

    def test_there_is_never_more_than_there_is_room_for(self, pages, chen):
        turn = pagecache.begin(b"page:t")
        most = 200_000
        for number in range(60):
            kept = pagecache.Kept(turn.number, 9e9, 200, [], "", bytes(9_000))
            pagecache.put(turn, kept, ["t"], most=most, key=b"page:%d" % number)
        client = hints.client()

        assert int(client.get("page:bytes")) <= most
        assert client.zcard("page:all") == client.hlen("page:sizes") < 60
        assert client.exists("page:59")
        pagecache.drop(["t"])
        assert int(client.get("page:bytes")) == 0
        assert not client.exists("page:59")


class TestPassingBy:
    def test_people_who_are_signed_in(self, pages, chen, client):
        client.force_login(User.objects.create_superuser("mara", "mara@example.com", "x" * 12))
        chen.get(ARTICLE)

        assert "X-DXP-Cache" not in client.get(ARTICLE)

    def test_posts_previews_and_what_is_no_page(self, pages, chen):
        chen.get(ARTICLE)
        pages.article.title = "Draft"

        preview = pages.article.make_preview_request(preview_mode="")

        assert b"Draft" in preview.content
        assert "X-DXP-Cache" not in preview
        assert "X-DXP-Cache" not in chen.post(ARTICLE)
        assert "X-DXP-Cache" not in chen.get("/healthz")
        assert "X-DXP-Cache" not in chen.get("/search/?q=cash")
        assert b"Draft" not in chen.get(ARTICLE).content

    def test_pages_that_not_everybody_may_see(self, pages, chen, client, commit):
        chen.get(ARTICLE)
        with commit():
            PageViewRestriction.objects.create(page=pages.article, restriction_type="login")
        client.force_login(User.objects.create_superuser("mara", "mara@example.com", "x" * 12))

        assert client.get(ARTICLE).status_code == 200
        assert chen.get(ARTICLE).status_code == 302

    def test_everything_while_redis_is_away(self, pages, chen, settings, monkeypatch):
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        hints.client.cache_clear()
        try:
            answers = [chen.get(ARTICLE) for _ in range(3)]
        finally:
            monkeypatch.undo()
            hints.client.cache_clear()

        assert [one.status_code for one in answers] == [200, 200, 200]
        assert all("X-DXP-Cache" not in one for one in answers)


class TestPurging:
    def test_published_page_is_shown_at_once(self, pages, chen, publish):
        chen.get(ARTICLE)

        publish(pages.article, title="Cash, again")

        assert b"Cash, again" in chen.get(ARTICLE).content

    def test_lists_show_it_and_others_stay(self, pages, chen, publish):
        for path in ("/insights/", "/products/", "/products/canopy/"):
            chen.get(path)
        publish(pages.article, intro="How very much?")
        # The first publication of all also finds out what the menus are.
        for path in ("/insights/", "/products/", "/products/canopy/"):
            chen.get(path)

        publish(pages.article, intro="How little?")

        assert b"How little?" in chen.get("/insights/").content
        assert how(chen, "/products/") == "hit"
        assert how(chen, "/products/canopy/") == "hit"

    def test_draft_drops_nothing(self, pages, chen, commit):
        chen.get(ARTICLE)
        with commit():
            ArticlePage.objects.get(pk=pages.article.pk).save_revision()

        assert how(chen) == "hit"

    def test_unpublished_page_is_gone_and_new_one_is_there(self, pages, chen, commit, publish):
        chen.get(ARTICLE)
        assert how(chen, "/insights/soon/") == "miss"
        assert how(chen, "/insights/soon/") == "hit"

        with commit():
            ArticlePage.objects.get(pk=pages.article.pk).unpublish()
        assert chen.get(ARTICLE).status_code == 404
        with commit():
            soon = ArticlePage(
                title="Soon", slug="soon", intro="Now", topic=pages.article.topic,
                published_on="2026-11-02", body=[],
            )  # fmt: skip
            Page.objects.get(slug="insights").add_child(instance=soon)
        assert chen.get("/insights/soon/").status_code == 200

    def test_deleted_page_is_gone(self, pages, chen, commit):
        chen.get(ARTICLE)
        with commit():
            ArticlePage.objects.get(pk=pages.article.pk).delete()

        assert chen.get(ARTICLE).status_code == 404
        assert b"How much?" not in chen.get("/insights/").content

    def test_page_comes_and_goes_at_its_time(self, pages, chen, commit):
        assert chen.get("/insights/cash/").status_code == 200
        with commit():
            page = ArticlePage.objects.get(pk=pages.article.pk)
            page.expire_at = clock.now() - timedelta(seconds=1)
            page.save()
        chen.get(ARTICLE)
        with commit():
            tasks.scheduled()
        assert chen.get(ARTICLE).status_code == 404

        with commit():
            page = ArticlePage.objects.get(pk=pages.article.pk)
            page.expire_at, page.go_live_at = None, clock.now() + timedelta(seconds=1)
            page.save_revision().publish()
        assert chen.get(ARTICLE).status_code == 404
        time.sleep(1)
        with commit():
            tasks.scheduled()
        assert chen.get(ARTICLE).status_code == 200

    def test_moved_page_is_at_its_new_place_only(self, pages, chen, commit):
        chen.get(ARTICLE)
        with commit():
            page = ArticlePage.objects.get(pk=pages.article.pk)
            page.slug = "money"
            page.save_revision().publish()

        assert chen.get("/insights/money/").status_code == 200
        assert chen.get(ARTICLE).status_code != 200

    def test_new_name_in_the_menu_is_on_every_page(self, pages, chen, publish):
        chen.get(ARTICLE)

        publish(pages.letter, title="Our letters")

        assert b"Our letters" in chen.get(ARTICLE).content

    def test_pages_that_lead_to_a_page_follow_it(self, pages, chen, commit):
        home = HomePage.objects.get(pk=pages.home.pk)
        link = {"text": "", "page": pages.article, "url": ""}
        home.body = [("call_to_action", {"heading": "Read", "text": "", "link": link})]
        with commit():
            home.save_revision().publish()

        assert pages.home.pk in purge.shown_on([purge_ref(pages.article)])

    def test_name_of_a_topic_is_on_its_articles(self, pages, chen, commit):
        chen.get(ARTICLE)
        with commit():
            pages.article.save()
        chen.get(ARTICLE)
        topic = Topic.objects.get(slug="planning")
        topic.name = "Planning well"
        with commit():
            topic.save()

        assert b"Planning well" in chen.get(ARTICLE).content

    def test_redirect_is_followed_where_nothing_was(self, pages, chen, commit):
        assert chen.get("/old").status_code in {404, 301}
        assert chen.get("/old/").status_code == 404
        with commit():
            Redirect.objects.create(old_path="/old", redirect_link=ARTICLE, is_permanent=True)

        assert chen.get("/old/").status_code == 301

    def test_name_of_the_site_is_on_every_page(self, pages, chen, commit):
        chen.get(ARTICLE)
        with commit():
            site = Site.objects.get(is_default_site=True)
            site.site_name = "Finch & Alder"
            site.save()

        assert how(chen) == "miss"

    def test_change_that_is_taken_back_drops_nothing(self, pages, chen, commit, settings):
        settings.TASKS = {"default": {"BACKEND": "content.background.RowBackend"}}
        chen.get(ARTICLE)
        with commit(), transaction.atomic():
            pages.article.save()
            transaction.set_rollback(True)

        assert how(chen) == "hit"

    def test_is_made_up_for_when_redis_was_away(self, pages, chen, monkeypatch, publish):
        chen.get(ARTICLE)
        monkeypatch.setattr(purge, "_drop_now", lambda tags: None)
        publish(pages.article, title="Cash, again")
        chen.get(ARTICLE)

        purge.repeat.func([], [pagecache.of_page(pages.article.pk)], [], True)

        assert b"Cash, again" in chen.get(ARTICLE).content


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


class TestStorms:
    def test_old_copy_is_sent_while_another_renders(self, pages, chen):
        chen.get(ARTICLE)
        grow_old()
        kept = pagecache.key(f"http://testserver{ARTICLE}")
        turn = pagecache.begin(kept)

        assert turn.ours
        assert how(chen) == "stale"
        pagecache.end(turn)
        assert how(chen) == "miss"
        assert how(chen) == "hit"

    def test_old_copy_is_sent_where_rendering_fails(self, pages, chen, monkeypatch):
        chen.raise_request_exception = False
        good = chen.get(ARTICLE)
        grow_old()

        def fail(*_asked, **_more):
            raise RuntimeError("the database is away")

        monkeypatch.setattr("content.models.ArticlePage.serve", fail)
        answer = chen.get(ARTICLE)

        assert answer.status_code == 200
        assert answer["X-DXP-Cache"] == "stale"
        assert answer.content == good.content

    def test_what_was_rendered_before_a_purge_is_not_kept(self, pages, chen, monkeypatch):
        serve = ArticlePage.serve

        def meanwhile(page, request, *args, **kwargs):
            response = serve(page, request, *args, **kwargs)
            pagecache.drop([pagecache.of_page(page.pk)])
            return response

        monkeypatch.setattr(ArticlePage, "serve", meanwhile)
        assert how(chen) == "miss"
        monkeypatch.setattr(ArticlePage, "serve", serve)

        assert how(chen) == "miss"
        assert how(chen) == "hit"

    def test_what_was_rendered_before_everything_went_is_not_kept(self, pages, chen, monkeypatch):
        serve = ArticlePage.serve

        def meanwhile(page, request, *args, **kwargs):
            pagecache.drop_all()
            return serve(page, request, *args, **kwargs)

        monkeypatch.setattr(ArticlePage, "serve", meanwhile)
        chen.get(ARTICLE)
        monkeypatch.setattr(ArticlePage, "serve", serve)

        assert how(chen) == "miss"


def grow_old():
    """Let the time of everything that is kept pass, but not its last."""
    client = hints.client()
    for key in client.scan_iter("page:*#*"):
        kept = pagecache._decode(client.get(key))
        client.set(key, pagecache._encode(msgspec.structs.replace(kept, fresh_until=1.0)))


def purge_ref(page):
    from django.contrib.contenttypes.models import ContentType

    return ContentType.objects.get_for_model(Page).pk, str(page.pk)
