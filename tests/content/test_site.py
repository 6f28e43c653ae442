"""Search, what machines ask for, the pages of errors, and the weight of the tracker."""

from __future__ import annotations

import gzip
import re
from datetime import date
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from wagtail.models import PageViewRestriction

from content.models import ArticlePage
from dxp.users.models import User

pytestmark = pytest.mark.django_db
STATIC = Path(__file__).resolve().parent.parent.parent / "static"


class TestSearch:
    def test_finds_words_of_the_text(self, pages, chen):
        assert "Cash" in chen.get("/search/", {"q": "months"}).content.decode()
        assert "0 pages found" in chen.get("/search/", {"q": "zeppelin"}).content.decode()

    def test_shows_nothing_private_or_unlisted(self, pages, chen):
        pages.thanks.intro = "months"
        pages.thanks.save()
        assert "1 page found" in chen.get("/search/", {"q": "months"}).content.decode()
        PageViewRestriction.objects.create(page=pages.article, restriction_type="login")

        assert "0 pages found" in chen.get("/search/", {"q": "months"}).content.decode()

    @pytest.mark.parametrize("words", ["", "\x00", "'\"<script>&|!:*", "x" * 5000])
    def test_bears_any_words(self, pages, chen, words):
        answer = chen.get("/search/", {"q": words})

        assert answer.status_code == 200
        assert "<script>&" not in answer.content.decode()


class TestLongLists:
    @pytest.fixture
    def more(self, pages):
        """Thirty articles, the newest "Cash 29"."""
        for number in range(30):
            article = ArticlePage(
                title=f"Cash {number}", slug=f"cash-{number}", intro="How much?",
                topic=pages.article.topic, published_on=date(2026, 11, 2), body=[],
            )  # fmt: skip
            pages.article.get_parent().add_child(instance=article)

    def test_of_articles_has_pages_with_addresses_of_their_own(self, more, chen):
        first, last = (
            chen.get(path).content.decode() for path in ("/insights/", "/insights/?page=3")
        )

        assert titles(first)[:2] == ["Cash 29", "Cash 28"]
        assert len(titles(first)) == 13
        assert titles(last)[-1] == "Cash"
        assert 'rel="next" href="?page=2"' in first
        assert 'rel="canonical" href="http://testserver/insights/"' in first
        assert 'rel="canonical" href="http://testserver/insights/?page=3"' in last
        assert 'rel="prev" href="?page=2"' in last
        assert "Page 3 of 3" in last
        assert 'rel="next"' not in last

    def test_shows_its_first_picture_at_once(self, more, chen):
        ArticlePage.objects.update(art="hills")

        page = chen.get("/insights/").content.decode()

        assert page.count('fetchpriority="high"') == 1
        assert page.index('fetchpriority="high"') < page.index('loading="lazy"')

    @pytest.mark.parametrize("number", ["0", "4", "-1", "x", "", "9" * 40, "\x00"])
    def test_has_no_page_beyond_its_last(self, more, chen, number):
        assert chen.get("/insights/", {"page": number}).status_code == 404

    def test_is_dropped_from_caches_page_by_page(self, more, pages):
        index = pages.article.get_parent().specific

        assert list(index.get_cached_paths()) == ["/", "/?page=2", "/?page=3"]

    def test_of_results_says_how_many_there_are_in_all(self, more, chen):
        first = chen.get("/search/", {"q": "cash"}).content.decode()
        second = chen.get("/search/", {"q": "cash", "page": "2"}).content.decode()

        assert "31 pages found" in first
        assert 'rel="next" href="?q=cash&amp;page=2"' in first
        assert len(set(found(first)) | set(found(second))) == 31
        assert chen.get("/search/", {"q": "cash", "page": "x"}).status_code == 200


def titles(page):
    return re.findall(r'<h2 class="dxp-article__title"><a [^>]*>([^<]*)</a>', page)


def found(page):
    return re.findall(r'<h2 class="dxp-found__title"><a href="([^"]*)"', page)


