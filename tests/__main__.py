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

from tests import ALONE, memory

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

# A name, a command, an environment; a name, whether all was well, how many seconds it took.
Check = tuple[str, list[str], dict[str, str]]
Result = tuple[str, bool, float]

# Checks that run one after the other beside the one that takes longest, so that no processor waits.
# A browser that acts as people do has to answer as fast as for people: fewer run beside it.
BESIDE = {
    "pytest": (
        "djhtml", "import contracts", "check --deploy", "mypy", "curlylint", "scripts",
    ),
    "pytest alone": ("browser",),
}  # fmt: skip
DRIVEN = ("scripts", "browser")


# Every check starts Python many times, and would compile the same files each time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def templates() -> list[str]:
    """Return every template by its path."""
    return [str(path) for path in sorted((ROOT / "templates").rglob("*.html"))]


def scripts() -> list[str]:
    """Return the tests of one floor's scripts; to collect the others takes as long as they do."""
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    return [
        str(path.relative_to(ROOT))
        for path in found
        if path.parent.name != "browser" and "mark.browser" in path.read_text()
    ]


def checks(chosen: list[str]) -> list[Check]:
    """Return every check, in the order in which they begin."""
    python = sys.executable
    deploy = "check --deploy --fail-level WARNING"
    parallel = ["-n", "2", "--dist", "worksteal", "-m", "not browser and not alone"]
    driven = ["-m", "browser and not alone"]
    return [
        ("ruff check", [str(BIN / "ruff"), "check", *CODE], {}),
        ("ruff format", [str(BIN / "ruff"), "format", "--check", *CODE], {}),
        ("djhtml", [str(BIN / "djhtml"), "--check", *templates()], {}),
        ("import contracts", [str(BIN / "lint-imports")], {}),
        ("check --deploy", [python, "manage.py", *deploy.split()], PRODUCTION),
        ("mypy", [str(BIN / "mypy"), *CODE[:5]], {}),
        ("curlylint", [python, "-m", "tests.curly", "--parse-only", *templates()], {}),
        ("scripts", [python, "-m", "pytest", "-q", *driven, *(chosen or scripts())], {}),
        ("pytest", [python, "-m", "pytest", "-q", *parallel, *chosen], {}),
        ("browser", [python, "-m", "pytest", "-q", "-m", "browser", "tests/browser"], {}),
        ("pytest alone", [python, "-m", "pytest", "-q", "-m", "alone", *(chosen or ALONE)], {}),
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


def prepare(names: list[str]) -> list[Result]:
    """Install what the tests drive, where we may; return those that can't run without it."""
    if not {*DRIVEN, *BESIDE} & set(names):
        return []
    if "pytest alone" in names:
        # Without it the tests behind a cache are skipped; where CI is set they fail.
        have("varnish", "varnishd")
    missing = need_chromium()
    if missing:
        sys.stdout.write(missing + "\n")
    return [(name, False, 0.0) for name in names if missing and name in DRIVEN]


class Beside(threading.Thread):
    """Checks that run one after the other beside another one; each has servers of its own."""

    def __init__(self, todo: list[Check]) -> None:
        super().__init__()
        self.todo = todo
        self.done: list[tuple[Result, bytes]] = []
        self.start()

    def run(self) -> None:
        """Run them and keep what they say."""
        for name, command, environment in self.todo:
            began = time.monotonic()
            ran = subprocess.run(
                command,
                cwd=ROOT,
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
            took = time.monotonic() - began
            self.done.append(((name, ran.returncode == 0, took), ran.stdout))

    def end(self) -> list[Result]:
        """Wait for them, say how they went, all of it where something failed, and return it."""
        self.join()
        for (name, good, _took), words in self.done:
            said = words.decode(errors="replace").strip()
            sys.stdout.write(f"\n── {name}\n{said.rpartition(chr(10))[2] if good else said}\n")
        sys.stdout.flush()
        return [result for result, _words in self.done]


def run(check: Check) -> Result:
    """Run one check, which says what it says, and return how it went."""
    name, command, environment = check
    began = time.monotonic()
    sys.stdout.write(f"\n── {name}\n")
    sys.stdout.flush()
    ran = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False)
    return name, ran.returncode == 0, time.monotonic() - began


def main() -> int:
    """Run the checks and return how many failed, as the exit code."""
    parser = argparse.ArgumentParser(prog="make test")
    parser.add_argument("--only", help="run only checks whose name contains this")
    parser.add_argument("tests", nargs="*", help="test files for pytest")
    options = parser.parse_args()
    memory.use()
    chosen = [one for one in checks(options.tests) if not options.only or options.only in one[0]]
    results = prepare([name for name, _command, _environment in chosen])
    skipped = {name for name, _good, _took in results}
    here = {} if options.only else BESIDE
    aside = {name for names in here.values() for name in names}
    for one in chosen:
        if one[0] in aside | skipped:
            continue
        names = set(here.get(one[0], ())) - skipped
        beside = Beside([other for other in chosen if other[0] in names])
        results.append(run(one))
        results += beside.end()
    sys.stdout.write("\n── summary\n")
    for name, good, took in results:
        sys.stdout.write(f"  {'ok    ' if good else 'FAILED'} {name:<18} {took:6.1f} s\n")
    failed = sum(not good for _, good, _ in results)
    sys.stdout.write(f"checks: {len(results) - failed} passed, {failed} failed\n")
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
