"""Where the lake's files lie: in a folder, or on S3-compatible storage with a folder as its cache.

A file never changes once it lies there, and its name ends in the beginning of its checksum: what
was fetched is known to be whole without asking anybody.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

FOLDER = "events"
# Enough to know a file by.
DIGITS = 16
# A question may still be reading what it asked for so long ago.
IN_USE = timedelta(minutes=5)
# What nobody asked for in a day may be a file that was retired: no copy outlives it by more.
STALE = timedelta(days=1)
GIGABYTE = 1 << 30


class Damaged(FileNotFoundError):
    """A file is there and is not what was written: as good as missing."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as the storage lists it."""

    bytes: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Bucket:
    """A place on S3-compatible storage.

    `url` is what pyarrow reads: `s3://bucket/prefix?region=…&endpoint_override=…&scheme=…`; who we
    are stands in the AWS_* variables. `cache` is how many bytes of it a machine may hold.
    """

    url: str
    cache: int = 20 * GIGABYTE


@dataclass(frozen=True, slots=True)
class Lake:
    """Where the files lie, and how much of the machine a question may take."""

    folder: Path
    memory: str = "512MB"
    threads: int = 2
    bucket: Bucket | None = field(default=None)

    @property
    def events(self) -> Path:
        return self.folder / FOLDER

    def local(self, path: str) -> Path:
        """Return the file of that path on this machine, fetched where it is not here yet.

        Raises:
            FileNotFoundError: it is nowhere.
            Damaged: what the storage gave is not what was written.
        """
        file = self.folder / path
        if self.bucket is None:
            if not file.exists():
                raise FileNotFoundError(path)
            return file
        with contextlib.suppress(FileNotFoundError):
            os.utime(file)
            return file
        return _fetch(self, path)

    def keep(self, draft: Path, path: str) -> None:
        """Put a finished file in its place for good; until then nobody sees it.

        Raises:
            OSError: the storage did not take it.
        """
        target = self.folder / path
        if self.bucket is not None:
            storage, root = _storage(self.bucket.url)
            with draft.open("rb") as source, storage.open_output_stream(f"{root}/{path}") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
        _fsync(draft)
        draft.rename(target)
        _fsync(target.parent)
        if self.bucket is not None:
            _make_room(self)

    def drop(self, path: str) -> None:
        """Remove a file; one that is gone already is no fault."""
        (self.folder / path).unlink(missing_ok=True)
        if self.bucket is not None:
            storage, root = _storage(self.bucket.url)
            with contextlib.suppress(FileNotFoundError):
                storage.delete_file(f"{root}/{path}")

    def files(self) -> dict[str, Stored]:
        """Return everything that lies there, by path."""
        if self.bucket is None:
            return _here(self)
        from pyarrow import fs

        storage, root = _storage(self.bucket.url)
        chosen = fs.FileSelector(f"{root}/{FOLDER}", allow_not_found=True)
        return {
            f"{FOLDER}/{found.base_name}": Stored(found.size, found.mtime.astimezone(UTC))
            for found in storage.get_file_info(chosen)
            if found.is_file
        }

    def tidy(self, at: datetime) -> None:
        """Remove drafts and copies on this machine that nobody asked for in a day."""
        for path, found in _here(self).items():
            is_draft = not path.endswith(".parquet")
            if (is_draft or self.bucket is not None) and found.changed_at < at - STALE:
                (self.folder / path).unlink(missing_ok=True)


def lake(folder: Path, url: str = "", cache_gb: float = 20, **limits: Any) -> Lake:
    """Return the lake as settings place it: in the folder, or at the URL with the folder before."""
    bucket = Bucket(url, int(cache_gb * GIGABYTE)) if url else None
    return Lake(Path(folder), bucket=bucket, **limits)


def checksum_of(path: Path) -> str:
    """Return the checksum of a file, as the manifest and the end of its name say it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def name_of(label: str, checksum: str) -> str:
    """Return the path of a file that holds `label`."""
    # A random part: after a restore to an earlier moment the same ids are given out again.
    return f"{FOLDER}/{label}-{secrets.token_hex(4)}-{checksum[:DIGITS]}.parquet"


@lru_cache(maxsize=4)
def _storage(url: str) -> tuple[Any, str]:
    from pyarrow import fs

    storage, root = fs.FileSystem.from_uri(url)
    return storage, root.rstrip("/")


def _fetch(lake: Lake, path: str) -> Path:
    assert lake.bucket is not None
    storage, root = _storage(lake.bucket.url)
    target = lake.folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        with storage.open_input_stream(f"{root}/{path}") as source, draft.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        if checksum_of(draft)[:DIGITS] != target.stem.rpartition("-")[2]:
            raise Damaged(f"{path} is not what was written.")
        # From here on others see it, and all of it.
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    _make_room(lake)
    return target


def _make_room(lake: Lake) -> None:
    """Let the copies go that were not asked for the longest, down to what may be held."""
    assert lake.bucket is not None
    now = datetime.fromtimestamp(time.time(), UTC)
    lake.tidy(now)
    held = _here(lake)
    total = sum(found.bytes for found in held.values())
    for path, found in sorted(held.items(), key=lambda item: item[1].changed_at):
        if total <= lake.bucket.cache or found.changed_at > now - IN_USE:
            return
        (lake.folder / path).unlink(missing_ok=True)
        total -= found.bytes


def _here(lake: Lake) -> dict[str, Stored]:
    found = {}
    with contextlib.suppress(FileNotFoundError), os.scandir(lake.events) as listed:
        for entry in listed:
            with contextlib.suppress(FileNotFoundError):
                told = entry.stat()
                moment = datetime.fromtimestamp(told.st_mtime, UTC)
                found[f"{FOLDER}/{entry.name}"] = Stored(told.st_size, moment)
    return found


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
