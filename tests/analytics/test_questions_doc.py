"""The questions of docs/analyst/questions.md can be asked as they stand there, one of each kind."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from analytics import pose, query
from analytics.questions import KINDS
from analytics.questions import asked as whole
from tests.analytics.world import DAY, END, happen

PAGE = (Path(__file__).parent.parent.parent / "docs/analyst/questions.md").read_text()
EXAMPLES = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def test_each_kind_is_shown_once():
    assert sorted(one["kind"] for one in EXAMPLES) == sorted(kind.name for kind in KINDS)


@pytest.mark.parametrize("raw", EXAMPLES, ids=lambda raw: raw["kind"])
def test_a_question_is_answered(lake, raw):
    happen(1, DAY, "Page Viewed", "page", path="/")
    for name in ("Signed Up", "Product Viewed", "Savings Plan Started", "Message Sent"):
        happen(1, DAY, name, "track", delivery_id=7, journey="Welcome")
    happen(1, DAY, "Savings Plan Opened", "track", revenue=60)

    def ask(measure, **parameters):
        return query.ask(measure, lake=lake, at=END, **parameters)

    asked = whole.parse(raw)
    answered = pose.answer(asked=asked, zone="UTC", at=DAY.replace(hour=12), via=ask)

    assert answered.shown.sheets
    assert whole.parse(asked.plain()) == asked
