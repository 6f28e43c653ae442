"""Extension points: declared once as a function in `<app>/extend.py`, hung on by name.

Anybody implements one in their own `wagtail_hooks.py` with Wagtail's `@hooks.register("<name>")`.
Unknown names and unknown arguments are found by `manage.py check`, not at night.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from django.core import checks
from wagtail import hooks

SPECS: dict[str, HookSpec] = {}
OURS = ("dxp_", "customers_", "content_", "journeys_", "analytics_")


class HookSpec:
    """One extension point. Call it with keywords; it returns what each implementer returned."""

    def __init__(self, declared: Callable[..., Any]) -> None:
        self.name = declared.__name__
        self.module = declared.__module__
        self.signature = inspect.signature(declared)
        self.__doc__ = declared.__doc__
        SPECS[self.name] = self

    def __call__(self, **offered: Any) -> list[Any]:
        self.signature.bind(**offered)
        return [_call(implementer, offered) for implementer in hooks.get_hooks(self.name)]


def hookspec(declared: Callable[..., Any]) -> HookSpec:
    """Declare an extension point by its signature and docstring."""
    return HookSpec(declared)


def _call(implementer: Callable[..., Any], offered: dict[str, Any]) -> Any:
    wanted = inspect.signature(implementer).parameters
    return implementer(**{name: value for name, value in offered.items() if name in wanted})


@checks.register("dxp")
def check_hooks(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """E001: hung on a name nobody declares. E002: asks for what the hook does not offer."""
    hooks.search_for_hooks()
    errors: list[checks.CheckMessage] = []
    # Wagtail has no public list of registered hooks; this is the only private name that we touch.
    for name, implementers in hooks._hooks.items():
        if not name.startswith(OURS):
            continue
        for implementer, _order in implementers:
            errors.extend(_faults(name, implementer))
    return errors


def _faults(name: str, implementer: Callable[..., Any]) -> list[checks.CheckMessage]:
    spec = SPECS.get(name)
    where = f"{implementer.__module__}.{implementer.__name__}"
    if spec is None:
        return [checks.Error(f"{where} hangs on {name!r}, which nobody declares.", id="dxp.E001")]
    offered = list(spec.signature.parameters)
    unknown = sorted(set(inspect.signature(implementer).parameters) - set(offered))
    if unknown:
        return [
            checks.Error(
                f"{where} asks {name!r} for {unknown}; it offers {offered}.", id="dxp.E002"
            )
        ]
    return []
