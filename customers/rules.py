"""The grammar of conditions: read, refuse, explain. Knows no database and no framework."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from customers.conditions import LEAVES
from customers.conditions.base import Deps, Leaf, RuleError, Words, gettext_noop
from customers.conditions.matcher import OUR_CHANGES

__all__ = [
    "OUR_CHANGES", "Deps", "Group", "Leaf", "Node", "Not", "RuleError", "Words", "canonical",
    "deps", "deps_of", "describe", "grows", "leaves", "parse", "sentence",
]  # fmt: skip

_ = gettext_noop

VERSION = 1
DEEPEST = 5
MOST_LEAVES = 50
FIRST = ("trait", "event", "segment")


@dataclass(frozen=True, slots=True)
class Group:
    """All of these ("and") or any of these ("or")."""

    op: str
    of: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite. What a leaf can't know is false, so that its opposite is true."""

    of: Node


Node: TypeAlias = "Group | Not | Leaf"


def parse(rule: Any) -> Node:
    """Return the rule as a tree.

    Raises:
        RuleError: the grammar does not allow it.
    """
    if not isinstance(rule, Mapping):
        raise RuleError("", _("A rule is an object with a root."))
    if rule.get("v") != VERSION or isinstance(rule.get("v"), bool):
        raise RuleError("v", _("This version of rules is not known here."))
    root = _node(rule.get("root"), "root", 1)
    if sum(1 for _leaf in leaves(root)) > MOST_LEAVES:
        raise RuleError("root", _("A rule has at most 50 conditions."))
    return root


def canonical(rule: Any) -> dict[str, Any]:
    """Return the rule in the one spelling in which it is kept.

    Raises:
        RuleError: the grammar does not allow it.
    """
    return {"v": VERSION, "root": plain(parse(rule))}


def plain(node: Node) -> dict[str, Any]:
    """Return the one JSON spelling of a tree."""
    if isinstance(node, Group):
        return {"op": node.op, "of": [plain(child) for child in node.of]}
    if isinstance(node, Not):
        return {"op": "not", "of": plain(node.of)}
    return {"op": node.name, **node.plain()}


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
    found = Deps()
    for leaf in leaves(root):
        found.add(leaf.deps())
    return found


def grows(node: Node) -> bool:
    """Return whether events can only make a rule true, and time alone can only make it false."""
    if isinstance(node, Group):
        return all(grows(child) for child in node.of)
    if isinstance(node, Not):
        told = deps_of(node)
        return not told.names and not told.timed
    return node.grows()


def _node(raw: Any, path: str, depth: int) -> Node:
    if not isinstance(raw, Mapping):
        raise RuleError(path, _("Here a condition is missing."))
    if depth > DEEPEST:
        raise RuleError(path, _("Groups stand at most five deep in each other."))
    op = raw.get("op")
    if op in ("and", "or"):
        return Group(str(op), _children(raw, path, depth))
    if op == "not":
        return Not(_node(raw.get("of"), f"{path}.of", depth + 1))
    kind = LEAVES.members.get(op) if isinstance(op, str) else None
    if kind is None:
        # Never left out in silence: without it, a rule would pick more people than was meant.
        raise RuleError(path, _("There is no condition of this kind."))
    return kind.parse(raw, path)


def _children(raw: Mapping[str, Any], path: str, depth: int) -> tuple[Node, ...]:
    of = raw.get("of")
    if not isinstance(of, (list, tuple)) or not of:
        # "All of nothing" would be everybody.
        raise RuleError(path, _("A group needs at least one condition."))
    return tuple(_node(child, f"{path}.of.{i}", depth + 1) for i, child in enumerate(of))


def sentence(
    rule: Any,
    *,
    segments: Mapping[int, str] | None = None,
    lists: Mapping[int, str] | None = None,
    translate: Callable[[str], str] = str,
) -> str:
    """Return the rule in words.

    Args:
        rule: as it is stored.
        segments: names of the segments it may mention, by id.
        lists: names of the lists it may mention, by id.
        translate: gettext of whoever reads it.

    Raises:
        RuleError: the grammar does not allow the rule.
    """
    return told(parse(rule), Words(translate, segments or {}, lists or {}))


def told(node: Node, say: Words, *, inner: bool = False) -> str:
    """Return a tree in words."""
    if isinstance(node, Group):
        word = say(_(" and ")) if node.op == "and" else say(_(" or "))
        said = word.join(told(child, say, inner=True) for child in node.of)
        return f"({said})" if inner and len(node.of) > 1 else said
    if isinstance(node, Not):
        return say(_("not %(rule)s"), rule=told(node.of, say, inner=True))
    return node.sentence(say)
