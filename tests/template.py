"""The migrated database: made once for each state of the migrations, then copied.

Migrating takes half a minute of a processor, and five processes of one run need the same tables.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dxp import embedded

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "var" / "test-templates"


def fingerprint() -> str:
    """Return what tells one state of the migrations from another, libraries' ones included."""
    digest = hashlib.sha256((ROOT / "requirements.lock").read_bytes())
    for file in sorted([*ROOT.glob("*/migrations/*.py"), *ROOT.glob("dxp/users/migrations/*.py")]):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def fill(url: str, make: Callable[[], None]) -> None:
    """Fill an empty database: from the copy that is kept, or by `make`, and keep a copy."""
    with _alone():
        if restore(url):
            return
        make()
        for old in KEPT.glob("*.dump"):
            old.unlink()
        fresh = KEPT / f"making-{os.getpid()}"
        # A server of another version than our programs is migrated each time.
        done = subprocess.run(
            [_program("pg_dump"), "--format=custom", "--compress=1", f"--file={fresh}", url],
            check=False,
        )
        if done.returncode == 0:
            fresh.rename(_kept())


def restore(url: str) -> bool:
    """Fill an empty database from the copy that is kept; return whether that was done."""
    if not _kept().exists():
        return False
    done = subprocess.run(
        [
            _program("pg_restore"), "--no-owner", "--single-transaction", "--exit-on-error",
            f"--dbname={url}", str(_kept()),
        ],
        check=False,
    )  # fmt: skip
    return done.returncode == 0


def prepare_house(folder: Path) -> None:
    """Give a house that was never started a migrated database, where a copy is kept."""
    if not _kept().exists() or (folder / "postgres").exists():
        return
    server = embedded.start_postgres(folder / "postgres")
    try:
        restore(server.url)
    finally:
        server.stop()


def _kept() -> Path:
    return KEPT / f"{fingerprint()}.dump"


def _program(name: str) -> str:
    return str(embedded.postgres_binaries() / name)


@contextmanager
def _alone() -> Iterator[None]:
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
