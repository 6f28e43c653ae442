"""The key that a shared cache adds to its own: the segments of a browser, signed and short-lived.

Everybody in the same segments has the same key within the same hours, so that a cache keeps few
copies; it says nothing about who somebody is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.core import signing

COOKIE = "dxp_seg"
# Segments in one key; a page adds three of them to a cache's key at most (`context.MOST_AT_EDGE`).
MOST = 12
STEP = timedelta(hours=1)
FORM = re.compile(r"(\d{1,10})\.((?:\d{1,18}(?:-\d{1,18})*)?)")
_SIGNER = signing.Signer(salt="content.edge", sep="~")


def key(segments: Iterable[int], *, at: datetime) -> str:
    """Return the key of these segments; it holds for one hour or two.

    Args:
        segments: those the browser is in, of the ones that pages declare; the first twelve count.
        at: the moment.
    """
    hours = int(at.timestamp() // STEP.total_seconds()) + 2
    inside = "-".join(str(one) for one in sorted(set(segments))[:MOST])
    return _SIGNER.sign(f"{hours}.{inside}")


def read(text: str, *, at: datetime) -> frozenset[int]:
    """Return the segments of a key; none where it is not ours, or too old."""
    try:
        found = FORM.fullmatch(_SIGNER.unsign(text[:400]))
    except signing.BadSignature:
        return frozenset()
    if found is None or _moment(int(found[1])) <= at or not found[2]:
        return frozenset()
    return frozenset(int(one) for one in found[2].split("-"))


def _moment(hours: int) -> datetime:
    return datetime.fromtimestamp(min(hours, 2_000_000) * STEP.total_seconds(), tz=UTC)
