"""The channel of docs/developer/channels.md is one folder, and keeps all ten promises."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from pathlib import Path

import pytest

import journeys.channels
from journeys.channels import CHANNELS
from tests.journeys import test_channels as promises
from tests.journeys.benches.base import BENCHES

pytestmark = pytest.mark.django_db
DOC = Path(__file__).resolve().parents[2] / "docs" / "developer" / "channels.md"
BLOCKS = re.findall(r"```python\n(.*?)```", DOC.read_text(), re.DOTALL)
KEPT = [name for name, _test in inspect.getmembers(promises.TestEveryAdapter) if "test_" in name]


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Lay the document's files into a folder, load it, and take all of it out again."""
    folder = tmp_path / "chat"
    folder.mkdir()
    for name, code in zip(("kind", "room", "__init__"), BLOCKS, strict=False):
        (folder / f"{name}.py").write_text(code)
    monkeypatch.setattr(journeys.channels, "__path__", [*journeys.channels.__path__, str(tmp_path)])
    importlib.import_module("journeys.channels.chat")
    exec(compile(BLOCKS[3], str(DOC), "exec", dont_inherit=True), {"__name__": __name__})
    yield BENCHES.pop()
    del CHANNELS.members["chat"]
    for name in [name for name in sys.modules if name.startswith("journeys.channels.chat")]:
        del sys.modules[name]


@pytest.fixture
def bench(server):
    with server() as bench:
        yield bench


@pytest.fixture
def send(bench):
    yield from promises.sending(bench)


@pytest.mark.parametrize("name", KEPT)
def test_it_keeps_the_promise(name, bench, send):
    promise = getattr(promises.TestEveryAdapter(), name)
    known = {"bench": bench, "send": send, "how": "silent"}

    promise(**{one: known[one] for one in inspect.signature(promise).parameters})


def test_all_ten_are_named():
    listed = re.findall(r"^(\d+)\. It ", DOC.read_text(), re.MULTILINE)

    assert len(KEPT) == len(listed) == 10


def test_every_channel_and_adapter_is_told_of():
    text = DOC.read_text()

    for channel in CHANNELS:
        assert f"| `{channel.name}` |" in text
        if channel.name != "email":
            assert all(f"`{adapter.name}`" in text for adapter in channel.adapters)
