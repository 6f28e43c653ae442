"""What changed between two plans of a journey, step by step. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from journeys.graph import Plan, lists_of

# What a step holds that is drawn as steps of their own.
_INSIDE = frozenset({"for", "arms", "timeout", "else", "steps"})


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    `kind`: added, removed, moved or changed, of a step or an arm; or entry, goals, exits. `fields`
    names what differs; `before` and `after` are the step, the arm, or the whole of it, as drawn.
    """

    kind: str
    id: str = ""
    type: str = ""
    fields: tuple[str, ...] = ()
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class _Placed:
    """A step or an arm, where it stands, and after what."""

    told: Mapping[str, Any]
    type: str
    inside: str
    behind: str


def diff(old: Plan | None, new: Plan) -> list[Change]:
    """Return what changed, in reading order of the new plan, removals last.

    A step that only stands behind another neighbor because one was added or removed has not moved.
    """
    if old is None:
        old = Plan([], new.entry, new.goals, new.exits)
    found = [
        Change(name, fields=(name,), before=before, after=after)
        for name, before, after in (
            ("entry", old.entry, new.entry),
            ("goals", list(old.goals), list(new.goals)),
            ("exits", list(old.exits), list(new.exits)),
        )
        if before != after
    ]
    before, after = _placed(old.outline), _placed(new.outline)
    stays = _unmoved(before, after)
    for name, here in after.items():
        there = before.get(name)
        if there is None:
            found.append(Change("added", name, here.type, after=here.told))
            continue
        fields = _fields(there.told, here.told)
        if fields:
            found.append(Change("changed", name, here.type, fields, there.told, here.told))
        if name not in stays:
            found.append(Change("moved", name, here.type, (), there.told, here.told))
    found += [
        Change("removed", name, there.type, before=there.told)
        for name, there in before.items()
        if name not in after
    ]
    return found


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    names = sorted({*before, *after} - _INSIDE - {"id"})
    return tuple(name for name in names if before.get(name) != after.get(name))


def _placed(outline: Any) -> dict[str, _Placed]:
    return {str(one.told.get("id", "")): one for one in _walk(outline, "")}


def _walk(steps: Any, inside: str) -> Iterator[_Placed]:
    behind = ""
    for step in steps if isinstance(steps, list) else []:
        if not isinstance(step, dict):
            continue
        kind, name = str(step.get("type", "")), str(step.get("id", ""))
        yield _Placed(step, kind, inside, behind)
        behind = name
        last = ""
        for arms in ("for", "arms"):
            for arm in step.get(arms, []) if isinstance(step.get(arms), list) else []:
                if isinstance(arm, dict):
                    yield _Placed(arm, f"{kind} arm", name, last)
                    last = str(arm.get("id", ""))
        for way, inner in lists_of(step):
            yield from _walk(inner, f"{name}/{way}")


def _unmoved(before: Mapping[str, _Placed], after: Mapping[str, _Placed]) -> set[str]:
    """Return who stands in the same list in the same order as before."""
    lists: dict[str, tuple[list[str], list[str]]] = {}
    for place, placed in ((0, before), (1, after)):
        for name, one in placed.items():
            if name in before and name in after:
                lists.setdefault(one.inside, ([], []))[place].append(name)
    return {name for left, right in lists.values() for name in _longest_common(left, right)}


def _longest_common(left: list[str], right: list[str]) -> list[str]:
    """Return the longest subsequence of both (dynamic programming; lists are short)."""
    best: list[list[list[str]]] = [
        [[] for _ in range(len(right) + 1)] for _ in range(len(left) + 1)
    ]
    for i, one in enumerate(left):
        for j, other in enumerate(right):
            if one == other:
                best[i + 1][j + 1] = [*best[i][j], one]
            else:
                best[i + 1][j + 1] = max(best[i][j + 1], best[i + 1][j], key=len)
    return best[-1][-1]
