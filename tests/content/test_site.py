"""Search, what machines ask for, the pages of errors, and the weight of the tracker."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from wagtail.models import PageViewRestriction

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
