"""The examples of docs/developer/nodes.md do what the text says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from journeys import graph
from journeys.graph import BadOutline, Known, Plan
from journeys.nodes import NODES
from journeys.phrase import steps

DOC = Path(__file__).resolve().parents[2] / "docs" / "developer" / "nodes.md"
BLOCKS = re.findall(r"```python\n(.*?)```", DOC.read_text(), re.DOTALL)


def run(code):
    exec(compile(code, str(DOC), "exec", dont_inherit=True), {"__name__": __name__})


@pytest.fixture
def month():
    """Take the document's kind of step in, and out again."""
    run(BLOCKS[0])
    yield
    del NODES.members["month"]
    del graph.OFFERED["month"]


@pytest.mark.usefixtures("month")
class TestTheExample:
    def test_walks_as_the_text_says(self):
        run(BLOCKS[1])

    @pytest.mark.parametrize("told", [{}, {"month": ""}, {"month": "13"}, {"month": 12}])
    def test_refuses_what_is_no_month_at_its_field(self, told):
        with pytest.raises(BadOutline) as caught:
            graph.compile_plan(Plan([{"id": "a", "type": "month", **told}]), known=Known())
        assert [(one.step, one.field) for one in caught.value.faults] == [("a", "month")]

    def test_is_described_for_the_editor_and_told_in_words(self):
        [told] = graph.described()
        assert told["name"] == "month"
        assert told["asks"][0]["options"][11] == ["12", "December"]
        assert graph.OFFERED["month"].sentence({"month": "12"}) == "Wait for December"
        assert steps.step({"type": "month", "month": "12"}, None) == "Wait for December"

    def test_a_draft_keeps_what_it_asks_for_and_nothing_else(self):
        draft = [{"id": "a", "type": "month", "month": "12", "evil": "<script>", "name": "Winter"}]
        assert graph.tidy(draft) == [{"id": "a", "type": "month", "month": "12", "name": "Winter"}]


def test_without_it_nobody_knows_the_step():
    with pytest.raises(BadOutline):
        graph.tidy([{"id": "a", "type": "month"}])
