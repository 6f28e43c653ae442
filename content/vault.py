"""Files that are encrypted where they lie: each under a key of its own, which is itself locked.

A sealed file's name begins with `sealed/`. Its data key lies beside it, wrapped under one of the
keys of `FILE_KEYS`; so another of these means writing sixty bytes anew, not the file. There is no
path and no address of a sealed file: whoever wants its words asks this storage to open it.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage, default_storage
from django.utils.deconstruct import deconstructible

PREFIX = "sealed/"
MAGIC = b"DXPSEAL1"
NUMBER = 16
HEAD = len(MAGIC) + NUMBER
CHUNK = 65_536
TAG = 16
NONCE = 12
_PLACE = struct.Struct(">QHBB")


class NoKey(OSError):
    """This can't be opened: its key is not among those of `FILE_KEYS`, or there is none at all."""


class Broken(OSError):
    """This was changed after it was sealed."""


def is_sealed(name: str) -> bool:
    """Return whether a stored file is encrypted."""
    return name.startswith(PREFIX)


def has_keys() -> bool:
    """Return whether anything can be sealed."""
    return bool(settings.FILE_KEYS)


@deconstructible
class Vault(Storage):
    """Keeps plain files as they are and sealed ones encrypted, in the storage of settings.

    Has no arguments: a storage is told to workers by them, and keys must not lie in a queue.
    """

    @property
    def inner(self) -> Any:
        """Return where the bytes lie."""
        return default_storage

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if not is_sealed(name):
            return self.inner.open(name, mode)  # type: ignore[no-any-return]
        if mode != "rb":
            raise ValueError("A sealed file is written once.")
        return File(io.BufferedReader(_Opened(self.inner.open(name, "rb"), self._key(name))), name)

    def _save(self, name: str, content: Any) -> str:
        if not is_sealed(name):
            return str(self.inner._save(name, content))
        newest = _keys(tuple(settings.FILE_KEYS))
        if not newest:
            raise NoKey("FILE_KEYS names no key.")
        number, key = secrets.token_bytes(NUMBER), AESGCM.generate_key(256)
        kept = str(self.inner._save(name, _Sealing(content, number, key)))
        self._keep_key(kept, number, key, *next(iter(newest.items())))
        return kept

    def _keep_key(self, name: str, number: bytes, key: bytes, which: str, lock: bytes) -> None:
        nonce = secrets.token_bytes(NONCE)
        wrapped = number + nonce + AESGCM(lock).encrypt(nonce, key, number)
        self.inner.delete(_beside(name, which))
        self.inner._save(_beside(name, which), ContentFile(wrapped))

    def _key(self, name: str) -> bytes:
        broken: Broken | None = None
        # Twice: between our two looks another process may have changed the lock.
        for which, lock in [*_keys(tuple(settings.FILE_KEYS)).items()] * 2:
            try:
                return self._unwrapped(name, which, lock)
            except Broken as error:
                broken = error
            except OSError:
                continue
        if broken is not None:
            raise broken
        if self.inner.exists(name):
            raise NoKey(f"No key of FILE_KEYS opens {name}.")
        raise FileNotFoundError(name)

    def _unwrapped(self, name: str, which: str, lock: bytes) -> bytes:
        with self.inner.open(_beside(name, which), "rb") as kept:
            wrapped = kept.read()
        number, nonce = wrapped[:NUMBER], wrapped[NUMBER : NUMBER + NONCE]
        try:
            return AESGCM(lock).decrypt(nonce, wrapped[NUMBER + NONCE :], number)
        except (InvalidTag, ValueError) as error:
            raise Broken(name) from error

    def rewrap(self, name: str) -> bool:
        """Lock a file's data key under the newest key; return whether it was not yet.

        At each moment one of the two locks opens it: a killed process does no harm.

        Raises:
            NoKey: none of our keys opens it.
            Broken: what was kept of its key was changed.
        """
        newest, *older = _keys(tuple(settings.FILE_KEYS)).items()
        key = self._key(name)
        try:
            # One that was half written by a killed process opens nothing.
            kept = self._unwrapped(name, *newest) == key
        except OSError:
            kept = False
        if not kept:
            with self.inner.open(name, "rb") as file:
                number = file.read(HEAD)[len(MAGIC) :]
            self._keep_key(name, number, key, *newest)
        left = [which for which, _lock in older if self.inner.exists(_beside(name, which))]
        for which in left:
            self.inner.delete(_beside(name, which))
        return bool(left) or not kept

    def lock_of(self, name: str) -> int:
        """Return 0 where the newest key alone opens a file, 1 where an older does, 2 where none."""
        found = [self.inner.exists(_beside(name, one)) for one in _keys(tuple(settings.FILE_KEYS))]
        return 2 if not any(found) else int(not found[0] or any(found[1:]))

    def delete(self, name: str) -> None:
        """Remove a file; of a sealed one the key first, without which it is noise."""
        if is_sealed(name):
            for which in _keys(tuple(settings.FILE_KEYS)):
                self.inner.delete(_beside(name, which))
        self.inner.delete(name)

    def exists(self, name: str) -> bool:
        """Return whether there is such a file."""
        return bool(self.inner.exists(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Return folders and files."""
        return self.inner.listdir(path)  # type: ignore[no-any-return]

    def size(self, name: str) -> int:
        """Return how many bytes somebody gets who opens it."""
        size = int(self.inner.size(name))
        return _plain_size(size) if is_sealed(name) else size

    def get_modified_time(self, name: str) -> Any:
        """Return when it was written."""
        return self.inner.get_modified_time(name)

    def path(self, name: str) -> str:
        """Return where a plain file lies.

        Raises:
            NotImplementedError: it is sealed, and what lies there is of no use.
        """
        if is_sealed(name):
            raise NotImplementedError("A sealed file has no path.")
        return str(self.inner.path(name))

    def url(self, name: str | None) -> str:
        """Return the address of a plain file.

        Raises:
            NotImplementedError: it is sealed.
        """
        if name is None or is_sealed(name):
            raise NotImplementedError("A sealed file has no address.")
        return str(self.inner.url(name))


def _beside(name: str, which: str) -> str:
    return f"{name}.{which}.key"


@lru_cache(maxsize=4)
def _keys(secret: tuple[str, ...]) -> dict[str, bytes]:
    """Return our locks by the names under which wrapped keys lie; the newest first."""
    found = {}
    for one in secret:
        name = hashlib.blake2b(b"dxp.files.name\0" + one.encode(), digest_size=6).hexdigest()
        found[name] = hashlib.blake2b(b"dxp.files\0" + one.encode(), digest_size=32).digest()
    return found


def _nonce(place: int, is_last: bool) -> bytes:
    return _PLACE.pack(place, 0, 0, is_last)


def _plain_size(size: int) -> int:
    body = size - HEAD
    return body - TAG * max(1, -(-body // (CHUNK + TAG)))


class _Sealing(File):  # type: ignore[type-arg]
    """What an upload becomes on its way to the disk, a chunk at a time."""

    def __init__(self, content: Any, number: bytes, key: bytes) -> None:
        super().__init__(io.BytesIO(), getattr(content, "name", None))
        self.content, self.number, self.cipher = content, number, AESGCM(key)

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Yield the head, then each chunk with its tag; the last says that it is the last."""
        head = MAGIC + self.number
        yield head
        self.content.seek(0)
        place, now = 0, self._read()
        while True:
            following = self._read() if len(now) == CHUNK else b""
            yield self.cipher.encrypt(_nonce(place, not following), now, head)
            if not following:
                return
            place, now = place + 1, following

    def _read(self) -> bytes:
        """Return a whole chunk, or what is left."""
        parts, wanted = [], CHUNK
        while wanted and (part := self.content.read(wanted)):
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def read(self, size: int = -1) -> bytes:
        # Of storages that do not take chunks we have tried none.
        raise NotImplementedError


class _Opened(io.RawIOBase):
    """A sealed file as it was; any part of it is found without reading what stands before."""

    def __init__(self, sealed: Any, key: bytes) -> None:
        self.sealed, self.cipher = sealed, AESGCM(key)
        self.sealed.seek(0, os.SEEK_END)
        self.whole = int(self.sealed.tell())
        self.length, self.place = _plain_size(self.whole), 0
        self.sealed.seek(0)
        self.head = bytes(self.sealed.read(HEAD))
        self.loaded, self.chunk = -1, b""
        if self.head[: len(MAGIC)] != MAGIC:
            raise Broken(str(getattr(sealed, "name", "")))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self.place, os.SEEK_END: self.length}[whence]
        self.place = max(0, base + offset)
        return self.place

    def tell(self) -> int:
        return self.place

    def readinto(self, buffer: Any) -> int:
        # Of an empty file too the one tag is looked at.
        if self.place >= max(self.length, 1):
            return 0
        number, inside = divmod(self.place, CHUNK)
        self._load(number)
        part = self.chunk[inside : inside + len(buffer)]
        buffer[: len(part)] = part
        self.place += len(part)
        return len(part)

    def _load(self, number: int) -> None:
        if number == self.loaded:
            return
        start = HEAD + number * (CHUNK + TAG)
        self.sealed.seek(start)
        raw = self.sealed.read(CHUNK + TAG)
        try:
            is_last = start + len(raw) >= self.whole
            self.chunk = self.cipher.decrypt(_nonce(number, is_last), raw, self.head)
        except InvalidTag as error:
            raise Broken(str(getattr(self.sealed, "name", ""))) from error
        self.loaded = number

    def close(self) -> None:
        if not self.closed:
            self.sealed.close()
        super().close()
