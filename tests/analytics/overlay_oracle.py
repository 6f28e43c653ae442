"""Whose is an event now? From names, links and hands alone, without stamps or overlay.

A name belongs to everybody it is linked with, directly or not; they are the person with whom the
oldest of these names was born. While a shared name was in the hands of another, it acts as that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Hand:
    alias: int
    holder: int
    since: datetime | None
    until: datetime | None


def owner(
    alias: int,
    at: datetime,
    *,
    born: Mapping[int, tuple[Any, int]],
    links: Sequence[tuple[int, int]],
    hands: Sequence[Hand],
) -> int:
    """Return the profile; `born` is (when first seen, the profile it was born with) by name."""
    for hand in hands:
        begun = hand.since is None or hand.since <= at
        if hand.alias == alias and begun and (hand.until is None or at < hand.until):
            alias = hand.holder
            break
    person = {alias}
    while more := {n for link in links if person & set(link) for n in link} - person:
        person |= more
    oldest = min(person, key=lambda name: (born[name][0], name))
    return born[oldest][1]
