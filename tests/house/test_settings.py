"""Every environment variable is documented, and production refuses an open door."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dxp.settings.env import VARIABLES

ROOT = Path(__file__).resolve().parent.parent.parent
SAFE = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ALLOWED_HOSTS": "www.example.org",
    "SITE_URL": "https://www.example.org",
    "DATABASE_URL": "postgres://dxp@127.0.0.1/dxp",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}


def test_the_table_of_settings_is_the_documented_one():
    rows = re.findall(
        r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", (ROOT / "docs/settings.md").read_text(), re.MULTILINE
    )

    assert [(name, default.strip("`"), meaning) for name, default, meaning in rows] == [
        (one.name, one.default or "(empty)", one.meaning) for one in VARIABLES.values()
    ]


def test_no_file_reads_the_environment_past_the_table():
    reads = re.compile(r"os\.environ(?:\.get\(|\[)\s*[\"'](\w+)[\"']|getenv\(\s*[\"'](\w+)")
    found = set()
    for folder in ("dxp", "customers", "content", "journeys", "analytics"):
        for file in (ROOT / folder).rglob("*.py"):
            found |= {one or two for one, two in reads.findall(file.read_text())}

    # What the system and Django themselves define.
    assert found - set(VARIABLES) <= {"PATH", "DJANGO_SETTINGS_MODULE", "PYTEST_XDIST_WORKER"}


def start_production(**changes):
    surroundings = {**os.environ, **SAFE, "DEBUG": "0", **changes}
    return subprocess.run(
        [sys.executable, "-c", "import dxp.settings.production"],
        env=surroundings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


class TestProduction:
    def test_starts_with_safe_settings(self):
        assert start_production().returncode == 0

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            ("SECRET_KEY", ""),
            ("SECRET_KEY", "a" * 60),
            ("SECRET_KEY", "only-for-development-" + "0123456789" * 5),
            ("DEBUG", "1"),
            ("ALLOWED_HOSTS", ""),
            ("ALLOWED_HOSTS", "*"),
            ("ALLOWED_HOSTS", "www.example.org,*"),
            ("SITE_URL", ""),
            ("DATABASE_URL", ""),
            ("REDIS_URL", ""),
        ],
    )
    def test_refuses_an_open_door(self, variable, value):
        done = start_production(**{variable: value})

        assert done.returncode != 0
        assert "ImproperlyConfigured" in done.stderr
        assert variable in done.stderr