class TestGate:
    """What stands before a page that not everybody may read."""

    def test_asks_for_the_password_in_the_house_style_and_tells_nothing(self, pages, chen):
        PageViewRestriction.objects.create(
            page=pages.article, restriction_type="password", password="alder"
        )

        asked = chen.get("/insights/cash/")
        page = asked.content.decode()
        action = re.search(r'<form[^>]*action="([^"]*)"', page)[1]
        wrong = chen.post(action, {"password": "birch", "return_url": "/insights/cash/"})
        chen.post(action, {"password": "alder", "return_url": "/insights/cash/"})

        assert "dxp-gate" in page
        assert "Cash" not in page
        assert "How much?" not in page
        assert "public" not in asked.get("Cache-Control", "")
        assert "dxp-field__fault" in wrong.content.decode()
        assert "How much?" in chen.get("/insights/cash/").content.decode()

    def test_leads_who_works_here_to_sign_in(self, pages, chen):
        PageViewRestriction.objects.create(page=pages.article, restriction_type="login")
        User.objects.create_superuser("mara", "mara@example.com", "x" * 12)

        page = chen.get("/insights/cash/", follow=True)
        form = re.search(r'<form[^>]*action="([^"]*)"', page.content.decode())[1]
        answer = chen.post(
            form, {"username": "mara", "password": "x" * 12, "next": "/insights/cash/"}, follow=True
        )

        assert "dxp-gate" in page.content.decode()
        assert "How much?" in answer.content.decode()


class TestMachines:
    def test_sitemap_lists_public_pages_only(self, pages, chen):
        listed = chen.get("/sitemap.xml").content.decode()

        assert "/insights/cash/</loc>" in listed
        assert "/thanks/" not in listed

    def test_robots_are_told_where_the_sitemap_is(self, chen):
        text = chen.get("/robots.txt").content.decode()

        assert "Sitemap: http://testserver/sitemap.xml" in text
        assert "Disallow: /_x/" in text

    def test_unlisted_pages_say_so(self, pages, chen):
        assert "noindex" in chen.get("/letter/thanks/").content.decode()
        assert "noindex" not in chen.get("/letter/").content.decode()

    def test_pages_name_their_one_address(self, pages, chen):
        page = chen.get("/letter/?utm_source=x").content.decode()

        assert '<link rel="canonical" href="http://testserver/letter/">' in page

    def test_icon_is_found_at_its_old_address(self, chen):
        assert chen.get("/favicon.ico")["Location"].endswith("favicon.svg")


class TestErrors:
    def test_missing_page_keeps_the_house_style(self, pages, chen):
        answer = chen.get("/nowhere/")

        assert answer.status_code == 404
        assert "This path ends here." in answer.content.decode()
        assert not answer.cookies

    def test_failure_page_needs_neither_database_nor_request(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            page = render_to_string("500.html")

        assert "Something went wrong on our side." in page


class TestStyles:
    def test_come_in_one_sheet_that_is_kept_for_good(self, pages, chen):
        page = chen.get("/").content.decode()
        [address] = re.findall(r'<link rel="stylesheet" href="([^"]*)"', page)

        sheet = chen.get(address)
        packed = chen.get(address, headers={"accept-encoding": "gzip"})

        assert sheet.content.startswith(b"/* The order of layers")
        assert b".dxp-menu__panel" in sheet.content
        assert gzip.decompress(packed.content) == sheet.content
        assert "immutable" in sheet["Cache-Control"]
        assert "immutable" not in chen.get("/site.old.css")["Cache-Control"]


class TestWeight:
    @pytest.mark.parametrize(("file", "most"), [("js/track.js", 3072), ("js/site.js", 4096)])
    def test_scripts_keep_their_budget(self, file, most):
        assert len(gzip.compress((STATIC / file).read_bytes())) <= most

    def test_styles_keep_their_budget(self):
        # What visitors load; the admin's own styles are no burden of theirs.
        files = [one for one in (STATIC / "css").rglob("*.css") if one.parent.name != "admin"]
        styles = b"".join(file.read_bytes() for file in files)

        assert len(gzip.compress(styles)) <= 12 * 1024
