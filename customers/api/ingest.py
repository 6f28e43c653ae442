"""The event API: Segment's HTTP protocol, as its own and RudderStack's SDKs speak it.

The checklist that this file keeps stands in docs/developer/collection.md.
"""

from __future__ import annotations

import base64
import binascii
import logging
import time
from collections.abc import Callable
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse

from customers import clean, ingest
from customers.api import body
from customers.api.body import Refused
from customers.api.limit import TooMany, limit
from customers.api.nudge import nudge
from customers.models import Source
from dxp.lib import clock
from dxp.lib.http import visitor_address

log = logging.getLogger(__name__)
PREFIXES = ("/v1/", "/beacon/v1/", "/sourceConfig")
SMALL_BODY = clean.BIGGEST_EVENT
RETRY_AFTER = 5
KEPT_FOR = 5.0
MOST_KEPT = 1000
LONGEST_AGENT = 500
SINGLE = {
    "identify": "identify", "i": "identify", "track": "track", "t": "track", "page": "page",
    "p": "page", "screen": "screen", "s": "screen", "group": "group", "g": "group",
    "alias": "alias", "a": "alias",
}  # fmt: skip
BATCH = ("batch", "b", "import")
ALLOWED_HEADERS = (
    "authorization, content-type, content-encoding, x-retry-count, anonymousid, sentat, "
    "rsa-retry-attempt, rsa-retry-reason, rsa-since-first-attempt, rsa-since-last-attempt"
)
_sources: dict[str, tuple[float, Source]] = {}


def answer(request: HttpRequest, **named: str) -> HttpResponse:
    """Answer one request of an SDK; also from the middleware, without any routing."""
    try:
        response = _answer(request)
    except Refused as no:
        response = _json({"code": no.code, "message": no.message}, status=no.status)
        if isinstance(no, TooMany):
            response.headers["Retry-After"] = str(no.seconds)
    except (DatabaseError, InterfaceError) as error:
        log.warning("An event request was put off: %s", error)
        _drop_connection()
        response = _json({"code": "unavailable", "message": "Try again in a moment."}, status=503)
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return _shared(request, response)


# SDKs send no CSRF token. The middleware answers earlier; this is for whoever routes here.
answer.csrf_exempt = True  # type: ignore[attr-defined]


def _answer(request: HttpRequest) -> HttpResponse:
    path = request.path_info.strip("/").split("/")
    handler = _handler(path)
    if handler is None:
        raise Refused(404, "not_found", "There is no such address in the event API.")
    method, act = handler
    if request.method == "OPTIONS":
        return _json({})
    if request.method != method:
        raise Refused(405, "method_not_allowed", f"Use {method}.")
    return act(request, path)


def _handler(path: list[str]) -> tuple[str, Callable[..., HttpResponse]] | None:
    if path == ["sourceConfig"]:
        return "GET", _source_config
    if path[:1] == ["beacon"]:
        return ("POST", _collect) if path == ["beacon", "v1", "batch"] else None
    if len(path) == 2 and (path[1] in SINGLE or path[1] in BATCH):
        return "POST", _collect
    if path == ["v1", "m"]:
        return "POST", _metrics
    if len(path) == 4 and path[1] == "projects" and path[3] == "settings":
        return "GET", _settings
    return None


def _collect(request: HttpRequest, path: list[str]) -> HttpResponse:
    at = clock.now()
    source = _source(_basic_key(request)) if _basic_key(request) else None
    sent = body.read(request)
    told = body.decoded(sent)
    if source is None:
        key = told.get("writeKey") or request.GET.get("writeKey")
        source = _source(key if isinstance(key, str) else None)
    events, context = _events(told, path[-1])
    limit.take(source=source.pk, events=len(events))
    accepted = ingest.accept(
        source=source,
        events=events,
        at=at,
        sent_at=told.get("sentAt") or request.headers.get("SentAt"),
        context=context,
        small=len(sent) <= SMALL_BODY,
        met=_met(request) if source.kind == Source.Kind.BROWSER else None,
    )
    if accepted.stored:
        nudge()
    return _json({"success": True})


