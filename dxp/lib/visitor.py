"""What doors for visitors ask first: from our own pages, by whom, how often, with what proof."""

from __future__ import annotations

import ipaddress
import logging
import re
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from dxp.lib import hints

log = logging.getLogger(__name__)
ANONYMOUS_ID = "dxp_aid"
REFUSED = "dxp_no"
ROBOT = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|preview|monitor|scan|fetch|curl|wget|python-|headlesschrome-lighthouse",
    re.IGNORECASE,
)

View = Callable[..., HttpResponse]


def from_our_pages(view: View) -> View:
    """Refuse a post that did not come from a page of this site.

    Takes the place of Django's CSRF token, which would need a cookie and a page of one's own for
    each visitor: pages here are the same for everyone.
    """

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not _is_ours(request):
            return HttpResponseForbidden(_("This form must be sent from our own pages."))
        return view(request, *args, **kwargs)

    return guarded


def _is_ours(request: HttpRequest) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    # Browsers older than Sec-Fetch send Origin with each post; who sends neither is no browser.
    origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
    return urlsplit(origin).netloc == request.get_host()


def address(request: HttpRequest) -> str:
    """Return the visitor's network address, as the nearest proxy of ours saw it."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if settings.SECURE_PROXY_SSL_HEADER and forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()
    return str(request.META.get("REMOTE_ADDR") or "")


def truncated(address: str) -> str:
    """Return a network address without the part that tells one household from the next."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    bits = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network(f"{parsed}/{bits}", strict=False).network_address)


def too_often(request: HttpRequest, act: str, *, most: int, seconds: int) -> bool:
    """Return whether an address did this more than `most` times in a period.

    Without Redis everybody is let through: a lost form costs more than a few odd ones.
    """
    key = f"often:{act}:{address(request)}"
    try:
        pipe = hints.client().pipeline()
        pipe.incr(key)
        pipe.expire(key, seconds, nx=True)
        count = int(pipe.execute()[0])
    except redis.RedisError as error:
        log.warning("Nobody counts %s: %s", act, error)
        return False
    return count > most


def anonymous_id(request: HttpRequest) -> str | None:
    """Return the visitor's anonymous id from the cookie, if it is one of ours."""
    try:
        return str(uuid.UUID(request.COOKIES.get(ANONYMOUS_ID, "")))
    except ValueError:
        return None


def is_robot(request: HttpRequest) -> bool:
    """Return whether the client says of itself that it is a machine, or says nothing."""
    # Not by `headers`: to name all of them costs more than the question.
    agent = request.META.get("HTTP_USER_AGENT", "")
    return not agent or ROBOT.search(agent) is not None


def evidence(request: HttpRequest, **more: Any) -> dict[str, Any]:
    """Return what proves an act of consent: page, address without its last part, browser.

    Also whether the browser asked not to be followed, when a person decided otherwise.
    """
    signals = [name for name in ("Sec-GPC", "DNT") if request.headers.get(name) == "1"]
    return {
        "address": truncated(address(request)),
        "browser": request.headers.get("User-Agent", "")[:200],
        **({"signals": signals} if signals else {}),
        **more,
    }
