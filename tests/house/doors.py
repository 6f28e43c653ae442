"""Every address of the house that is ours, found from the URL configuration itself."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import get_resolver

FLOORS = ("customers.", "content.", "journeys.", "analytics.", "dxp.")


@dataclass(frozen=True)
class Door:
    """One named address: its full name, the names of its parameters, the view if it is a class."""

    name: str
    route: str
    parameters: tuple[str, ...]
    view: type | None = None


def doors() -> list[Door]:
    """Return all named addresses that our code answers, in the order of their names.

    Wagtail's own screens over our models count too: their rights are ours to give.
    """
    found = {door.name: door for door in _walk(get_resolver(), (), "")}
    return [found[name] for name in sorted(found)]


def _walk(resolver, namespaces, route):
    for pattern in resolver.url_patterns:
        here = route + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from _walk(pattern, inner, here)
        elif _is_ours(pattern.callback):
            name = ":".join((*namespaces, pattern.name or f"nameless {here}"))
            names = pattern.pattern.regex.groupindex or pattern.pattern.converters
            yield Door(name, here, tuple(names), getattr(pattern.callback, "cls", None))


def _is_ours(callback) -> bool:
    view = getattr(callback, "view_class", None) or getattr(callback, "cls", None) or callback
    arguments = getattr(callback, "view_initkwargs", None) or getattr(callback, "initkwargs", {})
    model = arguments.get("model") or getattr(view, "model", None)
    owners = [view.__module__, getattr(model, "__module__", "") if model is not None else ""]
    return any(owner.startswith(FLOORS) for owner in owners)
