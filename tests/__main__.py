"""`make test`: every check there is, with one summary at the end."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CODE = ["dxp", "customers", "content", "journeys", "analytics", "benchmarks", "tests", "manage.py"]
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "dxp.settings.production",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ALLOWED_HOSTS": "www.example.org",
    "SITE_URL": "https://www.example.org",
    "DATABASE_URL": "postgres://dxp@127.0.0.1/dxp",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}
TESTING = {"DJANGO_SETTINGS_MODULE": "dxp.settings.test"}

# It drives Chromium and waits a lot; the tests after it use one processor.
BESIDE = "scripts"


def templates() -> list[str]:
    """Return every template by its path."""
    return [str(path) for path in sorted((ROOT / "templates").rglob("*.html"))]


def checks(chosen: list[str]) -> list[tuple[str, list[str], dict[str, str]]]:
    """Return (name, command, environment) of each check, quick ones first."""
    python = sys.executable
    deploy = "check --deploy --fail-level WARNING"
    missing = "makemigrations --check --dry-run"
    schema = f"spectacular --validate --fail-on-warn --file {os.devnull}"
    # Tests of one floor's scripts; the last check is for those that need a whole running house.
    scripts = ["-m", "browser and not alone", "--ignore=tests/browser"]
    parallel = ["-n", "2", "--dist", "worksteal", "-m", "not browser and not alone"]
    return [
        ("ruff check", [str(BIN / "ruff"), "check", *CODE], {}),
        ("ruff format", [str(BIN / "ruff"), "format", "--check", *CODE], {}),
        ("djhtml", [str(BIN / "djhtml"), "--check", *templates()], {}),
        ("curlylint", [str(BIN / "curlylint"), "--parse-only", *templates()], {}),
        ("import contracts", [str(BIN / "lint-imports")], {}),
        ("check --deploy", [python, "manage.py", *deploy.split()], PRODUCTION),
        ("migrations", [python, "manage.py", *missing.split()], TESTING),
        ("API schema", [python, "manage.py", *schema.split()], TESTING),
        ("mypy", [str(BIN / "mypy"), *CODE[:5]], {}),
        ("pytest", [python, "-m", "pytest", "-q", *parallel, *chosen], {}),
        ("scripts", [python, "-m", "pytest", "-q", *scripts, *chosen], {}),
        ("pytest alone", [python, "-m", "pytest", "-q", "-m", "alone", *chosen], {}),
        ("browser", [python, "-m", "pytest", "-q", "-m", "browser", "tests/browser"], {}),
    ]  # fmt: skip


def need_chromium() -> str:
    """Return why the browser tests cannot run, or an empty text; install Chromium where we may."""
    if (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    ):
        return ""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        sys.stdout.write("Installing Chromium for the browser tests …\n")
        sys.stdout.flush()
        surroundings = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
        for step in (
            ["update", "-qq"],
            ["install", "-y", "-qq", "--no-install-recommends", "chromium"],
        ):
            subprocess.run(
                ["apt-get", *step], env=surroundings, stdout=subprocess.DEVNULL, check=False
            )
        if shutil.which("chromium"):
            return ""
    return "Chromium is missing: install it (Debian: apt-get install chromium) and run again."


class Beside:
    """A check that runs beside the next one; both have servers of their own."""

    def __init__(self, command: list[str], environment: dict[str, str], began: float) -> None:
        self.began = began
        # Open until it ended.
        self.words = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=self.words, stderr=subprocess.STDOUT
        )

    def end(self, name: str) -> tuple[bool, float]:
        """Wait for it, say what it said, and return whether it was good and how long it took."""
        good = self.process.wait() == 0
        took = time.monotonic() - self.began
        self.words.seek(0)
        sys.stdout.write(f"\n── {name}\n{self.words.read().decode(errors='replace')}")
        sys.stdout.flush()
        return good, took


def main() -> int:
    """Run the checks and return how many failed, as the exit code."""
    parser = argparse.ArgumentParser(prog="make test")
    parser.add_argument("--only", help="run only checks whose name contains this")
    parser.add_argument("tests", nargs="*", help="test files for pytest")
    options = parser.parse_args()
    results: list[tuple[str, bool, float]] = []
    beside: dict[str, Beside] = {}
    for name, command, surroundings in checks(options.tests):
        if options.only and options.only not in name:
            continue
        began = time.monotonic()
        sys.stdout.write(f"\n── {name}\n")
        sys.stdout.flush()
        missing = need_chromium() if command[1:3] == ["-m", "pytest"] else ""
        environment = {**os.environ, **surroundings}
        if missing and name in {"scripts", "browser"}:
            sys.stdout.write(missing + "\n")
            good = False
        elif name == BESIDE and not options.only:
            beside[name] = Beside(command, environment, began)
            sys.stdout.write("runs beside the next\n")
            continue
        else:
            good = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0
        results.append((name, good, time.monotonic() - began))
        results.extend((other, *beside.pop(other).end(other)) for other in list(beside))
    sys.stdout.write("\n── summary\n")
    for name, good, took in results:
        sys.stdout.write(f"  {'ok    ' if good else 'FAILED'} {name:<18} {took:6.1f} s\n")
    failed = sum(not good for _, good, _ in results)
    sys.stdout.write(f"checks: {len(results) - failed} passed, {failed} failed\n")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
