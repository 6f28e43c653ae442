"""Steps, their arms, and what came out of them, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from customers.conditions import compare
from customers.conditions.base import gettext_noop
from journeys import graph
from journeys.phrase.words import GAP, Names, day_of, dicts, listen, rule, span, weekdays

_ = gettext_noop
OUTCOMES = {
    "completed": _("all steps passed"),
    "goal": _("goal reached"),
    "exit": _("left by an exit rule"),
    "removed": _("taken out by hand"),
    "merged": _("merged with another person"),
    "moved": _("ended by a new version"),
}


def step(told: Mapping[str, Any], names: Names) -> str:
    """Return what a step does."""
    say = {
        "delay": _delay, "wait": _wait, "branch": _branch, "split": _split, "send": _send,
        "update": _update, "jump": _jump, "end": _end,
    }.get(str(told.get("type")))  # fmt: skip
    if say:
        return say(told, names)
    offered = graph.OFFERED.get(str(told.get("type")))
    return offered.sentence(told) if offered else GAP


def title(told: Mapping[str, Any], names: Names) -> str:
    """Return a step's own name, else what it does."""
    return str(told.get("name") or "").strip() or step(told, names)


def _delay(told: Mapping[str, Any], names: Names) -> str:
    mode, clock = told.get("mode", "for"), str(told.get("time") or GAP)
    if mode == "for":
        return names(_("Wait %(span)s"), span=span(told, names))
    if mode == "time":
        after = told.get("after", 0)
        if not after:
            return names(_("Wait until %(time)s"), time=clock)
        days = span({"amount": after, "unit": "days"}, names)
        return names(_("Wait until %(time)s, %(days)s later"), time=clock, days=days)
    if mode == "weekday":
        return names(_("Wait until %(days)s, %(time)s"), days=weekdays(told, names), time=clock)
    return names(_("Wait until %(day)s, %(time)s"), day=day_of(told, names), time=clock)


def _wait(told: Mapping[str, Any], names: Names) -> str:
    for_what = names(_(" or ")).join(answer(arm, names) for arm in dicts(told.get("for")))
    return names(
        _("Wait up to %(span)s for %(what)s"), span=span(told, names), what=for_what or GAP
    )


def _branch(told: Mapping[str, Any], names: Names) -> str:
    arms = dicts(told.get("arms"))
    if len(arms) == 1 and not arms[0].get("name"):
        return names(_("Branch: %(rule)s?"), rule=rule(arms[0].get("rule"), names))
    called = [arm.get("name") or rule(arm.get("rule"), names) for arm in arms]
    return names(_("Branch: %(arms)s, everybody else"), arms=", ".join(called) or GAP)


def _split(told: Mapping[str, Any], names: Names) -> str:
    return names(
        _("Split at random: %(shares)s"),
        shares=" / ".join(share(arm) for arm in dicts(told.get("arms"))) or GAP,
    )


def _send(told: Mapping[str, Any], names: Names) -> str:
    return names(_("Send “%(message)s”"), message=names.message(told.get("message")))


def _update(told: Mapping[str, Any], names: Names) -> str:
    trait, value = told.get("trait") or GAP, told.get("value")
    if value is None:
        return names(_("Empty “%(trait)s”"), trait=trait)
    shown = compare.show(value, names.words)
    return names(_("Set “%(trait)s” to %(value)s"), trait=trait, value=shown)


def _jump(told: Mapping[str, Any], names: Names) -> str:
    return names(_("Go on at: %(step)s"), step=names.steps.get(str(told.get("to"))) or GAP)


def _end(told: Mapping[str, Any], names: Names) -> str:
    return names(_("End: %(outcome)s"), outcome=told.get("outcome") or GAP)


def answer(arm: Mapping[str, Any], names: Names) -> str:
    """Return what an arm of a wait waits for."""
    return rule(arm["rule"], names) if "rule" in arm else listen(arm, names)


def arm(told: Mapping[str, Any], way: str, names: Names) -> str:
    """Return a way out of a step: one of its arms by id, `timeout`, `else`, or what a node says."""
    found = _arm_of(told, way)
    if found.get("name"):
        return str(found["name"])
    if found:
        kind = told.get("type")
        return share(found) if kind == "split" else answer(found, names)
    return {
        "timeout": names(_("time ran out")),
        "else": names(_("everybody else")),
        "no_date": names(_("there is no such date")),
        "past": names(_("the date has passed")),
    }.get(way, "") or outcome(way, names)


def _arm_of(told: Mapping[str, Any], way: str) -> dict[str, Any]:
    arms = [*dicts(told.get("for")), *dicts(told.get("arms"))]
    return next((one for one in arms if one.get("id") == way), {})


def share(arm: Mapping[str, Any]) -> str:
    """Return how many of a hundred go one way of a split."""
    percent = arm.get("percent")
    return f"{percent:g} %" if isinstance(percent, (int, float)) else f"{GAP} %"


def outcome(told: str, names: Names) -> str:
    """Return how a run ended."""
    return names(OUTCOMES[told]) if told in OUTCOMES else told


def called(outline: Any, names: Names) -> dict[str, str]:
    """Return what each step of an outline is called, with its number, by id."""
    steps = list(graph.steps_of(outline))
    own = {str(one.get("id")): title(one, names) for one in steps if one.get("type") != "jump"}
    knowing = replace(names, steps=own)
    return {
        str(one.get("id")): f"{number}. {title(one, knowing)}"
        for number, one in enumerate(steps, 1)
    }


def reason(told: Mapping[str, Any], way: str, why: str, names: Names) -> str:
    """Return why a run took this way out of a step, in words; empty where there was one way only.

    Args:
        told: the step.
        way: what came out of it (`Step.outcome`).
        why: what decided (`Step.why`): for a split the person's bucket.
        names: how to tell.
    """
    kind, found = told.get("type"), _arm_of(told, way)
    if way in ("goal", "exit") and why:
        return names(
            _("%(outcome)s: “%(event)s” came"),
            outcome=outcome(way, names), event=why.partition("#")[0],
        )  # fmt: skip
    if kind == "wait" and way == "timeout":
        return names(_("none of it within %(span)s"), span=span(told, names))
    if kind == "branch" and way == "else":
        return names(_("none of the conditions holds"))
    if found and kind in ("wait", "branch"):
        text = _("holds: %(what)s") if "rule" in found else _("came: %(what)s")
        return names(text, what=answer(found, names))
    said = arm(told, way, names)
    if kind == "split" and why.isdigit():
        drawn = f"{int(why) / 100:.2f}"
        return names(_("%(arm)s (drawn: %(bucket)s of 100)"), arm=said, bucket=drawn)
    return said if way else ""
