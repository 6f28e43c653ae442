"""Public pages are the same for everyone, so that any cache may keep them."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from django.urls import reverse
from wagtail.models import PageViewRestriction

from dxp.users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara(client):
    client.force_login(User.objects.create_superuser("mara", "mara@example.com", "x" * 12))
    return client


class TestShell:
    PATHS = ["/", "/insights/", "/insights/cash/", "/products/", "/products/canopy/", "/letter/"]

    @pytest.mark.parametrize("path", PATHS)
    def test_may_be_kept_by_any_cache(self, pages, chen, path):
        answer = chen.get(path)

        assert answer.status_code == 200
        assert "public" in answer["Cache-Control"]
        assert "s-maxage=" in answer["Cache-Control"]
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")

    @pytest.mark.parametrize("path", PATHS)
    def test_is_the_same_for_strangers_readers_and_staff(self, pages, chen, ana, mara, path):
        shell = chen.get(path).content

        for visitor in (ana, mara):
            answer = visitor.get(path)
            assert answer.content == shell
            assert "public" in answer["Cache-Control"]
            assert not answer.cookies
            assert "Cookie" not in answer.get("Vary", "")

    @pytest.mark.parametrize("path", PATHS)
    def test_costs_twelve_queries_at_most(self, pages, chen, path, django_assert_max_num_queries):
        chen.get(path)

        with django_assert_max_num_queries(12):
            chen.get(path)

    def test_holds_the_default_of_a_slot(self, pages, ana):
        page = ana.get("/").content.decode()

        assert f'data-slot="{pages.slot}"' in page
        assert "New here?" in page
        assert "Welcome back, reader" not in page

    def test_of_a_restricted_page_is_private_and_unlisted(self, pages, chen, mara):
        restriction = PageViewRestriction.LOGIN
        PageViewRestriction.objects.create(page=pages.article, restriction_type=restriction)

        assert chen.get("/insights/cash/").status_code == 302
        kept = mara.get("/insights/cash/")["Cache-Control"]
        assert "no-store" in kept
        assert "public" not in kept
        assert "How much?" not in chen.get("/insights/").content.decode()

    def test_is_served_while_redis_is_away(self, pages, chen, settings):
        cache = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
        settings.CACHES = {"default": cache}

        assert chen.get("/").status_code == 200
        assert chen.get("/insights/cash/").status_code == 200


class TestPreview:
    def test_shows_each_audience_its_variant_and_is_never_kept(self, pages, readers):
        everyone, audience = (mode for mode, _label in pages.home.preview_modes)

        as_everyone = pages.home.make_preview_request(preview_mode=everyone)
        as_reader = pages.home.make_preview_request(preview_mode=audience)

        assert audience == f"audience-{readers.pk}"
        assert "New here?" in as_everyone.content.decode()
        assert "Welcome back, reader" in as_reader.content.decode()
        for answer in (as_everyone, as_reader):
            assert "no-store" in answer["Cache-Control"]
            assert "public" not in answer["Cache-Control"]
            assert "track.js" not in answer.content.decode()

    def test_of_a_draft_is_for_staff_and_is_never_kept(self, pages, chen, mara):
        pages.article.title = "Cash, rewritten"
        pages.article.save_revision()
        address = reverse("wagtailadmin_pages:view_draft", args=[pages.article.pk])

        draft = mara.get(address)

        assert "Cash, rewritten" in draft.content.decode()
        assert "no-store" in draft["Cache-Control"]
        assert chen.get(address).status_code == 302
        assert "rewritten" not in chen.get("/insights/cash/").content.decode()


class TestMeaning:
    @pytest.mark.parametrize(
        ("path", "event", "properties"),
        [
            (
                "/insights/cash/",
                "Article Viewed",
                {"title": "Cash", "topic": "Planning", "path": "/insights/cash/"},
            ),
            (
                "/products/canopy/",
                "Product Viewed",
                {
                    "product_id": "CAN-1",
                    "name": "Canopy",
                    "category": "Funds",
                    "path": "/products/canopy/",
                },
            ),
        ],
    )
    def test_stands_on_the_body_for_the_tracker(self, pages, chen, path, event, properties):
        body = re.search(r"<body[^>]*>", chen.get(path).content.decode())[0]

        said = re.search(r'data-properties="([^"]*)"', body)[1].replace("&quot;", '"')
        assert f'data-event="{event}"' in body
        assert json.loads(said) == properties

    def test_the_page_of_results_tells_what_was_searched_for(self, pages, chen):
        body = re.search(r"<body[^>]*>", chen.get("/search/", {"q": 'x"><b'}).content.decode())[0]

        said = unescape(re.search(r'data-properties="([^"]*)"', body)[1])
        assert 'data-event="Searched"' in body
        assert json.loads(said) == {"query": 'x"><b', "results": 0}
        assert "data-event" not in chen.get("/search/").content.decode()

    def test_page_names_the_sources_key(self, pages, chen, source):
        assert f'data-write-key="{source.write_key}"' in chen.get("/").content.decode()
