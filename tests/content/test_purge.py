"""Who changes what a page shows has it rendered anew."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import transaction
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Page, Site

from content import pagecache, purge, tasks
from content.models import ArticlePage, HomePage, Topic
from dxp.lib import clock
from tests.content.caching import ARTICLE, how

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("caching")]


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

    def test_name_of_a_topic_is_on_its_articles_and_their_lists(self, pages, chen, commit):
        chen.get(ARTICLE)
        with commit():
            pages.article.save()
        topic = Topic.objects.get(slug="planning")
        topic.name = "Planning well"
        paths = (ARTICLE, "/insights/", "/feed/planning.xml")
        for path in (*paths, "/products/"):
            chen.get(path)
        with commit():
            topic.save()

        for path in paths:
            assert b"Planning well" in chen.get(path).content
        assert how(chen, "/products/") == "hit"

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


def purge_ref(page):
    from django.contrib.contenttypes.models import ContentType

    return ContentType.objects.get_for_model(Page).pk, str(page.pk)
