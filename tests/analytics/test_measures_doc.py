"""The examples of docs/developer/measures.md do what the text says."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from analytics import collect, pose, query
from analytics.measures import MEASURES
from analytics.questions import KINDS
from analytics.questions import asked as whole
from customers.models import Segment
from tests.analytics import world, worlds
from tests.analytics.test_oracles import same

DOC = Path(__file__).resolve().parents[2] / "docs" / "developer" / "measures.md"
BLOCKS = re.findall(r"```python\n(.*?)```", DOC.read_text(), re.DOTALL)


def run(number, names):
    exec(compile(BLOCKS[number], str(DOC), "exec", dont_inherit=True), names)


@pytest.fixture
def names():
    """Take the document's measure and kind of question in, and out again."""
    found = {"__name__": __name__}
    run(0, found)
    run(2, found)
    yield found
    del MEASURES["loyalty"]
    del KINDS.members["loyalty"]


class TestTheExample:
    def test_is_true_on_both_engines_and_printed_as_the_text_says(self, names, lake, capsys):
        measure = MEASURES["loyalty"]
        world.tell(measure.example.events)
        asked = {"start": world.DAY, "end": world.END, **measure.example.parameters}

        before = query.ask(measure, lake=lake, at=world.END, **asked)
        collect.seal(lake=lake, at=world.END)
        after = query.ask(measure, lake=lake, at=world.END, **asked)
        run(1, names | {"lake": lake, "at": world.END})

        assert (before.engine, after.engine) == ("postgresql", "duckdb")
        assert before.rows == after.rows == measure.example.answer
        assert capsys.readouterr().out == "2 people came on 1 days\n"

    def test_says_on_both_engines_what_its_oracle_says(self, names, lake):
        measure = MEASURES["loyalty"]
        made = worlds.make(0)
        worlds.settle([made], lake)

        for told in measure.tries:
            asked = {"start": made.start, "end": made.end, **told}
            ours = query.ask(measure, lake=lake, at=made.end, cached=False, **asked)
            theirs = query.on_postgres(measure, at=made.end, **asked)
            events = list(worlds.told([made], start=made.start, end=made.end))

            assert ours.engine == "duckdb"
            assert ours.rows
            assert same(ours.rows, theirs.rows)
            assert same(ours.rows, measure.oracle(events, asked))
        Segment.objects.all().delete()

    def test_is_asked_as_a_question_with_what_the_builder_needs(self, names, lake):
        raw = {"kind": "loyalty", "act": {"event": "Page Viewed"}, "period": {"last": [7, "days"]}}
        asked = whole.parse(raw)
        world.tell(MEASURES["loyalty"].example.events)

        answered = pose.answer(
            asked=asked, zone="Europe/Madrid", at=world.DAY + timedelta(days=1),
            via=lambda measure, **told: query.ask(measure, lake=lake, at=world.END, **told),
        )  # fmt: skip

        assert asked.plain() == raw
        assert [field.kind for field in KINDS.get("loyalty").form()] == ["event"]
        assert answered.shown.sentence == "2 people came."
        assert answered.shown.sheets[0].rows == [(1, 2)]
