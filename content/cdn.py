"""Caches before ours are told what to drop: by the keys that answers carry, or by address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from wagtail.contrib.frontend_cache.backends.base import BaseBackend
from wagtail.contrib.frontend_cache.utils import get_backends

from dxp.lib import outbound

SECONDS = 5.0
# Keys in one request: a header has its longest.
MOST_KEYS = 100


class NotPurged(OSError):
    """A cache did not say that it dropped what it was told to: tell it again."""


class KeyedBackend(BaseBackend):  # type: ignore[misc]
    """A cache that takes `PURGE`, of an address or of all answers under a `Surrogate-Key`.

    Unlike Wagtail's own it fails where the cache does, so that whoever tells it tries again.
    """

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.location = params["LOCATION"].rstrip("/")
        # An operator named this address, wherever it lies.
        self.client = outbound.Client(seconds=SECONDS, allowed=("0.0.0.0/0", "::/0"))

    def purge(self, url: str) -> None:
        """Drop one address."""
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._tell(target, {"Host": parts.netloc})

    def purge_keys(self, keys: Sequence[str]) -> None:
        """Drop everything under one of these keys."""
        for start in range(0, len(keys), MOST_KEYS):
            self._tell("/", {"Surrogate-Key": " ".join(keys[start : start + MOST_KEYS])})

    def _tell(self, target: str, headers: dict[str, str]) -> None:
        answer = self.client.ask("PURGE", self.location + target, b"", headers)
        # 404: it had nothing.
        if answer.status not in {200, 202, 204, 404}:
            raise NotPurged(f"{self.location} answered {answer.status}")


def is_used() -> bool:
    """Return whether there is a cache before ours."""
    return bool(get_backends())


def tell(*, keys: Sequence[str], urls: Sequence[str]) -> None:
    """Have every cache drop what stands under these keys, or these addresses where it has no keys.

    Raises:
        NotPurged: one of them refused.
        OSError: one of them was not reached.
    """
    for backend in get_backends().values():
        if isinstance(backend, KeyedBackend):
            backend.purge_keys(keys)
        else:
            backend.purge_batch(urls)
