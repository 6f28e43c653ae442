"""Kinds of steps that others offer: what the editor asks for, and what becomes of the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from journeys.graph.fields import Fields, is_number
from journeys.graph.outline import Fault

LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that a step has to be told; the editor draws its form from these.

    `kind`: text, number (`least` to `most`), boolean, choice (of `options`), trait or event.
    """

    name: str
    label: str
    kind: str = "text"
    help: str = ""
    required: bool = True
    options: Sequence[tuple[str, str]] = ()
    least: int = 0
    most: int = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Kind:
    """What a kind of step that is offered says of itself (`journeys.nodes.Node`)."""

    name: str
    label: str
    help: str
    asks: Sequence[Ask]
    sentence: Callable[[Mapping[str, Any]], str]


OFFERED: dict[str, Kind] = {}


def described() -> list[dict[str, Any]]:
    """Return the kinds that are offered, for whoever draws their forms."""
    return [
        {
            "name": one.name,
            "label": one.label,
            "help": one.help,
            "asks": [
                {
                    "name": ask.name, "label": ask.label, "kind": ask.kind, "help": ask.help,
                    "required": ask.required, "options": [list(pair) for pair in ask.options],
                    "least": ask.least, "most": ask.most,
                }
                for ask in one.asks
            ],
        }
        for one in OFFERED.values()
    ]  # fmt: skip


def answered(kind: Kind, step: Mapping[str, Any], work: Fields) -> dict[str, Any]:
    """Return what a step tells its kind, faults noted."""
    told = {}
    for ask in kind.asks:
        value = step.get(ask.name)
        if value is None or value == "":
            if ask.required:
                work.faults.append(Fault(str(step["id"]), "missing", ask.name))
            value = None
        elif not _fits(ask, value):
            work.faults.append(Fault(str(step["id"]), "value", ask.name))
            value = None
        told[ask.name] = value
    return told


def kept(kind: Kind, step: Mapping[str, Any]) -> dict[str, Any]:
    """Return of a draft's step what its kind asks for, complete or not."""
    found = {ask.name: step[ask.name] for ask in kind.asks if ask.name in step}
    plain = (bool, int, float, str)
    return {
        name: value.replace("\x00", "")[:LONGEST_TEXT] if isinstance(value, str) else value
        for name, value in found.items()
        if isinstance(value, plain) and (not isinstance(value, float) or is_number(value))
    }


def _fits(ask: Ask, value: Any) -> bool:
    if ask.kind == "number":
        return is_number(value) and ask.least <= value <= ask.most
    if ask.kind == "boolean":
        return isinstance(value, bool)
    if ask.kind == "choice":
        return isinstance(value, str) and value in {name for name, _label in ask.options}
    return isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT and "\x00" not in value
