"""A site in several languages: each page at an address of its own, the same for everyone."""

from __future__ import annotations

import re

import pytest
from wagtail.models import Locale, Page, PageViewRestriction

from content.models import HomePage, StandardPage

pytestmark = pytest.mark.django_db


def translate(page, title, **fields):
    """Publish a page in Spanish."""
    locale, _created = Locale.objects.get_or_create(language_code="es")
    said = page.copy_for_translation(locale)
    said.title = title
    for name, value in fields.items():
        setattr(said, name, value)
    said.save_revision().publish()
    return said


@pytest.fixture
def spanish(pages):
    """The front page and the letter in Spanish; nothing else."""
    translate(pages.home, "Inicio", slug="inicio")
    return translate(pages.letter, "Carta", slug="carta", body=[("text", "<p>Hola.</p>")])


def read(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


class TestAddresses:
    def test_a_translation_lies_under_its_language_and_says_so(self, spanish, chen):
        page = read(chen, "/es/carta/")

        assert '<html lang="es" dir="ltr">' in page
        assert "Hola." in page
        assert '<link rel="canonical" href="http://testserver/es/carta/">' in page

    def test_a_language_of_the_browser_changes_nothing(self, spanish, chen):
        plain = chen.get("/letter/")
        asked = chen.get("/letter/?asked", headers={"accept-language": "es"})

        assert '<html lang="en"' in asked.content.decode()
        assert plain.content == asked.content
        assert "Accept-Language" not in asked.get("Vary", "")

    @pytest.mark.parametrize("path", ["/ru/", "/ru/search/", "/es/letter/", "/es/nada/", "/en/"])
    def test_what_is_not_translated_is_not_there(self, spanish, chen, path):
        assert chen.get(path).status_code == 404

    @pytest.mark.parametrize("path", ["/_x/slots", "/admin/login/", "/robots.txt", "/sitemap.xml"])
    def test_what_stands_once_has_no_language(self, spanish, chen, path):
        assert chen.get(path).status_code != 301
        assert chen.get(f"/es{path}", follow=True).status_code == 404

    def test_an_unknown_page_is_missed_in_the_language_that_was_asked(self, spanish, chen):
        page = chen.get("/es/nada/").content.decode()

        assert '<html lang="es"' in page
        assert 'href="/es/"' in page


class TestSwitcher:
    def links(self, page):
        found = re.search(r'<ul class="dxp-languages__list".*?</ul>', page, re.DOTALL)
        return dict(re.findall(r'<a href="([^"]+)" lang="([^"]+)"', found[0])) if found else {}

    def test_leads_to_the_same_page_or_else_to_the_front_page(self, spanish, chen):
        assert self.links(read(chen, "/letter/")) == {"/letter/": "en", "/es/carta/": "es"}
        assert self.links(read(chen, "/insights/cash/")) == {"/insights/cash/": "en", "/es/": "es"}
        assert self.links(read(chen, "/es/search/")) == {"/search/": "en", "/es/search/": "es"}

    def test_is_not_there_in_a_site_of_one_language(self, pages, chen):
        assert self.links(read(chen, "/letter/")) == {}

    def test_drafts_and_private_pages_are_never_offered(self, spanish, chen):
        PageViewRestriction.objects.create(page=spanish, restriction_type="login")
        assert "/es/carta/" not in read(chen, "/letter/")

    def test_search_engines_are_told_of_translations_only(self, spanish, chen):
        other = '<link rel="alternate" hreflang="es" href="http://testserver/es/carta/">'

        assert other in read(chen, "/letter/")
        assert 'hreflang="es" href="http' not in read(chen, "/insights/cash/")
        sitemap = read(chen, "/sitemap.xml")
        assert "<loc>http://localhost/es/carta/</loc>" in sitemap
        assert 'hreflang="en" href="http://localhost/letter/"' in sitemap


class TestLinks:
    def page(self, pages, *blocks):
        page = StandardPage(title="Links", slug="links", body=list(blocks))
        pages.home.add_child(instance=page)
        return page

    def test_lead_to_the_translation_where_there_is_one(self, pages, spanish, chen):
        text = (
            f'<p><a linktype="page" id="{pages.letter.pk}">Letter</a>'
            f' <a id="{pages.article.pk}" linktype="page">Cash</a></p>'
        )
        link = {"text": "To the letter", "page": pages.letter, "url": ""}
        action = {"heading": "More", "text": "", "link": link}
        page = self.page(pages, ("text", text), ("call_to_action", action))
        translate(page, "Enlaces")

        english, said = read(chen, "/links/"), read(chen, "/es/links/")

        assert english.count('href="/letter/"') >= 2
        assert '<a href="/es/carta/">Letter</a>' in said
        assert 'href="/es/carta/">To the letter</a>' in said
        assert '<a href="/insights/cash/">Cash</a>' in said

    def test_menu_shows_the_pages_of_the_language_and_those_below_them(self, pages, spanish, chen):
        Page.objects.filter(pk=pages.thanks.pk).update(show_in_menus=True)

        english, said = read(chen, "/"), read(chen, "/es/")

        assert re.search(r"<summary[^>]*>Letter</summary>", english)
        assert 'href="/letter/thanks/"' in english
        assert 'href="/es/carta/"' in said
        assert "/letter/thanks/" not in said

    def test_cost_the_same_however_many_there_are(self, pages, chen, django_assert_max_num_queries):
        link = {"text": "Cash", "page": pages.article, "url": ""}
        cards = [{"title": "Card", "text": "", "art": "", "link": link}] * 6
        texts = [("text", f'<p><a linktype="page" id="{pages.letter.pk}">x</a></p>')] * 5
        self.page(pages, ("cards", {"heading": "", "text": "", "cards": cards}), *texts)
        chen.get("/links/?warm")

        # Page, its kind, who may see it, what surrounds it.
        with django_assert_max_num_queries(4):
            assert chen.get("/links/?cold").content.count(b"/insights/cash/") == 6

    def test_a_page_found_by_its_address_is_live_and_below_the_site(self, pages, chen):
        Page.get_first_root_node().add_child(instance=HomePage(title="Other", slug="other"))
        Page.objects.filter(pk=pages.letter.pk).update(live=False)

        assert chen.get("/letter/").status_code == 404
        assert chen.get("/other/").status_code == 404


class TestFeeds:
    def test_hold_the_articles_of_a_language_and_a_topic(self, pages, spanish, chen):
        feed = chen.get("/feed.xml")

        assert feed["Content-Type"].startswith("application/atom+xml")
        assert "http://localhost/insights/cash/" in feed.content.decode()
        assert "insights/cash" in read(chen, "/feed/planning.xml")
        assert "insights/cash" not in read(chen, "/es/feed.xml")
        assert chen.get("/feed/nothing.xml").status_code == 404
        assert "public" in feed["Cache-Control"]

    def test_pages_name_them(self, pages, chen):
        page = read(chen, "/insights/cash/")

        assert 'type="application/atom+xml" title="Alder" href="/feed.xml"' in page
        assert 'href="/feed/planning.xml"' in page

    def test_private_articles_are_not_in_them(self, pages, chen):
        PageViewRestriction.objects.create(page=pages.article, restriction_type="login")

        assert "insights/cash" not in read(chen, "/feed.xml")
