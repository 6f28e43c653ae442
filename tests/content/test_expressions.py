"""A fragment says one idea on each channel: what was written there, or else what its blocks say."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from wagtail.models import Locale

from content import render
from content.expressions import EXPRESSIONS, Content, words
from content.models import Fragment

SITE = "https://alder.example"


def fragment(*blocks, **told):
    return Fragment(locale=Locale(language_code="en"), name="Winter", body=list(blocks), **told)


def text(html):
    return ("text", html)


HOURS = text("<h2>Winter hours</h2><p>We open at nine. <a href=\"/visit\">Come by</a>!</p>"
             "<ul><li>Monday</li><li>Friday</li></ul>")  # fmt: skip


def remarks(one, field):
    return [remark.text for remark in render.lint(one) if remark.field == field]


class TestWords:
    def test_are_made_from_the_blocks(self):
        said = render.express(fragment(HOURS), "text")

        assert said == ("Winter hours\n\nWe open at nine. Come by (/visit)!\n\n- Monday\n- Friday")

    def test_are_those_that_were_written(self):
        assert render.express(fragment(HOURS, text="Open from nine."), "text") == "Open from nine."

    def test_name_addresses_from_anywhere(self):
        assert f"Come by ({SITE}/visit)" in render.express(fragment(HOURS), "text", site=SITE)

    def test_say_what_every_kind_of_block_says(self):
        link = {"text": "Read", "page": None, "url": "https://alder.example/read"}
        said = render.express(
            fragment(
                ("call_to_action", {"heading": "Come", "text": "Soon.", "link": link}),
                ("cards", {"heading": "Two", "text": "", "cards": [
                    {"title": "One", "text": "First.", "art": "", "link": link}]}),
                ("quote", {"text": "Good.", "who": "Ana", "role": "Reader"}),
                ("figures", {"heading": "", "source": "Us", "figures": [
                    {"label": "Growth", "value": "4 %", "note": "a year"}]}),
                ("table", {"caption": "Fees", "first": "Fund", "columns": ["Fee"], "rows": [
                    {"name": "Canopy", "cells": ["1 %"]}]}),
                ("faq", {"heading": "", "questions": [
                    {"question": "Why?", "answer": "<p>Because.</p>"}]}),
                ("illustration", {"art": "finch", "alt": "", "caption": "A finch"}),
            ),
            "text",
        )  # fmt: skip

        for told in (
            "Come\n\nSoon.\n\nRead: https://alder.example/read", "One\nFirst.\nRead: https",
            "“Good.”\n— Ana, Reader", "Growth: 4 % (a year)", "Canopy: Fee 1 %", "Why?\nBecause.",
            "A finch",
        ):  # fmt: skip
            assert told in said

    def test_about_the_visitor_fall_back(self):
        one = fragment(text("<p>Hello {{ customer.first_name|friend }}.</p>"))

        assert render.express(one, "text") == "Hello friend."
        assert "Hello friend." in render.express(one, "html")

    def test_no_channel_can_fill_are_named(self):
        assert "{{ first_name }}" in remarks(fragment(HOURS, sms="Hi {{ first_name }}"), "sms")[-1]

    def test_that_are_missing_are_asked_for(self):
        picture = ("illustration", {"art": "finch", "alt": "", "caption": ""})

        assert "hold no words" in remarks(fragment(picture), "text")[0]
        assert "<b>" in remarks(fragment(HOURS, text="A <b>bold</b> word"), "text")[0]


class TestTextMessages:
    def test_count_their_parts(self):
        assert remarks(fragment(HOURS, sms="a" * 161), "sms") == [
            "161 characters: 2 messages. 145 more fit into the last."
        ]

    def test_name_the_letters_that_make_them_long(self):
        assert "ș" in remarks(fragment(HOURS, sms="Bun găsit, oaspeți: ș"), "sms")[1]

    def test_that_no_phone_takes_are_refused(self):
        long = [one for one in render.lint(fragment(HOURS, sms="ж" * 500)) if one.blocks]

        assert [one.field for one in long] == ["sms"]

    def test_made_from_long_blocks_are_a_remark_only(self):
        long = render.lint(fragment(text(f"<p>{'word ' * 400}</p>")))

        assert any(one.field == "sms" and "Too long" in one.text for one in long)
        assert not any(one.blocks for one in long)


class TestPushMessages:
    def test_begin_with_the_first_heading(self):
        assert render.express(fragment(HOURS), "push") == {
            "title": "Winter hours", "text": "We open at nine. Come by (/visit)!",
        }  # fmt: skip

    def test_without_a_heading_begin_with_the_first_sentence(self):
        said = render.express(fragment(text("<p>We open at nine. Come by.</p>")), "push")

        assert said == {"title": "We open at nine.", "text": "Come by."}

    def test_a_written_line_keeps_its_place(self):
        said = render.express(fragment(text("<p>We open.</p>"), push_text="At nine"), "push")

        assert said == {"title": "We open.", "text": "At nine"}

    def test_say_what_phones_cut_off(self):
        assert "60 letters" in remarks(fragment(HOURS, push_title="a" * 60), "push_title")[0]


class TestSpokenWords:
    def test_are_a_document_that_voices_read(self):
        said = render.express(fragment(HOURS, spoken="Nine & later.\n\nFridays <too>."), "ssml")

        root = ElementTree.fromstring(said)
        assert root.tag.endswith("speak")
        assert [one.text for one in root] == ["Nine & later.", "Fridays <too>."]
        assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"

    def test_made_from_the_blocks_spell_no_address(self):
        assert "/visit" not in render.express(fragment(HOURS), "ssml")

    def test_last_some_seconds(self):
        assert remarks(fragment(HOURS, spoken="one two three four five"), "spoken") == [
            "About 2 seconds."
        ]
        assert words.seconds("今日は") == pytest.approx(0.75)

    def test_that_last_too_long_or_spell_an_address_are_named(self):
        told = remarks(fragment(HOURS, spoken="word " * 200 + "www.alder.example"), "spoken")

        assert "longer than a minute" in told[1]
        assert "www.alder.example" in told[2]


class TestPictures:
    def content(self, **told):
        picture = {"type": "picture", "url": "", "alt": "", "decorative": False, "title": "Finch"}
        return Content(language="en", pieces=[{**picture, "caption": "", **told}])

    def test_without_a_description_are_refused(self):
        (found,) = EXPRESSIONS.get("html")().lint(self.content())

        assert (found.field, found.blocks) == ("body", True)
        assert not EXPRESSIONS.get("html")().lint(self.content(decorative=True))
        assert not EXPRESSIONS.get("html")().lint(self.content(alt="A finch on a branch"))

    @pytest.mark.parametrize("alt", ["IMG_2041", "finch.jpg", "photo 12"])
    def test_described_by_their_file_are_named(self, alt):
        (found,) = EXPRESSIONS.get("html")().lint(self.content(alt=alt))

        assert "name of a file" in found.text


def test_programs_get_all_of_it():
    said = render.express(fragment(HOURS, sms="Nine."), "json")

    assert said["blocks"] == [{"type": "text", "html": HOURS[1]}]
    assert (said["sms"], said["push"]["title"], said["language"]) == ("Nine.", "Winter hours", "en")
    assert set(said) == {"language", "blocks", "html", "text", "sms", "push", "ssml"}
