"""What is wrong with a draft, in words and at the place where it is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from customers import rulebook, rules
from customers.conditions import matcher
from journeys import graph, publish
from journeys.graph import Fault, Plan

# Compiles whatever goals and exits stand beside it.
ANY_STEPS = [{"id": "a", "type": "end", "outcome": "done"}]


def faults_of(plan: Plan) -> list[dict[str, str]]:
    """Return each fault of a draft with its `text`.

    `step` is a step's or an arm's id. Of goals and exits, `where` begins with their place.
    """
    found: list[Fault] = []
    try:
        graph.compile_plan(plan, known=publish.known())
    except graph.BadOutline as error:
        found = error.faults
    owners = dict(_owners(plan.outline))
    told = []
    for fault in found:
        if fault.field in ("goals", "exits"):
            continue
        owner = owners.get(fault.step, {}) if fault.step else plan.entry
        told.append(_told(fault, owner if isinstance(owner, Mapping) else {}))
    return told + list(_of_endings(plan))


def _told(fault: Fault, owner: Mapping[str, Any], before: str = "") -> dict[str, str]:
    text = _inner(fault, owner) or sentence(fault.code, owner=owner)
    return {
        "step": fault.step, "field": fault.field, "code": fault.code, "where": before + fault.where,
        "text": text,
    }  # fmt: skip


def _of_endings(plan: Plan) -> Iterator[dict[str, str]]:
    """Yield the faults of goals and exits, one after the other: the grammar tells them by list."""
    for name in ("goals", "exits"):
        endings = getattr(plan, name)
        for place, one in enumerate(endings if isinstance(endings, list) else []):
            try:
                graph.compile_plan(Plan(ANY_STEPS, **{name: [one]}), known=graph.Known())
            except graph.BadOutline as error:
                owner = one if isinstance(one, Mapping) else {}
                yield from (_told(fault, owner, str(place)) for fault in error.faults)


def _owners(outline: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield steps and arms by their ids."""
    for step in graph.steps_of(outline):
        yield str(step.get("id")), step
        for name in ("for", "arms"):
            for arm in step.get(name) or []:
                if isinstance(arm, Mapping):
                    yield str(arm.get("id")), arm


def _inner(fault: Fault, owner: Mapping[str, Any]) -> str:
    """Return what a rule or a filter itself says is wrong with it."""
    try:
        if fault.code == "rule":
            rules.canonical(owner.get("rule"))
        if fault.code in ("where", "entry_where"):
            matcher.matcher({"event": "any", "where": owner.get("where", [])}, "")
    except rules.RuleError as error:
        return _(error.words)
    return ""


def sentences(outline: Any, names: dict[int, str]) -> dict[str, str]:
    """Return the conditions of an outline in words, by the ids of their arms."""
    told = {}
    for owner, arm in _owners(outline):
        if "rule" in arm:
            try:
                told[owner] = rules.sentence(
                    arm["rule"], segments=names, lists=rulebook.list_names(), translate=_
                )
            except (rules.RuleError, RecursionError):
                told[owner] = ""
    return told


def sentence(code: str, *, owner: Mapping[str, Any] | None = None) -> str:
    """Return what a fault's code means, in words."""
    code = code.removeprefix("entry_") if code in ("entry_no_event", "entry_same") else code
    words = _of_shape() | _of_steps() | _of_entry()
    mode = (owner or {}).get("mode")
    if code == "amount" and (mode in ("time", "date") or "side" in (owner or {})):
        return _("Write a whole number, 0 or more.")
    return words.get(code, words["shape"])


def _of_shape() -> dict[str, str]:
    return {
        "empty": _("A journey needs at least one step."),
        "shape": _("The steps could not be read. Please draw them again."),
        "twice": _("This step is in the journey twice."),
        "too_many": _("A journey can't have so many steps."),
        "unreachable": _("Nobody can come here: every way before has ended."),
        "kind": _("Nobody knows this kind of step."),
        "circle": _("This goes in a circle without a pause. Add a delay or a wait."),
        "no_target": _("Choose the step to go on at."),
        "no_arm": _("Add at least one way."),
        "few_arms": _("Add at least two ways."),
        "too_many_arms": _("A step has at most ten ways."),
        "sum": _("The shares must add up to 100 percent."),
        "percent": _("Write a share between 0 and 100."),
    }


def _of_steps() -> dict[str, str]:
    return {
        "mode": _("Choose how long."),
        "amount": _("Write a number of 1 or more."),
        "unit": _("Choose a unit."),
        "too_long": _("Nobody waits longer than a year."),
        "time": _("Write a time of day."),
        "weekdays": _("Choose at least one day of the week."),
        "side": _("Choose before or after."),
        "no_trait": _("Choose a trait."),
        "trait": _("This trait can't be written."),
        "value": _("Write a value of at most 500 letters."),
        "missing": _("Please answer this."),
        "no_message": _("Choose a message."),
        "message": _("This message is not published, or was deleted."),
        "no_event": _("Name the event."),
        "same_event": _("This step waits for the same event already."),
        "same": _("Name a property, or leave it empty."),
        "no_outcome": _("Name the outcome."),
        "rule": _("This condition is not complete yet."),
        "where": _("This filter is not complete yet."),
        "segment": _("This segment does not exist any more."),
        "list": _("This list of people does not exist any more."),
    }


def _of_entry() -> dict[str, str]:
    return {
        "entry_kind": _("Choose how people enter."),
        "entry_change": _("Choose whether people enter or leave the segment."),
        "entry_segment": _("Choose a segment."),
        "entry_key": _("Name a property, or leave it empty."),
        "entry_where": _("This filter is not complete yet."),
        "entry_every": _("Choose how often."),
        "entry_on": _("Choose the first day."),
    }
