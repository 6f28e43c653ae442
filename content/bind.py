"""The site's styles as one sheet: a telephone asks once, and not once for each part."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

# In the order of their layers; each file of ours stays small and readable.
PARTS = (
    "app.css", "tokens.css", "base.css", "parts/frame.css", "parts/blocks.css", "parts/lists.css",
    "parts/forms.css", "parts/messages.css", "parts/print.css",
)  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """All styles: what they are called, which changes with them, plain and packed."""

    name: str
    plain: bytes
    packed: bytes


def sheet(*, folder: Path) -> Sheet:
    """Return the styles that lie in a folder, anew once a file has changed."""
    files = [folder / part for part in PARTS]
    return _bound(tuple((file, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=1)
def _bound(files: tuple[tuple[Path, int], ...]) -> Sheet:
    plain = b"\n".join(file.read_bytes() for file, _changed in files)
    name = hashlib.sha256(plain).hexdigest()[:12]
    return Sheet(name, plain, gzip.compress(plain, 9, mtime=0))
