"""What editors can build: each block says what was typed, with the right marks for everyone."""

from __future__ import annotations

import io

import pytest
from django.core.files.images import ImageFile
from PIL import Image as Picture
from wagtail.images import get_image_model

from content.models import HomePage, StandardPage

pytestmark = pytest.mark.django_db


@pytest.fixture
def show(pages, chen):
    def shown(*blocks):
        page = StandardPage(title="Blocks", slug="blocks", body=list(blocks))
        pages.home.add_child(instance=page)
        return chen.get("/blocks/").content.decode()

    return shown


class TestBlocks:
    def test_image_has_its_alt_text_sizes_and_room(self, show):
        file = io.BytesIO()
        Picture.new("RGB", (1600, 900), "#1d4b3d").save(file, "PNG")
        image = get_image_model().objects.create(
            title="river.png", file=ImageFile(file, name="river.png")
        )
        image.contextual_alt_text = "A river in spring"
        image.decorative = False

        page = show(("picture", {"image": image, "caption": "In spring"}))

        assert 'alt="A river in spring"' in page
        # Room is kept before any size has been made.
        assert 'width="1600" height="900"' in page
        assert "In spring" in page

    def test_table_names_its_rows_and_columns(self, show):
        rows = [{"name": "An hour", "cells": ["140"]}]
        table = {"caption": "Prices", "first": "What", "columns": ["Price"], "rows": rows}

        page = show(("table", table))

        assert "<caption>Prices</caption>" in page
        assert '<th scope="col">Price</th>' in page
        assert '<th scope="row">An hour</th>' in page

    def test_questions_open_without_a_script(self, show):
        questions = [{"question": "Why?", "answer": "<p>Because.</p>"}]

        page = show(("faq", {"heading": "Asked", "questions": questions}))

        assert "<summary>Why?</summary>" in page
        assert "Because." in page

    def test_words_are_never_markup(self, show):
        page = show(("quote", {"text": "<script>alert(1)</script>", "who": "<b>", "role": ""}))

        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page

    def test_link_to_a_page_that_is_gone_disappears(self, show, pages):
        link = {"text": "Read on", "page": pages.article, "url": ""}
        block = ("call_to_action", {"heading": "More", "text": "", "link": link})
        assert 'href="/insights/cash/"' in show(block)

        pages.article.unpublish()

        again = StandardPage.objects.get(slug="blocks").body[0].render()
        assert "Read on" not in again
        assert "More" in again


class TestSlotIds:
    def test_stay_through_edits_and_differ_from_slot_to_slot(self, pages, readers):
        first = pages.slot
        page = HomePage.objects.get(pk=pages.home.pk)
        page.body.append(pages.front(readers)[1])
        page.body[0].value["heading"] = "Edited"
        page.save_revision().publish()

        slots = list(HomePage.objects.get(pk=page.pk).slots())
        assert slots[0] == first
        assert len(set(slots)) == 2


def test_settings_of_blocks_are_no_words_of_a_page(pages):
    found = str(pages.home.body.stream_block.get_searchable_content(pages.home.body))

    assert "Welcome back, reader" in found
    assert "The first that matches" not in found
    assert "Finch on a branch" not in found