def _events(told: dict[str, Any], kind: str) -> tuple[list[Any], Any]:
    """Return a request's events and the context they share.

    Raises:
        Refused: a batch without a list of events.
    """
    if kind in SINGLE:
        return [{**told, "type": SINGLE[kind]}], None
    events = told.get("batch")
    if not isinstance(events, list):
        raise Refused(400, "invalid_request", "A batch is an object with a list `batch`.")
    if isinstance(told.get("integrations"), dict):
        events = [_with(event, told["integrations"]) for event in events]
    return events, told.get("context")


def _with(event: Any, integrations: dict[str, Any]) -> Any:
    """Return an event with the batch's integrations, under its own."""
    if not isinstance(event, dict):
        return event
    own = event.get("integrations")
    return {**event, "integrations": {**integrations, **(own if isinstance(own, dict) else {})}}


def _met(request: HttpRequest) -> dict[str, Any]:
    """Return what we see of a sender that could claim anything: its network and its browser."""
    agent = request.headers.get("User-Agent", "")[:LONGEST_AGENT]
    return {
        "ip": visitor_address(request.META, proxies=settings.PROXIES),
        "userAgent": clean.tidy(agent),
    }


def _metrics(request: HttpRequest, path: list[str]) -> HttpResponse:
    """Take an SDK's numbers about itself, and drop them."""
    return _json({"success": True})


def _settings(request: HttpRequest, path: list[str]) -> HttpResponse:
    """Answer Analytics.js and the mobile SDKs where to send, so that a site changes one address."""
    key = path[2]
    _source(key)
    host = _host(request)
    return _json({
        "integrations": {
            "Segment.io": {
                "apiKey": key,
                "apiHost": f"{host}/v1",
                "protocol": request.scheme,
                "deliveryStrategy": {},
                "unbundledIntegrations": [],
            }
        },
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
        "edgeFunction": {},
        "metrics": {"sampleRate": 0},
    })


def _source_config(request: HttpRequest, path: list[str]) -> HttpResponse:
    """Answer RudderStack's SDKs that their source is on and sends to nobody else."""
    source = _source(_basic_key(request) or request.GET.get("writeKey"))
    updated = source.created_at.isoformat()
    return _json({
        "source": {
            "id": str(source.pk),
            "name": source.name,
            "writeKey": source.write_key,
            "enabled": True,
            "config": {
                "statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}
            },
            "connections": [],
            "destinations": [],
            "workspaceId": "dxp",
            "dataplanes": {},
            "updatedAt": updated,
        },
        "updatedAt": updated,
    })


def _host(request: HttpRequest) -> str:
    try:
        return request.get_host()
    except DisallowedHost as error:
        raise Refused(400, "invalid_host", "This host is not served here.") from error


def _basic_key(request: HttpRequest) -> str | None:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        told = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    return told.partition(":")[0] or None


def _source(key: str | None) -> Source:
    """Return the source of a write key, remembered for some seconds.

    Raises:
        Refused: nobody has that key, or it is off.
    """
    now = time.monotonic()
    kept = _sources.get(key) if key else None
    if kept is not None and kept[0] > now:
        return kept[1]
    found = None
    if key and len(key) <= 100 and "\x00" not in key:
        found = Source.objects.filter(write_key=key, is_active=True).first()
    if found is None:
        raise Refused(401, "invalid_write_key", "This write key is not known, or is off.")
    if len(_sources) >= MOST_KEPT:
        _sources.clear()
    _sources[found.write_key] = (now + KEPT_FOR, found)
    return found


def _json(told: dict[str, Any], status: int = 200) -> HttpResponse:
    return HttpResponse(orjson.dumps(told), content_type="application/json", status=status)


def _shared(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let any site read the answer; errors too, or a browser would not know why."""
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = request.headers.get("Origin", "*")
    headers["Vary"] = "Origin"
    headers["Access-Control-Expose-Headers"] = "Retry-After"
    headers["Cache-Control"] = "no-store"
    if request.method == "OPTIONS":
        headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
        headers["Access-Control-Max-Age"] = "900"
    return response


def _drop_connection() -> None:
    """Forget a connection that died, so that the next request makes a new one at once."""
    try:
        if not connection.in_atomic_block:
            connection.close()
    except (DatabaseError, InterfaceError):
        log.debug("The connection was closed already.")
