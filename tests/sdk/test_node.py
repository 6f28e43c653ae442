"""The official Node SDKs of Segment and RudderStack send to us unchanged."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def cannot(why):
    """Skip on a beginner's machine; fail where it has to run."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="module")
def node():
    """Return Node's path, with the SDKs installed beside the tests, once."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if not found or not npm:
        cannot("Node is not installed.")
    with (HERE / "package.json").open() as lock:
        # Parallel test processes come here at the same moment.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (HERE / "node_modules" / "@segment").exists():
            done = subprocess.run(
                [npm, "ci"], cwd=HERE, capture_output=True, text=True, timeout=240, check=False
            )
            if done.returncode:
                cannot(f"The Node SDKs could not be installed: {done.stderr[-500:]}")
    return found


@pytest.mark.parametrize("name", ["segment", "rudder"])
def test_a_story_arrives(node, server, check_the_story, name):
    done = subprocess.run(
        [node, f"{name}.cjs", server.url, server.key],
        cwd=HERE, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    check_the_story()


def test_the_lock_names_no_registry():
    text = (HERE / "package-lock.json").read_text()

    assert "resolved" not in text
