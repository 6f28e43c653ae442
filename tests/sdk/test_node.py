"""The official Node SDKs of Segment and RudderStack send to us unchanged."""

from __future__ import annotations

import subprocess

import pytest

from tests.sdk.conftest import HERE


@pytest.mark.parametrize("name", ["segment", "rudder"])
def test_a_story_arrives(node, server, network, check_the_story, name):
    done = subprocess.run(
        [node, f"{name}.cjs", network, server.key, "1500" if network == server.url else "6000"],
        cwd=HERE, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    # On a bad network an SDK may complain before it sends again; "refused" it must never be.
    assert done.returncode == 0, done.stderr
    assert "refused" not in done.stderr
    assert done.stderr == "" or network != server.url
    check_the_story()


def test_the_lock_names_no_registry():
    text = (HERE / "package-lock.json").read_text()

    assert "resolved" not in text
