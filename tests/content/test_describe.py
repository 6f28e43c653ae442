"""What a page tells search engines about itself."""

from __future__ import annotations

import json
import re

import pytest

pytestmark = pytest.mark.django_db


def told(client, path):
    """Return what a page says by kind."""
    page = client.get(path).content.decode()
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    return {one["@type"]: one for one in json.loads(data[1])["@graph"]}


def test_the_front_page_says_whose_site_it_is_and_how_to_search_it(pages, chen):
    said = told(chen, "/")

    assert said["Organization"]["name"] == "Alder"
    action = said["WebSite"]["potentialAction"]["target"]["urlTemplate"]
    assert action == "http://testserver/search/?q={words}"
    assert "BreadcrumbList" not in said


def test_other_pages_say_what_they_are(pages, chen):
    assert told(chen, "/insights/")["CollectionPage"]["name"] == "Insights"
    assert told(chen, "/letter/")["WebPage"]["url"] == "http://testserver/letter/"


def test_an_article_says_when_and_about_what(pages, chen):
    said = told(chen, "/insights/cash/")

    assert said["Article"]["headline"] == "Cash"
    assert said["Article"]["datePublished"] == "2026-11-01"
    assert said["Article"]["articleSection"] == "Planning"
    steps = [one["item"] for one in said["BreadcrumbList"]["itemListElement"]]
    assert steps == [
        "http://testserver/",
        "http://testserver/insights/",
        "http://testserver/insights/cash/",
    ]


def test_a_product_says_its_code_and_its_questions(pages, chen):
    questions = [{"question": "Why?", "answer": "<p>Because <b>so</b>.</p>"}]
    pages.product.body = [("faq", {"heading": "", "questions": questions})]
    pages.product.save()

    said = told(chen, "/products/canopy/")

    assert said["Product"]["sku"] == "CAN-1"
    asked = said["FAQPage"]["mainEntity"][0]
    assert asked["name"] == "Why?"
    assert asked["acceptedAnswer"]["text"] == "Because so."


def test_words_cannot_leave_it(pages, chen):
    pages.article.title = "</script><script>alert(1)</script>&amp;"
    pages.article.save()

    page = chen.get("/insights/cash/").content.decode()

    assert "<script>alert" not in page
    assert told(chen, "/insights/cash/")["Article"]["headline"] == pages.article.title
