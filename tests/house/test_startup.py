"""A web process starts small: the numeric libraries come only with the question that needs them."""

import json
import subprocess
import sys

HEAVY = ["duckdb", "pyarrow", "numpy", "pandas", "sklearn", "scipy"]


def test_the_web_process_loads_no_numeric_library():
    program = (
        "import django, sys, json; django.setup(); import dxp.urls, dxp.wsgi;"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert json.loads(done.stdout.splitlines()[-1]) == []
