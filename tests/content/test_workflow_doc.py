"""The examples of docs/editor/workflow.md say what the text says."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import django_tasks
import pytest

from content import background, examine
from content.inspections import INSPECTIONS
from content.models import StandardPage
from dxp.lib import clock

pytestmark = pytest.mark.django_db
DOC = Path(__file__).resolve().parents[2] / "docs" / "editor" / "workflow.md"
ROWS = re.findall(r"^\| (\w+) \| (.+?) \| (.+?) \|$", DOC.read_text(), re.MULTILINE)
BLOCKS = re.findall(r"```python\n(.*?)```", DOC.read_text(), re.DOTALL)


def found(page, name):
    return [
        one.text + ("" if one.stops else " (a hint)")
        for _name, one in examine.examine(thing=page, inspections=[name])
    ]


@pytest.mark.parametrize(("name", "html", "told"), ROWS[1:] if ROWS[0][0] == "looks" else ROWS)
def test_each_row_is_what_the_check_says(pages, name, html, told):
    page = StandardPage(title="Fees", slug="fees")
    pages.home.add_child(instance=page)
    if html.startswith("`"):
        page.body = [("text", html.strip("`"))]

    assert found(page, name) == [told]


def test_an_inspection_of_ones_own_is_one_file(pages):
    names = {"__name__": __name__}
    exec(compile(BLOCKS[0], str(DOC), "exec"), names)
    try:
        page = StandardPage(title="BUY NOW", slug="buy")
        pages.home.add_child(instance=page)

        assert found(page, "shouting") == ["The title shouts."]
    finally:
        del INSPECTIONS.members["shouting"]


def greet(name):
    """Stands for the document's function: a task must be found by its name."""
    return f"Hello {name}"


def test_a_task_of_ones_own_is_done_by_the_worker(settings, monkeypatch):
    settings.TASKS = {"default": {"BACKEND": "content.background.RowBackend"}}
    names = {"__name__": __name__}
    exec(compile(BLOCKS[1], str(DOC), "exec"), names)
    assert names["greet"].call("Ana") == greet("Ana")
    monkeypatch.setitem(globals(), "greet", django_tasks.task(greet))
    result = names["result"]

    background.step(at=clock.now() + timedelta(seconds=1))
    result.refresh()

    assert result.return_value == "Hello Ana"
