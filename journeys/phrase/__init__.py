"""Steps, arms, entries and endings in words. Pure: whoever shows them brings the translation.

Drafts may be incomplete: what is missing reads as three dots, nothing here raises.
"""

from journeys.phrase.changes import changes
from journeys.phrase.entries import entry
from journeys.phrase.steps import answer, arm, called, outcome, reason, step, title
from journeys.phrase.words import GAP, Names, listen, rule, span

__all__ = [
    "GAP", "Names", "answer", "arm", "called", "changes", "entry", "listen", "outcome", "reason",
    "rule", "span", "step", "title",
]  # fmt: skip
