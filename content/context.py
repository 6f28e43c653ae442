"""How somebody came, and whether a rule about that holds: pure, the same for every delivery."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# Kept by our script, and only while personal slots are allowed: the visit's campaign and referrer,
# the time zone, the number of the visit.
COOKIE = "dxp_ctx"
LONGEST = 100
# Segments by which a cache may tell copies of one page apart: eight copies.
MOST_AT_EDGE = 3
MOST_VISITS = 9999
TABLET = re.compile(r"ipad|tablet|kindle|silk/|android(?!.*mobile)", re.IGNORECASE)
PHONE = re.compile(r"mobi|iphone|ipod|phone", re.IGNORECASE)
HOST = re.compile(r"[a-z0-9][a-z0-9.-]{0,252}")
TOLD = ("campaign", "source", "medium", "referrer", "device", "country", "zone", "visits")
DEVICES = ("phone", "tablet", "computer")


@dataclass(frozen=True, slots=True)
class Context:
    """What a request tells besides who it is. Empty means unknown, and no rule holds of it."""

    at: datetime
    campaign: str = ""
    source: str = ""
    medium: str = ""
    referrer: str = ""
    device: str = ""
    country: str = ""
    zone: str = ""
    language: str = ""
    visits: int = 0

    def local(self, zone: str = "UTC") -> datetime:
        """Return the moment on the visitor's clock; on that of `zone` where it is unknown."""
        return self.at.astimezone(_zone(self.zone) or _zone(zone))


def met(
    *,
    at: datetime,
    query: Mapping[str, str],
    cookie: str = "",
    agent: str = "",
    referrer: str = "",
    host: str = "",
    languages: str = "",
    country: str = "",
) -> Context:
    """Return the context of a request, of the fragment call as of a page.

    What the address says counts before what the visit began with.

    Args:
        at: the moment.
        query: parameters: those of the fragment call, or `utm_…` of a page.
        cookie: what the script keeps for a visit.
        agent: the header `User-Agent`.
        referrer: the header `Referer`; another page of `host` is none.
        host: our own.
        languages: the header `Accept-Language`.
        country: two letters, where a proxy of ours tells them.
    """
    kept = dict(parse_qsl(cookie[:1000]))
    told = {name: query.get(name) or "" for name in TOLD}
    arrived = bool(query.get("utm_source") or query.get("utm_campaign"))
    for name in ("campaign", "source", "medium"):
        came = query.get(f"utm_{name}") or ("" if arrived else kept.get(name, ""))
        told[name] = told[name] or came
    outside = host_of(referrer)
    if outside == host.partition(":")[0].lower():
        outside = ""
    return Context(
        at=at,
        campaign=_word(told["campaign"]),
        source=_word(told["source"]),
        medium=_word(told["medium"]),
        referrer=host_of(told["referrer"]) or outside or host_of(kept.get("referrer", "")),
        device=told["device"] if told["device"] in DEVICES else device_of(agent),
        country=_country(told["country"] or country),
        zone=zone if is_zone(zone := told["zone"] or kept.get("zone", "")) else "",
        language=language_of(query.get("language") or languages),
        visits=_count(told["visits"] or kept.get("visits", "")),
    )


def of(
    *,
    at: datetime,
    query: Mapping[str, str],
    cookies: Mapping[str, str],
    headers: Mapping[str, str],
    host: str,
    country_header: str = "",
) -> Context:
    """Return how a visitor came, from a page's request as from the call of its script.

    Doors call it with what a request holds; `country_header` is the one by which a proxy of ours
    tells the country, if there is one.
    """
    return met(
        at=at,
        query=query,
        cookie=cookies.get(COOKIE, ""),
        agent=headers.get("User-Agent", "")[:500],
        referrer=headers.get("Referer", ""),
        host=host,
        languages=headers.get("Accept-Language", ""),
        country=headers.get(country_header, "") if country_header else "",
    )


def told(kept: Mapping[str, Any], *, at: datetime) -> Context:
    """Return the context that a persona, or who tries something out, writes down."""
    query = {str(key): str(value) for key, value in kept.items() if value not in (None, "")}
    return met(at=at, query=query)


