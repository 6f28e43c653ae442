"""The first thing a visitor meets: a page that is kept is sent before anything else is asked."""

from __future__ import annotations

import gzip
import logging
import re
import time
from collections.abc import Callable, Iterable

import redis
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase, ResponseHeaders

from content import context, edge, fill, keepable, pagecache, recognize
from content.keepable import EDGE_HEADER
from content.pagecache import Kept, Shown, Turn
from content.personalize import Because
from dxp.lib import clock, visitor

log = logging.getLogger(__name__)
# Answers of these are nobody's page; asking for one of them costs no look into the cache.
NEVER = (
    "/admin/", "/api/", "/v1/", "/beacon/", "/_x/", "/static/", "/media/", "/documents/", "/site.",
    "/healthz", "/_util/",
)  # fmt: skip
WAIT_SECONDS, LOOK_SECONDS = 3.0, 0.025
AWAY_SECONDS = 2.0
# So long nobody waits for another to render what was not kept a moment ago: a redirect, a form.
PASSING_SECONDS, MOST_PASSING = 10.0, 1000


class PageCacheMiddleware:
    """Sends pages that are kept, and keeps those that everybody may see.

    A page is known by scheme, host, path (which says the language), the declared parameters, and
    the segments that the page declares of those in a signed key. Signed-in people, previews and
    posts pass by.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.away_until = 0.0
        self.passing: dict[bytes, float] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        address = asked(request) if settings.PAGE_CACHE_MB else None
        if address is None or time.monotonic() < self.away_until:
            return self.get_response(request)
        visit = Visit(request, address)
        try:
            kept, is_fresh = visit.look()
            if kept is not None and is_fresh:
                return visit.answer(kept, "hit")
            if self.passing.get(visit.key, 0) > time.monotonic():
                return visit.pass_by(self.get_response)
            turn = visit.take_turn(kept)
        except redis.RedisError as error:
            return self._without(request, error)
        if isinstance(turn, Kept):
            return visit.answer(turn, "stale" if turn is kept else "hit")
        return self._render(visit, turn, kept)

    def _render(self, visit: Visit, turn: Turn, stale: Kept | None) -> HttpResponseBase:
        try:
            with pagecache.watch() as shown:
                response = self.get_response(visit.plain())
            if response.status_code >= 500 and stale is not None:
                return visit.answer(stale, "stale")
            if response.status_code == 404 and not settings.DEBUG:
                response.headers.setdefault("Cache-Control", keepable.MISSING)
            kept = keepable.kept(response, turn.number, shown)
            if kept is None:
                self._let_pass(visit.key)
                return visit.lead_on(response)
            if turn.ours:
                self._keep(visit, turn, kept, shown)
            return visit.answer(kept, "miss")
        finally:
            visit.restore()
            self._give_back(turn)

    def _keep(self, visit: Visit, turn: Turn, kept: Kept, shown: Shown) -> None:
        try:
            pagecache.put(
                turn, kept, keepable.tags(shown, kept.status), key=visit.key_of(kept.uses),
                most=settings.PAGE_CACHE_MB * 1024 * 1024,
            )  # fmt: skip
        except redis.RedisError as error:
            self._note(error)

    def _let_pass(self, key: bytes) -> None:
        if len(self.passing) >= MOST_PASSING:
            self.passing = {}
        self.passing[key] = time.monotonic() + PASSING_SECONDS

    def _without(self, request: HttpRequest, error: redis.RedisError) -> HttpResponseBase:
        self._note(error)
        return self.get_response(request)

    def _note(self, error: redis.RedisError) -> None:
        # Each request would otherwise wait for a connection that does not come about.
        self.away_until = time.monotonic() + AWAY_SECONDS
        log.warning("Pages are not kept: %s", error)

    def _give_back(self, turn: Turn) -> None:
        try:
            pagecache.end(turn)
        except redis.RedisError as error:
            self._note(error)


class Checked(ResponseHeaders):
    """Headers that Django checked when the page was rendered: to do so again costs a tenth."""

    def __init__(self, headers: dict[str, str]) -> None:
        self._store = {name.lower(): (name, value) for name, value in headers.items()}


class Visit:
    """One request for a page that may be kept."""

    def __init__(self, request: HttpRequest, address: str) -> None:
        self.request = request
        self.query = request.META.get("QUERY_STRING", "")
        self.address = address
        self.key = pagecache.key(address)
        told = request.META.get("HTTP_X_DXP_SEGMENTS")
        self.by_edge = told is not None
        if told is None and edge.COOKIE in request.META.get("HTTP_COOKIE", ""):
            told = request.COOKIES.get(edge.COOKIE)
        self.segments = edge.read(told, at=clock.now()) if told else frozenset()
        self.browser = None
        if visitor.ANONYMOUS_ID in request.META.get("HTTP_COOKIE", "") and not visitor.is_robot(
            request
        ):
            self.browser = visitor.anonymous_id(request)
        self.known: bytes | None = None

    @property
    def unpacks(self) -> bool:
        """Whether the browser reads what is packed."""
        return "gzip" in self.request.META.get("HTTP_ACCEPT_ENCODING", "")

    def look(self) -> tuple[Kept | None, bool]:
        """Return what is kept for this visitor, and whether its time has not passed."""
        if not self.segments:
            kept = self._get(self.key)
        else:
            base = self.key_of(())
            kept, (uses,) = pagecache.get(base, base + b":uses")
            told = kept.uses if kept is not None else [int(one) for one in (uses or b"").split()]
            self.key = self.key_of(told)
            if self.key != base:
                kept = self._get(self.key)
        return kept, kept is not None and kept.fresh_until > time.time()

    def _get(self, key: bytes) -> Kept | None:
        if self.browser is None:
            return pagecache.get(key)[0]
        kept, (self.known,) = pagecache.get(key, recognize.key(self.browser))
        return kept

    def key_of(self, uses: Iterable[int]) -> bytes:
        """Return the key of this visitor's copy of a page that declares some segments."""
        mine = sorted(self.segments.intersection(uses))
        return pagecache.key(self.address, "-".join(map(str, mine)))

    def take_turn(self, stale: Kept | None) -> Turn | Kept:
        """Return leave to render, or what somebody else rendered meanwhile.

        Who has an old copy does not wait; who has none waits a little, then renders for itself.
        """
        until = time.monotonic() + WAIT_SECONDS
        while True:
            turn = pagecache.begin(self.key)
            if turn.ours:
                return turn
            if stale is not None:
                return stale
            if time.monotonic() > until:
                return turn
            time.sleep(LOOK_SECONDS)
            kept, is_fresh = self.look()
            if kept is not None and is_fresh:
                return kept

    def plain(self) -> HttpRequest:
        """Return the request as everybody's: without what only says where somebody came from."""
        self.request.META["QUERY_STRING"] = self.address.partition("?")[2]
        if self.segments:
            self.request.edge_segments = self.segments  # type: ignore[attr-defined]
        return self.request

    def restore(self) -> None:
        """Give the request back what it was asked with."""
        self.request.META["QUERY_STRING"] = self.query

    def pass_by(self, get_response: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
        """Return an answer that is not kept."""
        try:
            return self.lead_on(get_response(self.plain()))
        finally:
            self.restore()

    def lead_on(self, response: HttpResponse) -> HttpResponse:
        """Return a redirect within the site with what was left aside: where somebody came from."""
        declared = self.address.partition("?")[2].split("&")
        aside = "&".join(pair for pair in self.query.split("&") if pair and pair not in declared)
        there = response.get("Location", "")
        ours = f"{self.request.scheme}://{self.request.get_host()}/"
        if aside and (there.startswith(ours) or re.match(r"/(?!/)", there)):
            start, mark, place = there.partition("#")
            join = "&" if "?" in start else "?"
            response.headers["Location"] = f"{start}{join}{aside}{mark}{place}"
        return response

    def answer(self, kept: Kept, how: str) -> HttpResponse:
        """Return the answer of what is kept, for this visitor."""
        if kept.places and self.browser is not None and self.request.method == "GET":
            filled = self._filled(kept)
            if filled is not None:
                return filled
        meta = self.request.META
        packed = self.unpacks
        body = pagecache.as_packed(kept) if packed else kept.plain()
        is_known = kept.status == 200 and kept.etag in meta.get("HTTP_IF_NONE_MATCH", "")
        answer = HttpResponse(
            b"" if is_known or self.request.method == "HEAD" else body,
            status=304 if is_known else kept.status,
        )
        headers: dict[str, str] = dict(kept.headers)
        headers["ETag"] = kept.etag
        headers["X-DXP-Cache"] = how
        headers["Vary"] = f"Accept-Encoding, {EDGE_HEADER}" if kept.uses else "Accept-Encoding"
        if not is_known:
            headers["Content-Length"] = str(len(body))
            if packed:
                headers["Content-Encoding"] = "gzip"
        if kept.uses and not self.by_edge and self.segments.intersection(kept.uses):
            # A cache that does not know of the key would give this copy to everybody.
            headers["Cache-Control"] = "private, no-store"
        elif kept.places:
            # Filled for the next visitor: no cache before ours may give this copy to her.
            headers["Cache-Control"] = "private, no-cache"
        answer.headers = Checked(headers)
        return answer

    def _filled(self, kept: Kept) -> HttpResponse | None:
        at = clock.now()
        try:
            who = recognize.visitor(str(self.browser), self.known, at=at)
            if isinstance(who, Because):
                return None
            found = fill.fill(kept, who=who, came=self._came, request=self.request, at=at)
        except Exception:  # the defaults are right for everybody
            log.exception("The places of page %s keep their defaults", kept.page)
            return None
        packed = found.is_packed and self.unpacks
        body = gzip.decompress(found.body) if found.is_packed and not packed else found.body
        answer = HttpResponse(body, status=kept.status)
        headers: dict[str, str] = dict(kept.headers)
        if packed:
            headers["Content-Encoding"] = "gzip"
        headers["Vary"] = "Accept-Encoding"
        headers["Cache-Control"] = "private, no-store"
        headers["Content-Length"] = str(len(body))
        headers["X-DXP-Cache"] = "filled"
        answer.headers = Checked(headers)
        return answer

    def _came(self) -> context.Context:
        request = self.request
        return context.of(
            at=clock.now(), query=QueryDict(self.query).dict(), cookies=request.COOKIES,
            headers=request.headers, host=request.get_host(),
            country_header=settings.COUNTRY_HEADER,
        )  # fmt: skip


def asked(request: HttpRequest) -> str | None:
    """Return the address under which the answer may be kept; None where it may not."""
    meta = request.META
    if request.method not in {"GET", "HEAD"} or request.path.startswith(NEVER):
        return None
    # Written as %3F or %23 it would pass for the address of another page.
    if "?" in request.path or "#" in request.path:
        return None
    if "HTTP_AUTHORIZATION" in meta or getattr(request, "is_dummy", False):
        return None
    if settings.SESSION_COOKIE_NAME in meta.get("HTTP_COOKIE", ""):
        return None
    query = meta.get("QUERY_STRING", "")
    if query:
        declared = keepable.declared(query)
        if declared is None:
            return None
        query = f"?{declared}" if declared else ""
    try:
        return f"{request.scheme}://{request.get_host()}{request.path}{query}"
    except DisallowedHost:
        return None
