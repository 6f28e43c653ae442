"""Hooks are declared, documented, used and spelled right."""

import re
from pathlib import Path
from types import SimpleNamespace

from django.core.checks import run_checks
from wagtail import hooks

from dxp.lib.hooks import SPECS

DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "extending.md"


def test_every_declared_hook_is_documented():
    text = DOCS.read_text()

    assert [name for name in SPECS if f"`{name}`" not in text] == []


def test_every_declared_hook_has_its_first_user():
    hooks.search_for_hooks()

    assert [name for name in SPECS if not hooks.get_hooks(name)] == []


def test_every_implementer_hangs_on_a_declared_hook():
    assert [str(error) for error in run_checks(tags=["dxp"])] == []


def test_a_misspelled_hook_is_found():
    def forget(profile):
        """Never called: nobody declares this name."""

    with hooks.register_temporarily("customers_profile_eraced", forget):
        found = [error.id for error in run_checks(tags=["dxp"])]

    assert found == ["dxp.E001"]


def test_an_argument_that_is_not_offered_is_found():
    def react(events, weather):
        """Asks for what the hook does not offer."""

    with hooks.register_temporarily("customers_events_recorded", react):
        found = [error.id for error in run_checks(tags=["dxp"])]

    assert found == ["dxp.E002"]


def test_the_documented_example_runs(monkeypatch):
    example = re.search(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL).group(1)
    hung = {}
    monkeypatch.setattr(hooks, "register", lambda name: lambda fn: hung.setdefault(name, fn))

    exec(example, {})
    events = [SimpleNamespace(id=7, name="Order Completed"), SimpleNamespace(id=8, name="Other")]

    assert set(hung) <= set(SPECS)
    assert hung["customers_events_recorded"](events=events) == [7]
