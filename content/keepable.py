"""Which addresses and answers may be kept for everybody, how long, and what drops them."""

from __future__ import annotations

import hashlib
import re
import time
from urllib.parse import unquote

from django.http import HttpResponse

from content import fill, pagecache
from content.pagecache import Kept, Shown

# What links in mails, advertisements and social networks add, and no page of ours reads.
IGNORED = re.compile(
    r"utm_[a-z_]+|gclid|gclsrc|gbraid|wbraid|dclid|fbclid|msclkid|ttclid|twclid|yclid|li_fat_id"
    r"|mc_[ce]id|_ga|_gl|_hs(?:enc|mi)|igshid|srsltid",
    re.IGNORECASE,
)
# Parameters that tell one page from another; with any other one a page is not kept.
DECLARED = ("page",)
NUMBER = re.compile(r"[1-9]\d{0,3}")
USES_HEADER = "X-DXP-Uses"
NOT_KEPT = {"content-length", "etag", "vary", "x-dxp-cache"}
EDGE_HEADER = "X-DXP-Segments"
# Pages that are not there: long enough against a flood, short enough not to be missed when made.
MISSING_SECONDS = 30
MISSING = f"public, max-age=10, s-maxage={MISSING_SECONDS}"
MOST_SECONDS = 3600
LIFETIME = re.compile(r"\b(s-maxage|max-age|stale-while-revalidate)=(\d+)")


def declared(query: str) -> str | None:
    """Return the parameters that tell one page from another; None if there are others."""
    mine = []
    for pair in query.split("&"):
        name, _equals, value = pair.partition("=")
        name = unquote(name)
        if name in DECLARED and NUMBER.fullmatch(value):
            mine.append(f"{name}={value}")
        elif name and not IGNORED.fullmatch(name):
            return None
    return "&".join(sorted(mine))


def kept(response: HttpResponse, number: int, shown: Shown) -> Kept | None:
    """Return an answer as it is kept; None where it is not for everybody, or too big for one go."""
    seconds = _lifetime(response.get("Cache-Control", ""))
    if response.status_code not in {200, 404} or not seconds or response.streaming:
        return None
    if response.cookies or "Content-Encoding" in response:
        return None
    if {one.strip().lower() for one in response.get("Vary", "").split(",")} - {
        "", "accept-encoding", EDGE_HEADER.lower(),
    }:  # fmt: skip
        return None
    body, places = fill.cut(bytes(response.content))
    now = time.time()
    fresh_until = now + (MISSING_SECONDS if response.status_code == 404 else seconds)
    headers = {name: value for name, value in response.items() if name.lower() not in NOT_KEPT}
    if shown.until is not None and shown.until < now + _longest(headers["Cache-Control"]):
        fresh_until = min(fresh_until, shown.until)
        # No cache before ours may show the old page behind that moment: it asks us each time.
        headers["Cache-Control"] = "public, no-cache"
    if fresh_until <= now:
        return None
    keys = " ".join([*sorted(tags(shown, response.status_code)), pagecache.EVERYTHING])
    return Kept(
        number=number,
        fresh_until=fresh_until,
        status=response.status_code,
        headers=[*headers.items(), ("Surrogate-Key", keys)],
        etag=f'W/"{hashlib.sha256(body).hexdigest()[:20]}"',
        body=body if places else pagecache.packed(body),
        places=places,
        page=shown.page,
        uses=[int(one) for one in response.get(USES_HEADER, "").replace(",", " ").split()],
    )


def tags(shown: Shown, status: int) -> set[str]:
    """Return under what an answer is dropped: its own, or one of those that belong to no page."""
    if status == 404:
        return shown.tags | {pagecache.MISSING}
    return shown.tags if shown.page else shown.tags | {pagecache.ANY}


def _lifetime(told: str) -> int:
    if "public" not in told or "no-store" in told or "private" in told:
        return 0
    seconds = {name: int(value) for name, value in LIFETIME.findall(told)}
    return min(seconds.get("s-maxage", seconds.get("max-age", 0)), MOST_SECONDS)


def _longest(told: str) -> int:
    """Return for how many seconds a cache may show an answer, while it asks anew too."""
    seconds = {name: int(value) for name, value in LIFETIME.findall(told)}
    return _lifetime(told) + seconds.get("stale-while-revalidate", 0)
