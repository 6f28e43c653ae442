"""Every template compiles, and carries no inline script or style outside mail."""

import re
from pathlib import Path

import pytest
from django.template import engines

ROOT = Path(__file__).resolve().parent.parent.parent / "templates"
MAIL = "journeys/channels/email/"
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/(?:ld\+)?json[\"'])[^>]*>"
    r"|<style[\s>]|\sstyle=[\"']|\son(?:click|load|submit|change|error|input)=",
    re.IGNORECASE,
)


def names():
    return [str(path.relative_to(ROOT)) for path in sorted(ROOT.rglob("*.html"))]


@pytest.mark.parametrize("name", names())
def test_a_template_compiles(name):
    engines["django"].get_template(name)


@pytest.mark.parametrize("name", [name for name in names() if not name.startswith(MAIL)])
def test_a_template_has_no_inline_script_or_style(name):
    assert INLINE.findall((ROOT / name).read_text()) == []


@pytest.mark.parametrize(
    "bad", ["<script>1</script>", '<p style="color:red">', "<style>", '<a onclick="x()">']
)
def test_the_search_for_inline_code_bites(bad):
    assert INLINE.search(bad)
