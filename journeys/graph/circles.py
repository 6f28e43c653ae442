"""Which ways of a graph go in a circle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def surely_rests(node: Mapping[str, Any]) -> bool:
    """Return whether everybody rests here: a date may be past, a condition may hold already."""
    if node["type"] == "delay":
        return bool(node["mode"] != "date")
    return bool(node["type"] == "wait" and not node["rules"])


def in_circles(onward: Mapping[str, list[str]]) -> list[str]:
    """Return the first node of each circle found."""
    state: dict[str, int] = {}
    found = []
    for root in onward:
        if root in state:
            continue
        path = [(root, iter(onward[root]))]
        state[root] = 1
        while path:
            name, rest = path[-1]
            then = next(rest, None)
            if then is None:
                state[name] = 2
                path.pop()
            elif state.get(then) == 1:
                found.append(then)
            elif then not in state and then in onward:
                state[then] = 1
                path.append((then, iter(onward[then])))
    return found
