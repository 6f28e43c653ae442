"""`make test`: every check there is, with one summary at the end."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import threading
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

# They drive Chromium and wait a lot; the tests beside them use one processor.
BESIDE = ("scripts", "browser")


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
        ("browser", [python, "-m", "pytest", "-q", "-m", "browser", "tests/browser"], {}),
        ("pytest alone", [python, "-m", "pytest", "-q", "-m", "alone", *chosen], {}),
    ]  # fmt: skip


def need_chromium() -> str:
    """Return why the browser tests cannot run, or an empty text; install Chromium where we may."""
    if have("chromium", "chromium", "chromium-browser", "google-chrome"):
        return ""
    return "Chromium is missing: install it (Debian: apt-get install chromium) and run again."


def have(package: str, *programs: str) -> bool:
    """Return whether one of these programs is there; install its Debian package where we may."""
    places = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
    if any(shutil.which(one, path=places) for one in programs):
        return True
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    sys.stdout.write(f"Installing {package} for the tests …\n")
    sys.stdout.flush()
    surroundings = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
        subprocess.run(["apt-get", *step], env=surroundings, stdout=subprocess.DEVNULL, check=False)
    return any(shutil.which(one, path=places) for one in programs)


Result = tuple[str, bool, float]


class Beside(threading.Thread):
    """Checks that run one after the other beside the rest; each has servers of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.todo: list[tuple[str, list[str], dict[str, str]]] = []
        self.done: list[tuple[Result, bytes]] = []

    def run(self) -> None:
        """Run them and keep what they say."""
        for name, command, environment in self.todo:
            began = time.monotonic()
            ran = subprocess.run(
                command,
                cwd=ROOT,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            took = time.monotonic() - began
            self.done.append(((name, ran.returncode == 0, took), ran.stdout))

    def end(self) -> list[Result]:
        """Wait for them, say what they said, and return how they went."""
        if self.todo:
            self.join()
        for (name, _good, _took), words in self.done:
            sys.stdout.write(f"\n── {name}\n{words.decode(errors='replace')}")
        sys.stdout.flush()
        return [result for result, _words in self.done]


def main() -> int:
    """Run the checks and return how many failed, as the exit code."""
    parser = argparse.ArgumentParser(prog="make test")
    parser.add_argument("--only", help="run only checks whose name contains this")
    parser.add_argument("tests", nargs="*", help="test files for pytest")
    options = parser.parse_args()
    results: list[Result] = []
    beside = Beside()
    chosen = [one for one in checks(options.tests) if not options.only or options.only in one[0]]
    for name, command, surroundings in chosen:
        began = time.monotonic()
        sys.stdout.write(f"\n── {name}\n")
        sys.stdout.flush()
        missing = need_chromium() if command[1:3] == ["-m", "pytest"] else ""
        if name == "pytest alone":
            # Without it the tests behind a cache are skipped; where CI is set they fail.
            have("varnish", "varnishd")
        environment = {**os.environ, **surroundings}
        if missing and name in BESIDE:
            sys.stdout.write(missing + "\n")
            good = False
        elif name in BESIDE and not options.only:
            sys.stdout.write("runs beside the rest\n")
            beside.todo.append((name, command, environment))
            if len(beside.todo) == 1:
                beside.start()
            continue
        else:
            good = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0
        results.append((name, good, time.monotonic() - began))
    results += beside.end()
    sys.stdout.write("\n── summary\n")
    for name, good, took in results:
        sys.stdout.write(f"  {'ok    ' if good else 'FAILED'} {name:<18} {took:6.1f} s\n")
    failed = sum(not good for _, good, _ in results)
    sys.stdout.write(f"checks: {len(results) - failed} passed, {failed} failed\n")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
