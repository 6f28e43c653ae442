"""The examples of docs/editor/pages.md do what the page says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from wagtail.models import Locale

from content import render
from content.blocks import Body, FragmentBody
from content.models import Fragment

PAGE = (Path(__file__).parents[2] / "docs" / "editor" / "pages.md").read_text()
EXAMPLE = json.loads(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])
SITE = "https://alder.example"
LENGTHS = {"letters": "ж", "words": "word "}


def rows(heading):
    """Return the cells of the table with this heading."""
    table = PAGE.split(f"| {heading} |\n", 1)[1].split("\n\n")[0]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
            for row in table.split("\n")[1:]]  # fmt: skip


def fragment(**told):
    told.setdefault("body", [])
    blocks = [(one["type"], one["value"]) for one in told.pop("body")]
    return Fragment(locale=Locale(language_code="en"), name="Winter hours", body=blocks, **told)


def written(text):
    """Return what somebody writes: `1,000 letters` stands for so many of them."""
    found = re.fullmatch(r"([\d,]+) (letters|words)", text)
    if found:
        return LENGTHS[found[2]] * int(found[1].replace(",", ""))
    return text.replace("`", "")


@pytest.mark.parametrize(("channel", "said"), rows("channel | it says"))
def test_each_channel_says_what_stands_there(channel, said):
    kind, _space, part = channel.partition(" ")

    told = render.express(fragment(**EXAMPLE), kind.strip("`"), site=SITE)

    assert (told[part] if part else told) == said.strip("`").replace(" ⏎ ", "\n").replace(
        "⏎ ", "\n"
    )


@pytest.mark.parametrize(("asked", "said"), rows("you write | it says"))
def test_each_channel_thinks_what_stands_there(asked, said):
    field, text = re.match(r"`(\w+)`: (.*)", asked).groups()
    told = {**EXAMPLE, field: written(text)}

    remarks = [one for one in render.lint(fragment(**told)) if one.field == field]

    (found,) = [one for one in remarks if one.text == said.strip("*")]
    assert found.blocks is said.startswith("**")


def test_every_block_is_named():
    table = ", ".join(cell for cell, _use in rows("block | what it is for"))

    for stream in (Body(), FragmentBody()):
        for block in stream.child_blocks.values():
            assert str(block.label) in table
