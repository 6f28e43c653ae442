"""The block of docs/developer/blocks.md works as the text says."""

from __future__ import annotations

import re
import types
from pathlib import Path

import pytest
from django.test.utils import override_settings
from wagtail import blocks

from content.blocks import shelf

DOC = (Path(__file__).resolve().parents[2] / "docs/developer/blocks.md").read_text()
FILE, LINE = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
TEMPLATE = re.search(r"```django\n(.*?)```", DOC, re.DOTALL)[1]
HTML = re.search(r"```html\n(.*?)```", DOC, re.DOTALL)[1]
VALUE = {
    "heading": "How we begin",
    "steps": [{"title": "We listen", "text": "An hour, no papers."}],
}


@pytest.fixture
def body(tmp_path, settings):
    """Offer the document's block, as its line does."""
    place = tmp_path / "content/blocks/steps.html"
    place.parent.mkdir(parents=True)
    place.write_text(TEMPLATE)
    told = {}
    exec(FILE, told)
    space = {}
    exec(LINE, told, space)
    first = {**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}
    with override_settings(TEMPLATES=[first]):
        yield types.new_class(
            "Body", (blocks.StreamBlock,), exec_body=lambda own: own.update(space)
        )()


def plain(html):
    return re.sub(r"\s+", "", html)


def test_shows_what_the_text_shows(body):
    value = body.to_python([{"type": "steps", "value": VALUE}])

    assert plain(str(value[0].render())) == plain(HTML)


def test_what_it_names_is_found_in_what_is_stored(body):
    step = {"title": "Read", "text": "x", "picture": {"image": 7}, "link": {"page": 3}}
    stored = [{"type": "steps", "value": {**VALUE, "steps": [step]}}]

    assert shelf.named(body, stored) == {"page": {3}, "image": {7}, "picture:card": {7}}
