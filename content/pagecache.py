"""Whole pages, ready to be sent, in Redis: one command finds one, a purge drops what shows a thing.

A page is kept under tags: of itself, and of each list that it shows. A purge gets a number, and
whatever was begun before that number is never kept: a page that was being rendered while an editor
published can't stay behind. Nothing here is of record; without Redis nothing is kept.
"""

from __future__ import annotations

import gzip
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
import redis

from content.inside import BEGIN, DROP, DROP_ALL, END, PUT
from dxp.lib import hints, near

# Behind its time a page is still sent while somebody renders it anew, or nobody can.
STALE_SECONDS = 3600
# Long enough for the slowest page; who dies while rendering holds the others up no longer.
LOCK_MS = 10_000
# A render that takes longer than this is not kept, since its purges are forgotten.
REMEMBER_MS = 600_000
EPOCH = b"page:epoch"
# Bodies with places in them, packed for visitors without a place of their own.
MOST_PACKED = 100
# Answers that are remembered as they were read.
MOST_KNOWN = 100


class Place(msgspec.Struct, array_like=True, frozen=True):
    """Where in a body a slot stands that is filled for each visitor: its default lies between."""

    slot: str
    start: int
    end: int


class Kept(msgspec.Struct, array_like=True, frozen=True):
    """One answer as it is kept: packed by gzip, or plain where places in it are filled."""

    number: int
    fresh_until: float
    status: int
    headers: list[tuple[str, str]]
    etag: str
    body: bytes
    page: int = 0
    uses: list[int] = []
    places: list[Place] = []

    @property
    def is_packed(self) -> bool:
        return not self.places

    def plain(self) -> bytes:
        """Return the body as it was rendered."""
        return gzip.decompress(self.body) if self.is_packed else self.body


@dataclass(slots=True)
class Shown:
    """What a page told about itself while it was rendered."""

    page: int = 0
    tags: set[str] = field(default_factory=set)
    until: float | None = None


_shown: ContextVar[Shown | None] = ContextVar("shown", default=None)
_packed: OrderedDict[str, bytes] = OrderedDict()
_known: dict[bytes, tuple[bytes, Kept]] = {}
_decode = msgspec.msgpack.Decoder(Kept).decode
_encode = msgspec.msgpack.Encoder().encode


# ---- What a page says while it is rendered.


@contextmanager
def watch() -> Iterator[Shown]:
    """Collect what is told until the end of the block."""
    shown = Shown()
    token = _shown.set(shown)
    try:
        yield shown
    finally:
        _shown.reset(token)


def page(number: int) -> None:
    """Say which page is being rendered."""
    if (shown := _shown.get()) is not None:
        shown.page = number
        shown.tags.add(of_page(number))


def lists(*kinds: str) -> None:
    """Say that what is being rendered lists pages of these kinds, such as "articlepage"."""
    if (shown := _shown.get()) is not None:
        shown.tags.update(map(of_list, kinds))


def until(moment: datetime) -> None:
    """Say that what is being rendered looks different from a moment on."""
    if (shown := _shown.get()) is not None:
        told = moment.timestamp()
        shown.until = told if shown.until is None else min(shown.until, told)


def of_page(number: int) -> str:
    """Return the tag of everything that one page is part of."""
    return f"page-{number}"


def of_list(kind: str) -> str:
    """Return the tag of everything that lists pages of a kind."""
    return f"list-{kind}"


# The tag of answers that say that there is nothing, and of those that are no page themselves.
MISSING, ANY = "missing", "any"
# What every answer carries for caches before us, besides its tags.
EVERYTHING = "everything"


# ---- Keeping and finding.


@lru_cache(maxsize=1)
def release() -> str:
    """Return what tells this version of the site's looks from the next: a new one starts afresh."""
    digest = hashlib.sha256()
    root = Path(__file__).resolve().parent.parent
    for folder in ("templates", "static/css", "static/js", "content", "dxp/settings"):
        for file in sorted((root / folder).rglob("*.*")):
            if file.suffix in {".html", ".css", ".js", ".py"}:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def key(address: str, variant: str = "") -> bytes:
    """Return the key of an address (scheme, host, path, declared query) and of its variant."""
    if len(address) > 160:
        address = hashlib.sha256(address.encode()).hexdigest()
    return f"page:{release()}:{address}#{variant}".encode()


