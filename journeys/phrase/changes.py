"""What changed between two versions, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from customers.conditions.base import gettext_noop
from journeys.diff import Change
from journeys.graph import Plan, steps_of
from journeys.phrase.entries import entry
from journeys.phrase.steps import answer, share, step, title
from journeys.phrase.words import Names, dicts, listen

_ = gettext_noop


def changes(found: Iterable[Change], old: Plan | None, new: Plan, names: Names) -> list[str]:
    """Return each difference as a sentence.

    Args:
        found: what `journeys.diff` found.
        old: the plan before, for the names of what is gone.
        new: the plan after.
        names: how to tell.
    """
    steps = [*steps_of(old.outline if old else []), *steps_of(new.outline)]
    known = replace(
        names, steps={str(one.get("id")): title(one, names) for one in steps if "to" not in one}
    )
    return [_sentence(change, known) for change in found]


def _sentence(change: Change, names: Names) -> str:
    before, after = change.before, change.after
    if change.kind == "entry":
        return names(
            _("People enter when: %(new)s. Before: %(old)s."),
            new=entry(after or {}, names), old=entry(before or {}, names),
        )  # fmt: skip
    if change.kind in ("goals", "exits"):
        text = _("Goals: %(new)s. Before: %(old)s.")
        if change.kind == "exits":
            text = _("Exits: %(new)s. Before: %(old)s.")
        return names(text, new=_endings(after, names), old=_endings(before, names))
    if change.kind == "added":
        return names(_("New: %(step)s"), step=_told(change.type, after, names))
    if change.kind == "removed":
        return names(_("Removed: %(step)s"), step=_told(change.type, before, names))
    if change.kind == "moved":
        return names(_("Moved: %(step)s"), step=_told(change.type, after, names))
    return names(
        _("Changed: %(old)s → %(new)s"),
        old=_told(change.type, before, names), new=_told(change.type, after, names),
    )  # fmt: skip


def _endings(told: Any, names: Names) -> str:
    said = [listen(one, names) for one in dicts(list(told or []))]
    return names(_(" or ")).join(said) or names(_("none"))


def _told(kind: str, told: Mapping[str, Any], names: Names) -> str:
    if kind.endswith(" arm"):
        does = share(told) if kind == "split arm" else answer(told, names)
        does = names(_("way “%(way)s”"), way=does)
    else:
        does = step(told, names)
    own = str(told.get("name") or "").strip()
    return f"“{own}” ({does})" if own else does
