"""A page is rendered once and then sent ready."""

from __future__ import annotations

import gzip
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import PageViewRestriction

from content import pagecache
from content.models import ArticlePage
from dxp.lib import clock, hints
from dxp.users.models import User
from tests.content.caching import ARTICLE, grow_old, how

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("caching")]


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

    def test_redirect_leads_on_with_where_somebody_came_from(self, pages, chen, commit):
        with commit():
            Redirect.objects.create(old_path="/spring", redirect_link=f"{ARTICLE}#sums")

        slash = chen.get("/insights?utm_source=mail&gclid=x")
        for _time in range(2):
            short = chen.get("/spring?utm_source=mail")
            assert short["Location"] == f"{ARTICLE}?utm_source=mail#sums"
        assert slash["Location"] == "/insights/?utm_source=mail&gclid=x"

    def test_address_that_only_looks_like_another_pages_is_not_kept_as_it(self, pages, chen):
        assert chen.get(f"{ARTICLE}%3Fpage=2").status_code == 404
        assert chen.get("/insights/%23").status_code == 404

        assert chen.get(f"{ARTICLE}?page=2").status_code == 200
        assert "X-DXP-Cache" not in chen.get(f"{ARTICLE}?page=x")

    def test_what_is_missing_is_never_told_to_be_the_same(self, pages, chen):
        tag = chen.get("/insights/none/")["ETag"]

        assert chen.get("/insights/none/", headers={"if-none-match": tag}).status_code == 404

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

    def test_flood_of_addresses_that_lead_nowhere_leaves_nothing_behind(self, pages, chen):
        most = 30_000
        turn = pagecache.begin(b"page:t")
        for number in range(40):
            kept = pagecache.Kept(turn.number, time.time() + 1, 404, [], "", bytes(3_000))
            pagecache.put(turn, kept, ["missing"], most=most, key=b"page:%d" % number)
        client = hints.client()

        assert client.scard("page:by:missing") == client.zcard("page:all") < 12
        assert client.hlen("page:tags") == client.hlen("page:sizes") < 12


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


class TestMoments:
    def test_page_that_changes_soon_is_kept_by_us_alone_and_until_then(
        self, pages, chen, monkeypatch
    ):
        serve, left = ArticlePage.serve, [timedelta(seconds=200)]

        def until(page, request, *args, **kwargs):
            pagecache.until(clock.now() + left[0])
            return serve(page, request, *args, **kwargs)

        monkeypatch.setattr(ArticlePage, "serve", until)
        first, second = chen.get(ARTICLE), chen.get(ARTICLE)
        pagecache.drop_all()
        left[0] = timedelta(days=1)
        later = chen.get(ARTICLE)
        pagecache.drop_all()
        left[0] = timedelta(seconds=-1)

        assert (first["X-DXP-Cache"], second["X-DXP-Cache"]) == ("miss", "hit")
        assert second["Cache-Control"] == "public, no-cache"
        assert "s-maxage=300" in later["Cache-Control"]
        assert all("X-DXP-Cache" not in chen.get(ARTICLE) for _time in range(2))


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