def get(key: bytes, *more: bytes) -> tuple[Kept | None, list[bytes | None]]:
    """Return what is kept under a key, if it was not purged with everything, and other values.

    Raises:
        redis.RedisError: Redis is away.
    """
    found, epoch, *others = near.get_many((key, EPOCH), more)
    if found is None:
        return None, others
    kept = _read(key, found)
    return (None if kept.number < int(epoch or 0) else kept), others


def _read(key: bytes, found: bytes) -> Kept:
    """Return an answer as found under a key; the same bytes are read once."""
    known = _known.get(key)
    if known is not None and known[0] is found:
        return known[1]
    kept = _decode(found)
    _known[key] = (found, kept)
    while len(_known) > MOST_KNOWN:
        with suppress(KeyError, RuntimeError):
            del _known[next(iter(_known))]
    return kept


@dataclass(frozen=True, slots=True)
class Turn:
    """Leave to render a page: the number before which a purge counts, and whether it is ours."""

    key: bytes
    number: int
    ours: bool
    name: bytes
    begun: float


def begin(key: bytes) -> Turn:
    """Ask to render what is missing: one at a time gets the turn.

    Raises:
        redis.RedisError: Redis is away.
    """
    name, begun = secrets.token_hex(8).encode(), time.monotonic()
    number, ours = _script(BEGIN)(keys=[b"page:number", b"lock:" + key], args=[LOCK_MS, name])
    return Turn(key, int(number), bool(ours), name, begun)


def end(turn: Turn) -> None:
    """Give the turn back, unless it took too long and is somebody else's by now.

    Raises:
        redis.RedisError: Redis is away.
    """
    if turn.ours:
        _script(END)(keys=[b"lock:" + turn.key], args=[turn.name])


def put(turn: Turn, kept: Kept, tags: Iterable[str], *, most: int, key: bytes = b"") -> bool:
    """Keep an answer, unless something it shows was purged since the turn began.

    Args:
        turn: when it was begun to be rendered.
        kept: the answer.
        tags: what drops it.
        most: bytes that all of it may take; what ends first goes first.
        key: where it differs from the turn's: the copy for some segments.

    Raises:
        redis.RedisError: Redis is away.
    """
    if time.monotonic() - turn.begun > REMEMBER_MS / 1000:
        return False
    # What is not there is the first to go where room is short, since it ends first.
    stale = 0 if kept.status == 404 else STALE_SECONDS
    seconds = max(1, round(kept.fresh_until - time.time() + stale))
    args: list[Any] = [
        turn.number,
        _encode(kept),
        seconds * 1000,
        time.time(),
        most,
        *sorted(set(tags)),
    ]
    if kept.uses:
        uses = " ".join(map(str, kept.uses))
        hints.client().set(base(turn.key) + b":uses", uses, ex=seconds)
    is_kept = bool(_script(PUT)(keys=[key or turn.key], args=args))
    near.changed()
    return is_kept


def base(key: bytes) -> bytes:
    """Return the key of the copy for everybody else."""
    return key.rpartition(b"#")[0] + b"#"


def drop(tags: Sequence[str]) -> int:
    """Drop everything that is kept under one of these tags; return how much it was.

    Raises:
        redis.RedisError: Redis is away.
    """
    count = 0
    for start in range(0, len(tags), 200):
        count += int(_script(DROP)(keys=[b"page:number"], args=[REMEMBER_MS, *tags[start:][:200]]))
    near.changed()
    return count


def drop_all() -> None:
    """Drop everything.

    Raises:
        redis.RedisError: Redis is away.
    """
    _script(DROP_ALL)(keys=[b"page:number", EPOCH])
    near.changed()


def packed(body: bytes) -> bytes:
    """Return a body as gzip, the same each time."""
    return gzip.compress(body, 6, mtime=0)


def as_packed(kept: Kept) -> bytes:
    """Return the body of what is kept as gzip; one with places in it is packed once."""
    if kept.is_packed:
        return kept.body
    found = _packed.get(kept.etag)
    if found is None:
        found = _packed[kept.etag] = packed(kept.body)
        while len(_packed) > MOST_PACKED:
            _packed.popitem(last=False)
    return found


def _script(text: str) -> redis.commands.core.Script:
    return _scripts(hints.client(), text)


@lru_cache(maxsize=16)
def _scripts(client: redis.Redis, text: str) -> redis.commands.core.Script:
    return client.register_script(text)
