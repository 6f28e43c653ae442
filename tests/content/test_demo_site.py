"""The demo world's site: built once, whole, and good to read."""

from __future__ import annotations

import re

import pytest
from django.utils.html import strip_tags
from wagtail.models import Page, Revision, Site

from content import absorb
from content.models import ArticlePage, Document, HomePage, Image, ProductPage
from customers import segment
from dxp.demo.site import build_site
from tests.content.conftest import NOW
from tests.copies import WORLDS

pytestmark = pytest.mark.django_db


WORLDS["built"] = lambda: build_site(NOW)


@pytest.fixture
def built(db):
    return list(Page.objects.live().filter(depth__gt=1))


class TestBuildSite:
    def test_makes_a_site_whose_pages_all_answer(self, built, chen):
        assert len(built) >= 14
        for page in built:
            answer = chen.get(page.url)
            assert (page.url, answer.status_code) == (page.url, 200)
            assert len(re.findall(rb"<h1[ >]", answer.content)) == 1

    def test_links_lead_to_pages_that_are_there(self, built, chen):
        pages = [chen.get(page.url).content.decode() for page in built]
        links = {link for page in pages for link in re.findall(r'href="(/[^"#?]*)', page)}

        broken = {
            link
            for link in links
            if not link.startswith("/static/") and chen.get(link).status_code != 200
        }
        assert broken == set()

    def test_takes_the_place_of_wagtails_welcome(self, built):
        site = Site.objects.get(is_default_site=True)

        assert site.site_name == "Alder & Finch"
        assert isinstance(site.root_page.specific, HomePage)
        assert not Page.objects.filter(title__startswith="Welcome to your new").exists()

    def test_changes_nothing_the_second_time(self, built, at):
        ArticlePage.objects.filter(slug="what-your-fund-really-costs").update(title="Edited")
        revisions = Revision.objects.count()

        build_site(at)

        assert Page.objects.live().filter(depth__gt=1).count() == len(built)
        assert Revision.objects.count() == revisions
        assert ArticlePage.objects.filter(title="Edited").exists()

    def test_gives_the_slot_its_audiences_once_they_exist(self, built, at):
        rule = {"v": 1, "root": {"op": "trait", "field": "email", "cmp": "set", "value": True}}
        for slug in ("new-subscribers", "engaged-readers"):
            segment.create(name=slug, slug=slug, rule=rule, at=at)

        build_site(at)
        build_site(at)

        slot = next(iter(HomePage.objects.order_by("path").first().slots().values()))
        assert [variant["audience"].slug for variant in slot.value["variants"]] == [
            "new-subscribers",
            "engaged-readers",
        ]

    def test_has_articles_of_real_length_and_products_of_each_kind(self, built):
        lengths = [
            len(strip_tags(str(article.body)).split()) for article in ArticlePage.objects.all()
        ]

        assert len(lengths) >= 6
        assert min(lengths) >= 300
        assert set(ProductPage.objects.values_list("category", flat=True)) == set(
            ProductPage.Category.values
        )


class TestLibrary:
    """Files of the demo: whole, taken as an editor's would be, found by what stands in them."""

    @pytest.fixture
    def library(self):
        from dxp.demo import library

        library.build()
        library.build()
        return library

    def test_papers_are_read_and_pages_lead_to_them(self, library, at, chen):
        while absorb.absorb(languages=["en"]):
            pass
        build_site(at)

        words = dict(Document.objects.values_list("title", "text"))
        assert "An hour: 140." in words[library.FEES]
        assert "Kept after the yearly charge" in words[library.PLAN]
        assert "Letter of mandate" in words[library.MANDATE]
        fees, mandate = (Document.objects.get(title=one) for one in (library.FEES, library.MANDATE))
        assert f'href="{fees.url}"' in chen.get("/advice/").content.decode()
        assert "<picture>" in chen.get("/about/").content.decode()
        assert chen.get(fees.url).status_code == 200
        assert chen.get(mandate.url).status_code == 302
        assert Image.objects.count() == 2
