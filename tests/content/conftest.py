"""A small site of its own, and the cast that visits it."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime

import pytest
from django.test import Client
from wagtail.models import Page, Site

from content.models import (
    ArticleIndexPage,
    ArticlePage,
    HomePage,
    ProductIndexPage,
    ProductPage,
    StandardPage,
    Topic,
)
from customers import consent, fold, identify, ingest, segment
from customers.models import Segment, Source
from tests.copies import WORLDS

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36"
READERS = {
    "v": 1,
    "root": {
        "op": "event",
        "name": "Article Viewed",
        "metric": "count",
        "window": "all",
        "cmp": "gte",
        "value": 2,
    },
}


@pytest.fixture
def at():
    return NOW


@pytest.fixture
def source(db):
    return Source.objects.get_or_create(name="Website")[0]


@pytest.fixture
def readers(db, at):
    return Segment.objects.filter(slug="readers").first() or _readers(at)


def _readers(at):
    return segment.create(name="Readers", slug="readers", rule=READERS, at=at)


def action(heading):
    return [("call_to_action", {"heading": heading, "text": "", "link": {}})]


class Pages:
    """The site's pages by name, and how to change one and publish it."""

    def __init__(self, readers):
        root = Page.get_first_root_node()
        self.home = root.add_child(
            instance=HomePage(title="Home", slug="site", body=self.front(readers))
        )
        Site.objects.filter(is_default_site=True).update(root_page=self.home, site_name="Alder")
        insights = self.home.add_child(
            instance=ArticleIndexPage(title="Insights", slug="insights", show_in_menus=True)
        )
        topic = Topic.objects.create(name="Planning", slug="planning")
        self.article = insights.add_child(
            instance=ArticlePage(
                title="Cash",
                slug="cash",
                intro="How much?",
                topic=topic,
                published_on=date(2026, 11, 1),
                body=[("text", "<p>Count the months.</p>")],
            )
        )
        products = self.home.add_child(instance=ProductIndexPage(title="Products", slug="products"))
        self.product = products.add_child(
            instance=ProductPage(
                title="Canopy",
                slug="canopy",
                code="CAN-1",
                category="FUND",
                intro="The world.",
                risk_class=5,
                body=[("text", "<p>Held long.</p>")],
            )
        )
        self.letter = self.home.add_child(
            instance=StandardPage(title="Letter", slug="letter", show_in_menus=True)
        )
        self.thanks = self.letter.add_child(
            instance=StandardPage(title="Thanks", slug="thanks", is_listed=False)
        )
        self.letter.body = [
            (
                "sign_up",
                {
                    "name": "newsletter",
                    "heading": "The letter",
                    "text": "",
                    "consent": "Yes, you may write to me.",
                    "button": "Send it",
                    "thanks": self.thanks,
                },
            )
        ]
        self.letter.save()

    @classmethod
    def found(cls):
        """Return them where they were made before."""
        pages = cls.__new__(cls)
        pages.home = HomePage.objects.get(slug="site")
        pages.article = ArticlePage.objects.get(slug="cash")
        pages.product = ProductPage.objects.get(slug="canopy")
        pages.letter = StandardPage.objects.get(slug="letter")
        pages.thanks = StandardPage.objects.get(slug="thanks")
        return pages

    @staticmethod
    def front(readers, control=0):
        variants = [{"audience": readers, "content": action("Welcome back, reader")}]
        slot = {"default": action("New here?"), "variants": variants, "control": control}
        hero = {"eyebrow": "", "heading": "Left in peace", "text": "", "links": [], "art": "finch"}
        return [("hero", hero), ("personal_slot", slot)]

    @property
    def slot(self):
        return next(iter(HomePage.objects.get(pk=self.home.pk).slots()))

    @property
    def form(self):
        return StandardPage.objects.get(pk=self.letter.pk).body[0].id


@pytest.fixture
def pages(readers):
    return Pages.found() if HomePage.objects.filter(slug="site").exists() else Pages(readers)


# A site takes half a second to build, and most tests of this floor begin with it.
WORLDS["pages"] = lambda: Pages(_readers(NOW))


@pytest.fixture
def chen(db):
    """Anonymous: has decided nothing."""
    return Client(headers={"user-agent": BROWSER})


@pytest.fixture
def bruno(db):
    """Refused cookies."""
    client = Client(headers={"user-agent": BROWSER})
    client.cookies["dxp_no"] = "1"
    return client


@pytest.fixture
def known(at, source):
    """Make a visitor who accepted cookies and has read so many articles."""

    def make(articles=0):
        client = Client(headers={"user-agent": BROWSER})
        client.aid = str(uuid.uuid4())
        client.cookies["dxp_aid"] = client.aid
        alias = identify.ensure_alias(kind="anonymous", value=client.aid, at=at)
        for purpose in ("tracking", "personalization"):
            consent.record(purpose=purpose, state="GRANTED", method="banner", alias=alias, at=at)
        events = [
            {
                "type": "track",
                "event": "Article Viewed",
                "anonymousId": client.aid,
                "messageId": f"{client.aid}-{number}",
                "timestamp": at.isoformat(),
                "properties": {"title": "Cash"},
            }
            for number in range(articles)
        ]
        if events:
            ingest.accept(source=source, events=events, at=at)
            fold.drain(at=at)
        return client

    return make


@pytest.fixture
def ana(known):
    """Accepted cookies and reads a lot."""
    return known(articles=3)


@pytest.fixture
def caching(settings):
    """Let pages be kept."""
    settings.PAGE_CACHE_MB = 8


@pytest.fixture
def publish(django_capture_on_commit_callbacks):
    """Publish a page with other fields, and commit."""

    def published(page, **changed):
        page = type(page).objects.get(pk=page.pk)
        for name, value in changed.items():
            setattr(page, name, value)
        with django_capture_on_commit_callbacks(execute=True):
            page.save_revision().publish()

    return published


@pytest.fixture
def commit(django_capture_on_commit_callbacks):
    """Do what waits for a commit, at the end of a block."""
    return lambda: django_capture_on_commit_callbacks(execute=True)
