"""The grammar of journeys: from the outline that people draw to the graph that the engine walks.

Pure. An outline is a list of steps, each with an id that stays the same through all versions:

- `{"id", "type": "delay", "mode": "for", "amount", "unit"}`,
  `{… "mode": "time", "time": "09:30", "after": 1}` (so many days later, in the person's zone),
  `{… "mode": "weekday", "weekdays": [0], "time"}`,
  `{… "mode": "date", "trait", "amount", "unit", "side": "before" | "after", "time"}`
- `{"id", "type": "wait", "for": [{"id", "event", "where": [], "same": "", "steps": []} |
  {"id", "rule": {}, "steps": []}], "amount", "unit", "timeout": [steps]}`: `same` names a property
  that must equal the key under which the run entered
- `{"id", "type": "branch", "arms": [{"id", "name", "rule", "steps": []}], "else": [steps]}`
- `{"id", "type": "split", "arms": [{"id", "name", "percent", "steps": []}]}`
- `{"id", "type": "send", "message"}`, `{"id", "type": "update", "trait", "value"}`
- `{"id", "type": "jump", "to": step id}`, `{"id", "type": "end", "outcome"}`

An arm that doesn't end goes on with the step below. Every step and arm may have a `name`.
"""

from journeys.graph.compiler import compile_plan
from journeys.graph.kinds import OFFERED, Ask, Kind, described
from journeys.graph.outline import (
    COMPLETED,
    DEEPEST,
    ENTRIES,
    EVERY,
    FINISH,
    KINDS,
    LONGEST,
    MODES,
    MOST_ARMS,
    MOST_STEPS,
    SECONDS,
    BadOutline,
    Fault,
    Known,
    Plan,
    drawn_people_lists,
    drawn_segments,
    ends,
    heard_names,
    lists_of,
    nexts_of,
    people_lists_of,
    segments_of,
    steps_of,
)
from journeys.graph.tidy import tidy, tidy_endings, tidy_entry

__all__ = [
    "COMPLETED", "DEEPEST", "ENTRIES", "EVERY", "FINISH", "KINDS", "LONGEST", "MODES", "MOST_ARMS",
    "MOST_STEPS", "OFFERED", "SECONDS", "Ask", "BadOutline", "Fault", "Kind", "Known", "Plan",
    "compile_plan",
    "described", "drawn_people_lists", "drawn_segments", "ends",
    "heard_names", "lists_of", "nexts_of", "people_lists_of", "segments_of", "steps_of", "tidy",
    "tidy_endings", "tidy_entry",
]  # fmt: skip