def device_of(agent: str) -> str:
    """Return what a browser runs on."""
    if not agent:
        return ""
    if TABLET.search(agent):
        return "tablet"
    return "phone" if PHONE.search(agent) else "computer"


def host_of(address: str) -> str:
    """Return the host of an address, or of what is a host already, in small letters."""
    text = address.strip().lower()[:2000]
    try:
        host = urlsplit(text).hostname if "//" in text else text.partition("/")[0]
    except ValueError:
        return ""
    return host if host and HOST.fullmatch(host) else ""


def language_of(header: str) -> str:
    """Return the language that somebody likes best, such as "es" or "zh-hans"."""
    first = header.partition(",")[0].partition(";")[0].strip().lower()
    return first if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", first) else ""


def is_empty(rule: Mapping[str, Any] | None) -> bool:
    """Return whether a rule asks for nothing."""
    return not any(bool(one) for one in (rule or {}).values())


def holds(rule: Mapping[str, Any] | None, context: Context, *, zone: str = "UTC") -> bool:
    """Return whether every condition of a rule holds; of several values one is enough.

    Args:
        rule: {"campaign", "source", "medium", "referrer", "device", "country", "zone",
            "language": lists of words; "weekdays": [1 … 7]; "since", "until": times of the day;
            "visits_from", "visits_to"}. What is empty is not asked.
        context: how somebody came.
        zone: the site's, for the clock of those whose own is unknown.
    """
    rule = rule or {}
    return (
        all(_is_one_of(rule.get(name), getattr(context, name)) for name in WORDS)
        and _is_from(rule.get("referrer"), context.referrer)
        and _speaks(rule.get("language"), context.language)
        and _is_time(rule, context.local(zone))
        and _counts(rule, context.visits)
    )


WORDS = ("campaign", "source", "medium", "device", "country", "zone")


def running(since: datetime | None, until: datetime | None, at: datetime) -> bool:
    """Return whether a moment lies in [since, until); None is no bound."""
    return (since is None or since <= at) and (until is None or at < until)


def _is_one_of(wanted: Any, had: str) -> bool:
    return not wanted or had.lower() in {str(one).strip().lower() for one in wanted}


def _is_from(wanted: Any, host: str) -> bool:
    """Return whether a host is one of these, or below one of them."""
    hosts = [host_of(str(one)) for one in wanted or ()]
    return not wanted or any(one and (host == one or host.endswith(f".{one}")) for one in hosts)


def _speaks(wanted: Any, language: str) -> bool:
    return not wanted or any(
        language == one or language.startswith(f"{one}-")
        for one in (str(each).lower() for each in wanted)
    )


def _is_time(rule: Mapping[str, Any], local: datetime) -> bool:
    days = rule.get("weekdays")
    if days and local.isoweekday() not in {int(day) for day in days}:
        return False
    since, until, now = _time(rule.get("since")), _time(rule.get("until")), local.time()
    if since and until and until < since:
        return now >= since or now < until
    return (since is None or since <= now) and (until is None or now < until)


def _counts(rule: Mapping[str, Any], visits: int) -> bool:
    least, most = rule.get("visits_from"), rule.get("visits_to")
    if not least and not most:
        return True
    return visits > 0 and (not least or least <= visits) and (not most or visits <= most)


def _time(told: Any) -> time | None:
    return time.fromisoformat(told) if isinstance(told, str) and told else told or None


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_zone(name: str) -> bool:
    """Return whether a name is that of a time zone."""
    return bool(re.fullmatch(r"[A-Za-z0-9_+/-]{1,60}", name)) and _zone(name) is not None


def _word(text: str) -> str:
    return text.replace("\x00", "").strip()[:LONGEST]


def is_country(text: str) -> bool:
    """Return whether a text could be the two letters of a country."""
    return re.fullmatch(r"[A-Za-z]{2}", text) is not None


def _country(text: str) -> str:
    return text.upper() if is_country(text) else ""


def _count(text: str) -> int:
    return min(int(text), MOST_VISITS) if re.fullmatch(r"[0-9]{1,9}", text) else 0
