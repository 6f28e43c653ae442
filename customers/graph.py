"""Whose is a name: a pure function of names and of the links between them.

The profile of a name is the home of the oldest name that links lead to. Nothing else is remembered,
so that merging and parting give the same in any order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

Link = tuple[int, int]


class Name(Protocol):
    """A name, the profile it was born with, and since when we know it."""

    @property
    def id(self) -> int: ...
    @property
    def home(self) -> int: ...
    @property
    def age(self) -> tuple[datetime, int]: ...


N = TypeVar("N", bound=Name)


def heir(names: Iterable[Name]) -> int:
    """Return the profile that linked names belong to."""
    return min(names, key=lambda name: name.age).home


def component(start: int, links: Collection[Link]) -> set[int]:
    """Return the names that links lead to from one of them, itself included."""
    beside: dict[int, list[int]] = {}
    for a, b in links:
        beside.setdefault(a, []).append(b)
        beside.setdefault(b, []).append(a)
    found, waiting = {start}, [start]
    while waiting:
        for other in beside.get(waiting.pop(), ()):
            if other not in found:
                found.add(other)
                waiting.append(other)
    return found


def leaving(a: int, names: Sequence[N], links: Collection[Link]) -> list[N]:
    """Return the names of one person that nothing holds to the oldest any more.

    Args:
        a: one end of the link that is gone.
        names: all of the person's.
        links: those that are left.
    """
    mine = component(a, links)
    here = [name for name in names if name.id in mine]
    there = [name for name in names if name.id not in mine]
    return there if not there or heir(here) == heir(names) else here
