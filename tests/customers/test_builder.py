"""The rule builder's parts that need no browser, run by Node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).with_name("builder.test.mjs")


def test_the_builders_pure_parts_keep_their_promises():
    run = subprocess.run(
        [shutil.which("node"), "--test", str(SCRIPT)], capture_output=True, text=True, timeout=60
    )

    assert run.returncode == 0, run.stdout + run.stderr
