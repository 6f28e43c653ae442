"""Attribution in plain Python, slow and plainly right: the oracle of `attribution`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from analytics.measures import touches
from analytics.measures.base import Row, Told
from analytics.measures.touches import Touches
from analytics.measures.where import said

MODELS = ("last", "named", "first", "linear", "position", "decay")
SECONDS = 86_400

# A conversion with its touches within the window, by time.
_Path = tuple[Told, list[tuple[Told, str]]]


def _paths(events: Sequence[Told], asked: Mapping[str, Any]) -> Iterator[_Path]:
    by: Touches = asked["by"]
    window = timedelta(days=asked.get("within_days", 30))
    touched = list(touches.of(by, events))
    for sale in events:
        if sale.happened_at < asked["start"] or not said(asked["conversion"], sale):
            continue
        yield sale, [
            (told, word) for told, word in touched
            if told.profile_id == sale.profile_id
            and told.happened_at > sale.happened_at - window
            and (told.happened_at, told.id) <= (sale.happened_at, sale.id)
            and (by.is_visit or told.id != sale.id)
        ]  # fmt: skip


def _places(path: Sequence[tuple[Told, str]], by: Touches) -> dict[str, int]:
    named = [i for i, (_told, word) in enumerate(path) if word != by.passed]
    return {"first": 0, "last": len(path) - 1, "named": named[-1] if named else len(path) - 1}


def _shares(sale: Told, path: Sequence[tuple[Told, str]], asked: Mapping[str, Any]) -> list[Row]:
    """Return what each touch gets by each model, in the order of MODELS."""
    n, place = len(path), _places(path, asked["by"])
    half = asked.get("half_life", 7.0) * SECONDS
    ago = [(sale.happened_at - told.happened_at).total_seconds() for told, _word in path]
    weights = [0.5 ** (one / half) for one in ago]
    middle = 0.2 / (n - 2) if n > 2 else 0.0
    return [
        (
            float(i == place["last"]), float(i == place["named"]), float(i == place["first"]),
            1 / n, 1 / n if n <= 2 else 0.4 if i in (0, n - 1) else middle,
            weights[i] / sum(weights),
        )
        for i in range(n)
    ]  # fmt: skip


def credit(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    """Return what each touch is credited with."""
    who: dict[str | None, set[int]] = {}
    helped: dict[str | None, set[int]] = {}
    got: dict[str | None, list[float]] = {}
    for sale, path in _paths(events, asked):
        worth = float(sale.columns["amount"] or 0)
        words: list[str | None] = [word for _told, word in path] or [None]
        shares = _shares(sale, path, asked) or [(1.0,) * len(MODELS)]
        for word, share in zip(words, shares, strict=True):
            who.setdefault(word, set()).add(sale.profile_id)
            helped.setdefault(word, set()).add(sale.id)
            sums = got.setdefault(word, [0.0] * 2 * len(MODELS))
            for i, one in enumerate(share):
                sums[2 * i] += one
                sums[2 * i + 1] += one * worth
    ranked = sorted(got, key=lambda word: (word is None, -len(helped[word]), word or ""))
    found = [(word, len(who[word]), len(helped[word]), *got[word]) for word in ranked]
    return found[: asked.get("limit", 200)]


def people(events: Sequence[Told], asked: Mapping[str, Any]) -> list[Row]:
    """Return whom a touch led to a conversion, with the second of their latest one."""
    latest: dict[int, int] = {}
    whose = asked.get("whose", "any")
    for sale, path in _paths(events, asked):
        words: list[str | None] = [word for _told, word in path] or [None]
        if path and whose != "any":
            words = [words[_places(path, asked["by"])[whose]]]
        if asked["touch"] in words:
            moment = int(sale.happened_at.timestamp())
            latest[sale.profile_id] = max(latest.get(sale.profile_id, moment), moment)
    found = sorted(latest.items(), key=lambda one: (-one[1], one[0]))
    return list(found)[: asked.get("limit", 200)]
