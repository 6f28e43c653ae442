"""The controls of a question, drawn from what its kind tells about its form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from analytics.admin.ask_address import ANY, PROPERTY, dumped, get, is_shown
from analytics.draw import DASH
from analytics.questions.base import Field, QuestionError
from customers import rules
from customers.conditions.base import Words
from customers.conditions.matcher import matcher
from customers.models import Segment, TraitDef

UNITS = [
    ("minutes", lazy("minutes")), ("hours", lazy("hours")), ("days", lazy("days")),
    ("weeks", lazy("weeks")), ("months", lazy("months")),
]  # fmt: skip
FIXED = {
    "channel": lazy("Channel of the visit"),
    "path": lazy("Page address"),
    "title": lazy("Page title"),
    "referrer": lazy("Referring site"),
    "campaign_source": lazy("Campaign source"),
    "campaign_medium": lazy("Campaign medium"),
    "campaign_name": lazy("Campaign name"),
}

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One event of a control: which, with what its properties must say, in JSON and in words."""

    number: int
    event: str
    where: str = ""
    words: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """One control as the page draws it; `lines` are its events, `options` come with groups."""

    field: Field
    label: str
    help: str
    shown: bool
    value: str = ""
    unit: str = ""
    name: str = ""
    error: str = ""
    lines: Sequence[Line] = ()
    options: Choices = ()
    groups: Sequence[tuple[str, Choices]] = ()

    @property
    def id(self) -> str:
        return f"id_{self.field.key.replace('.', '-')}"

    @property
    def key(self) -> str:
        return self.field.key

    @property
    def kind(self) -> str:
        return self.field.kind

    @property
    def only(self) -> str:
        """Return when it is in view, as JSON for the page."""
        return dumped({key: list(values) for key, values in self.field.only.items()})


@dataclass(slots=True)
class Known:
    """What the controls offer: the events that happened, and what is known about people."""

    events: Sequence[Mapping[str, Any]] = ()
    groups: list[tuple[str, Choices]] = field(default_factory=list)


def about_people() -> list[tuple[str, Choices]]:
    """Return what the people of an answer can be told apart by."""
    traits = TraitDef.objects.filter(pii="none").order_by("key").values_list("key", "label")
    segments = Segment.objects.order_by("name").values_list("pk", "name")
    groups = [
        (_("What people are like"), [(f"trait:{key}", label or key) for key, label in traits]),
        (_("Who is in a segment"), [(f"segment:{pk}", name) for pk, name in segments]),
    ]
    return [(label, choices) for label, choices in groups if choices]


def controls(
    form: Iterable[Field], raw: Mapping[str, Any], known: Known, fault: QuestionError | None
) -> list[Control]:
    """Return the controls of a kind with what was asked, and with what is wrong beside it."""
    fields = list(form)
    path = fault.path if fault else ""
    return [_control(one, raw, known, fields, path, fault) for one in fields]


def _control(
    one: Field,
    raw: Mapping[str, Any],
    known: Known,
    form: Sequence[Field],
    path: str,
    fault: QuestionError | None,
) -> Control:
    value = get(raw, one.key)
    hit = fault is not None and (path == one.key or path.startswith(f"{one.key}."))
    words = _(fault.words) if fault is not None and hit else ""
    told: dict[str, Any] = {"error": words}
    if one.kind in {"event", "events"}:
        told["lines"] = _lines(one, value, path, words)
        if any(line.error for line in told["lines"]):
            told["error"] = ""
        told["options"] = _events(one, known, [line.event for line in told["lines"]])
    elif one.kind == "span":
        count, unit = value if isinstance(value, list | tuple) and len(value) == 2 else ("", "days")
        told |= {"value": str(count), "unit": str(unit), "options": _units(one)}
    elif one.kind == "by":
        told |= _by(str(value or ""), known)
    elif one.kind == "choice":
        told |= {"value": str(value or ""), "options": _choices(one)}
    elif one.kind == "boolean":
        told["value"] = "1" if value is True else ""
    else:
        told["value"] = "" if value is None else str(value)
    return Control(
        one,
        _(str(one.label)),
        _(str(one.help)) if one.help else "",
        is_shown(one, raw, form),
        **told,
    )


def _choices(one: Field) -> list[tuple[str, str]]:
    found = [(value, _(str(label))) for value, label in one.options]
    return found if one.required or "" in dict(found) else [("", DASH), *found]


def _units(one: Field) -> list[tuple[str, str]]:
    return _choices(one) if one.options else [(unit, str(label)) for unit, label in UNITS]


def _events(one: Field, known: Known, chosen: Iterable[str]) -> list[tuple[str, str]]:
    listed = [(str(row["name"]), f"{row['name']} ({row['events']:,})") for row in known.events]
    names = dict(listed)
    gone = {name: name for name in chosen if name and name != ANY and name not in names}
    empty = _("Choose an event") if one.required else _("No event")
    if one.options:
        # What choosing none means.
        empty = _(str(one.options[0][1]))
    return [("", empty), (ANY, _("Any event")), *listed, *gone.items()]


def _lines(one: Field, value: Any, path: str, words: str) -> list[Line]:
    told = value if isinstance(value, list | tuple) else [value] if value else []
    lines: list[Line] = []
    # What is wrong is told by place among the rows in which something was chosen.
    chosen = -1
    for event in told:
        if not isinstance(event, Mapping):
            continue
        number = len(lines) + 1
        if not event:
            lines.append(Line(number, ""))
            continue
        chosen += 1
        prefix = f"{one.key}.{chosen}" if one.kind == "events" else one.key
        hit = words and (path == prefix or path.startswith(f"{prefix}."))
        where = event.get("where")
        lines.append(
            Line(
                number,
                str(event.get("event") or ANY),
                dumped(where) if where else "",
                _filters(where),
                words if hit else "",
            )
        )
    return lines or [Line(1, "")]


def _filters(where: Any) -> str:
    """Return filters in words, or nothing where they are none."""
    if not where:
        return ""
    try:
        found = matcher({"event": "-", "where": where}, "").where
    except rules.RuleError:
        return ""
    from customers.conditions import compare

    say = Words(_)
    return say(" and ").join(compare.told(one.prop, one.cmp, one.value, say) for one in found)


def _by(value: str, known: Known) -> dict[str, Any]:
    name = value.removeprefix(PROPERTY) if value.startswith(PROPERTY) else ""
    options = [("", _("Nothing")), *((key, str(label)) for key, label in FIXED.items())]
    options.append((PROPERTY, _("A property of the event")))
    listed = dict(options) | {key: label for _group, some in known.groups for key, label in some}
    chosen = PROPERTY if name else value
    if chosen not in listed:
        options.append((chosen, chosen))
    return {"value": chosen, "name": name, "options": options, "groups": known.groups}
