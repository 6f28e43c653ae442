"""The small language of messages. Pure: no framework, and nothing is ever executed.

`{{ first_name|default:"there" }}`, `{{ trait.<key> }}`, `{{ event.<property>|money:"EUR" }}`, and

    {% if trait.plan == "gold" and event.total > 50 %} … {% elif … %} … {% else %} … {% endif %}
    {% for item in event.items %} {{ item.name|capitalize }} {% endfor %}

Messages are written by staff, but filled with what visitors typed. At publishing, variables and
tags become marks (`mark`); at sending, marks become one person's values (`fill`).
"""

from journeys.wording.check import BadVariable, Variable, needs, variables
from journeys.wording.fill import Resolve, fill
from journeys.wording.grammar import KNOWN, read_tag
from journeys.wording.marks import (
    MARK,
    BadTarget,
    Links,
    block,
    check_target,
    link,
    mark,
    plain,
    source,
)
from journeys.wording.quotes import quote, quoted, reference
from journeys.wording.values import Formats, Values, paths, shown

__all__ = [
    "KNOWN", "MARK", "BadTarget", "BadVariable", "Formats", "Links", "Resolve", "Values",
    "Variable", "block", "check_target", "fill", "link", "mark", "needs", "paths", "plain",
    "quote", "quoted", "read_tag", "reference", "shown", "source", "variables",
]  # fmt: skip
