"""The grammar of conditions: read, refuse, explain. Knows no database and no framework."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from customers.conditions import LEAVES
from customers.conditions.base import RuleError

VERSION = 1
FIRST = ("trait", "event", "segment")
DEEPEST = 5
MOST_LEAVES = 50
LONGEST_WINDOW = 3650
TRAIT_CMPS = ("eq", "ne", "in", "gt", "gte", "lt", "lte", "contains", "set")
EVENT_CMPS = ("eq", "ne", "gt", "gte", "lt", "lte")
METRICS = ("count", "sum")
# A segment that counts segment changes would have to be asked again by its own answer.
OUR_CHANGES = ("Segment Entered", "Segment Left")

Scalar: TypeAlias = "str | int | float | bool"


@dataclass(frozen=True, slots=True)
class Group:
    """All of these ("and") or any of these ("or")."""

    op: str
    of: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite. What a leaf can't know is false, so that its opposite is true."""

    of: Node


@dataclass(frozen=True, slots=True)
class Trait:
    """What is known about a person; a dot in the field goes inside (`address.country`).

    A missing trait answers no to every comparison, also to `ne`; only `set` with False says yes.
    """

    field: str
    cmp: str
    value: Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """How often or for how much something happened in the last days (today included) or ever."""

    name: str
    metric: str
    days: int | None
    cmp: str
    value: int | float


@dataclass(frozen=True, slots=True)
class Inside:
    """Is in another segment now."""

    id: int


Leaf: TypeAlias = "Trait | Happened | Inside"
Node: TypeAlias = "Group | Not | Trait | Happened | Inside"


@dataclass(frozen=True, slots=True)
class Deps:
    """What a rule's answer depends on."""

    names: set[str] = field(default_factory=set)
    traits: bool = False
    segments: set[int] = field(default_factory=set)
    timed: bool = False


def parse(rule: Any) -> Node:
    """Return the rule as a tree.

    Raises:
        RuleError: the grammar does not allow it.
    """
    if not isinstance(rule, Mapping):
        raise RuleError("", "A rule is an object with a root.")
    if rule.get("v") != VERSION:
        raise RuleError("v", "This version of rules is not known here.")
    root = _node(rule.get("root"), "root", 1)
    if sum(1 for _ in leaves(root)) > MOST_LEAVES:
        raise RuleError("root", f"A rule has at most {MOST_LEAVES} conditions.")
    return root


