"""Event names are sentences in the past, and each is written on its floor's doorplate."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FLOORS = ["customers", "content", "journeys", "analytics"]
# A capitalized name of two or more words whose last one is a participle.
NAME = re.compile(
    r"[\"']((?:[A-Z][a-z]+ )+(?:Viewed|Entered|Left|Exited|Sent|Failed|Clicked|Unsubscribed|Up|"
    r"Opened|Bounced|Answered|Submitted))[\"']"
)


@pytest.mark.parametrize("floor", FLOORS)
def test_an_event_name_in_the_code_stands_in_a_readme(floor):
    plates = "".join((ROOT / name / "README.md").read_text() for name in FLOORS)
    used = set()
    for file in (ROOT / floor).rglob("*.py"):
        if "migrations" not in file.parts:
            used |= set(NAME.findall(file.read_text()))

    assert sorted(name for name in used if name not in plates) == []