def describe() -> list[dict[str, Any]]:
    """Return how each kind of condition is written, for whoever draws forms; not yet translated."""
    places = {name: place for place, name in enumerate(FIRST)}
    kinds = sorted(LEAVES, key=lambda kind: places.get(kind.name, len(places)))
    return [kind.form().told() for kind in kinds]


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield the conditions of a tree, in reading order."""
    if isinstance(node, Group):
        for child in node.of:
            yield from leaves(child)
    elif isinstance(node, Not):
        yield from leaves(node.of)
    else:
        yield node


def deps(rule: Any) -> Deps:
    """Return what has to change before the rule's answer can change.

    Raises:
        RuleError: the grammar does not allow the rule.
    """
    return deps_of(parse(rule))


def deps_of(root: Node) -> Deps:
    """Return the same for a tree that was parsed already."""
    found = list(leaves(root))
    return Deps(
        names={leaf.name for leaf in found if isinstance(leaf, Happened)},
        traits=any(isinstance(leaf, Trait) for leaf in found),
        segments={leaf.id for leaf in found if isinstance(leaf, Inside)},
        timed=any(isinstance(leaf, Happened) and leaf.days is not None for leaf in found),
    )


def _node(raw: Any, path: str, depth: int) -> Node:
    if not isinstance(raw, Mapping):
        raise RuleError(path, "Here a condition is missing.")
    if depth > DEEPEST:
        raise RuleError(path, f"Groups stand at most {DEEPEST} deep in each other.")
    op = raw.get("op")
    if op in ("and", "or"):
        return Group(str(op), _children(raw, path, depth))
    if op == "not":
        return Not(_node(raw.get("of"), f"{path}.of", depth + 1))
    read = _LEAVES.get(op) if isinstance(op, str) else None
    if read is None:
        raise RuleError(path, f"There is no condition of the kind {op!r}.")
    return read(raw, path)


def _children(raw: Mapping[str, Any], path: str, depth: int) -> tuple[Node, ...]:
    of = raw.get("of")
    if not isinstance(of, (list, tuple)) or not of:
        # "All of nothing" would be everybody.
        raise RuleError(path, "A group needs at least one condition.")
    return tuple(_node(child, f"{path}.of.{i}", depth + 1) for i, child in enumerate(of))


def _trait(raw: Mapping[str, Any], path: str) -> Trait:
    name, cmp, value = raw.get("field"), raw.get("cmp"), raw.get("value")
    if not isinstance(name, str) or not name.strip() or len(name) > 200 or "\x00" in name:
        raise RuleError(f"{path}.field", "Choose a trait.")
    if cmp not in TRAIT_CMPS:
        raise RuleError(f"{path}.cmp", f"A trait can't be compared by {cmp!r}.")
    if cmp == "set":
        if not isinstance(value, bool):
            raise RuleError(f"{path}.value", "Say whether the trait is known or not.")
    elif cmp == "in":
        if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= 1000:
            raise RuleError(f"{path}.value", "Give at least one value, at most a thousand.")
        return Trait(name, cmp, tuple(_scalar(one, f"{path}.value") for one in value))
    elif cmp == "contains":
        if not isinstance(value, str) or not value:
            raise RuleError(f"{path}.value", "Give the words to look for.")
    elif cmp not in ("eq", "ne") and isinstance(value, bool):
        raise RuleError(f"{path}.value", "Yes and no are not more or less than each other.")
    return Trait(name, str(cmp), _scalar(value, f"{path}.value"))


def _scalar(value: Any, path: str) -> Scalar:
    if isinstance(value, str) and len(value) <= 1000 and "\x00" not in value:
        return value
    if isinstance(value, bool) or (isinstance(value, int) and abs(value) < 10**15):
        return value
    if isinstance(value, float) and math.isfinite(value) and abs(value) < 10**15:
        return value
    raise RuleError(path, "Give a text, a number, or yes or no.")


def _happened(raw: Mapping[str, Any], path: str) -> Happened:
    name, metric, cmp, value = (raw.get(key) for key in ("name", "metric", "cmp", "value"))
    if not isinstance(name, str) or not name.strip() or len(name) > 200 or "\x00" in name:
        raise RuleError(f"{path}.name", "Choose an event.")
    if name in OUR_CHANGES:
        raise RuleError(f"{path}.name", "Ask for the segment itself instead of its changes.")
    if metric not in METRICS:
        raise RuleError(f"{path}.metric", f"Events can't be measured by {metric!r}.")
    if cmp not in EVENT_CMPS:
        raise RuleError(f"{path}.cmp", f"A number of events can't be compared by {cmp!r}.")
    number = _scalar(value, f"{path}.value")
    if isinstance(number, (bool, str)):
        raise RuleError(f"{path}.value", "Give a number.")
    return Happened(name, str(metric), _window(raw.get("window"), path), str(cmp), number)


def _window(raw: Any, path: str) -> int | None:
    if raw == "all":
        return None
    last = raw.get("last") if isinstance(raw, Mapping) and set(raw) == {"last"} else None
    if (
        not isinstance(last, (list, tuple))
        or len(last) != 2
        or last[1] != "days"
        or not isinstance(last[0], int)
        or isinstance(last[0], bool)
        or not 1 <= last[0] <= LONGEST_WINDOW
    ):
        raise RuleError(f"{path}.window", f"Give 1 to {LONGEST_WINDOW} days, or all time.")
    return last[0]


def _inside(raw: Mapping[str, Any], path: str) -> Inside:
    number = raw.get("id")
    if not isinstance(number, int) or isinstance(number, bool) or not 0 < number < 2**63:
        raise RuleError(f"{path}.id", "Choose a segment.")
    return Inside(number)


_LEAVES: dict[str, Callable[[Mapping[str, Any], str], Leaf]] = {
    "trait": _trait,
    "event": _happened,
    "segment": _inside,
}

_WORDS = {
    "eq": "is", "ne": "is known and is not", "in": "is one of", "gt": "is more than",
    "gte": "is at least", "lt": "is less than", "lte": "is at most", "contains": "contains",
}  # fmt: skip
_NUMBERS = {
    "eq": "exactly", "ne": "any number but", "gt": "more than", "gte": "at least",
    "lt": "less than", "lte": "at most",
}  # fmt: skip


def sentence(
    rule: Any,
    *,
    segments: Mapping[int, str] | None = None,
    translate: Callable[[str], str] = str,
) -> str:
    """Return the rule in words.

    Args:
        rule: as it is stored.
        segments: names of the segments it may mention, by id.
        translate: gettext of whoever reads it.

    Raises:
        RuleError: the grammar does not allow the rule.
    """
    return _say(parse(rule), segments or {}, translate, top=True)


def _say(node: Node, names: Mapping[int, str], _: Callable[[str], str], top: bool = False) -> str:
    if isinstance(node, Group):
        word = _(" and ") if node.op == "and" else _(" or ")
        told = word.join(_say(child, names, _) for child in node.of)
        return told if top or len(node.of) == 1 else f"({told})"
    if isinstance(node, Not):
        return _("not %(rule)s") % {"rule": _say(node.of, names, _)}
    if isinstance(node, Inside):
        return _("is in “%(name)s”") % {"name": names.get(node.id, f"#{node.id}")}
    if isinstance(node, Happened):
        return _say_happened(node, _)
    if node.cmp == "set":
        return (_("%(field)s is known") if node.value else _("%(field)s is not known")) % {
            "field": node.field
        }
    value = (
        ", ".join(map(_show, node.value)) if isinstance(node.value, tuple) else _show(node.value)
    )
    return f"{node.field} {_(_WORDS[node.cmp])} {value}"


def _say_happened(leaf: Happened, _: Callable[[str], str]) -> str:
    often = _("once") if leaf.value == 1 else _("%(value)s times") % {"value": f"{leaf.value:g}"}
    told = (
        _("did “%(name)s” %(cmp)s %(often)s")
        if leaf.metric == "count"
        else _("“%(name)s” adds up to %(cmp)s %(value)s")
    ) % {
        "name": leaf.name,
        "cmp": _(_NUMBERS[leaf.cmp]),
        "often": often,
        "value": f"{leaf.value:g}",
    }
    if leaf.days is None:
        return told
    return _("%(what)s in the last %(days)s days") % {"what": told, "days": leaf.days}


def _show(value: Scalar) -> str:
    return f"“{value}”" if isinstance(value, str) else str(value).lower()
