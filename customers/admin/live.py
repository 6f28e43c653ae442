"""What a source sends, as it comes in: accepted, waiting, rejected, or a copy of what was there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from customers import ingest
from customers.admin import wording
from customers.admin.facts import as_json, facts
from customers.clean import Fact
from customers.models import Event, Inbox, Quarantine, Repeat, Source

SHOWN = 50
# Requests that wait for the worker; each holds many events.
WAITING = 20
# Events have no index by source: it would cost every write. The newest ones are enough here.
WITHIN = 200_000
RIGHTS = ("customers.view_source", "customers.change_source")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list; `state` is accepted, waiting, rejected or repeated."""

    key: str
    state: str
    received_at: datetime
    name: str
    who: str
    sentence: str = ""
    profile: int | None = None
    rejected: int | None = None
    told: Any = None

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What it says, as lines."""
        return facts(self.told) if self.told else []

    @property
    def json(self) -> str:
        """What it says, for developers."""
        return as_json(self.told) if self.told else ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to see; empty means everything."""

    event: str = ""
    person: str = ""
    state: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Wanted:
        """Return what the address asks for."""
        told = (request.GET.get(name, "") for name in ("event", "person", "state"))
        return cls(*(value.replace("\x00", "").strip()[:200] for value in told))

    def fits(self, name: str, *people: Any) -> bool:
        """Return whether a line that is no row with an index is wanted."""
        if self.event.casefold() not in name.casefold():
            return False
        who = self.person.casefold()
        return any(who in str(one).casefold() for one in people if one) if who else True


def newest() -> QuerySet[Event]:
    """Return the newest events of all sources."""
    last = Event.objects.aggregate(last=Max("id"))["last"] or 0
    return Event.objects.filter(id__gt=last - WITHIN)


def entries(*, source: Source, wanted: Wanted, with_rejected: bool) -> list[Entry]:
    """Return the latest lines of a source, the newest first."""
    kinds: dict[str, Callable[[Source, Wanted], Iterable[Entry]]] = {
        "accepted": _accepted, "waiting": _waiting, "repeated": _repeated,
    }  # fmt: skip
    if with_rejected:
        kinds["rejected"] = _rejected
    found = [
        entry
        for state, read in kinds.items()
        if wanted.state in ("", state)
        for entry in read(source, wanted)
    ]
    return sorted(found, key=lambda entry: entry.received_at, reverse=True)[:SHOWN]


def _accepted(source: Source, wanted: Wanted) -> Iterator[Entry]:
    rows = newest().filter(source=source).select_related("alias__profile")
    if wanted.event:
        rows = rows.filter(name__icontains=wanted.event)
    if wanted.person:
        who = wanted.person
        rows = rows.filter(
            Q(user_id__icontains=who)
            | Q(anonymous_id__icontains=who)
            | Q(alias__profile__traits__email__icontains=who)
        )
    for event in rows.order_by("-id")[:SHOWN]:
        yield Entry(
            f"e{event.pk}", "accepted", event.received_at, event.name,
            event.alias.profile.display_name, wording.tell(event).sentence,
            profile=event.alias.profile_id, told=_told(event),
        )  # fmt: skip


def _waiting(source: Source, wanted: Wanted) -> Iterator[Entry]:
    for row in Inbox.objects.filter(source=source).order_by("-id")[:WAITING]:
        for fact in reversed(ingest.read_body(bytes(row.body))):
            if wanted.fits(fact.name, fact.user_id, fact.anonymous_id):
                yield Entry(
                    f"w{fact.message_id}", "waiting", row.received_at, fact.name,
                    fact.user_id or fact.anonymous_id or "", told=_told(fact),
                )  # fmt: skip


def _repeated(source: Source, wanted: Wanted) -> Iterator[Entry]:
    if wanted.person:
        # Of a copy only its message id is kept: it says nothing about a person.
        return
    rows = Repeat.objects.filter(source=source)
    if wanted.event:
        rows = rows.filter(name__icontains=wanted.event)
    for row in rows.order_by("-received_at")[:SHOWN]:
        yield Entry(
            f"r{row.pk}", "repeated", row.received_at, row.name, "",
            told={"type": row.type, "messageId": row.message_id},
        )  # fmt: skip


def _rejected(source: Source, wanted: Wanted) -> Iterator[Entry]:
    for row in Quarantine.objects.filter(source=source).order_by("-received_at")[: SHOWN * 4]:
        body = row.body if isinstance(row.body, dict) else {}
        name = str(body.get("event") or body.get("type") or "")
        people = body.get("userId"), body.get("anonymousId")
        if wanted.fits(name, *people):
            yield Entry(
                f"q{row.pk}", "rejected", row.received_at, name,
                str(next(filter(None, people), "")), row.reason, rejected=row.pk, told=body,
            )  # fmt: skip


def _told(event: Event | Fact) -> dict[str, Any]:
    names = {
        "type": event.type, "messageId": event.message_id, "userId": event.user_id,
        "anonymousId": event.anonymous_id, "previousId": event.previous_id,
        "groupId": event.group_id, "time": event.at.isoformat(timespec="milliseconds"),
        "properties": event.properties, "context": event.context,
    }  # fmt: skip
    return {name: value for name, value in names.items() if value not in (None, {}, "")}


def _asked(request: HttpRequest, pk: int) -> dict[str, Any]:
    """Return what both forms of the page show.

    Raises:
        PermissionDenied: this person may not see sources.
    """
    if not any(request.user.has_perm(right) for right in RIGHTS):
        raise PermissionDenied
    source = get_object_or_404(Source, pk=pk)
    wanted = Wanted.of(request)
    with_rejected = request.user.has_perm("customers.view_quarantine")
    piece = reverse("customers_sources:live_piece", args=[pk])
    return {
        "source": source,
        "wanted": wanted,
        "entries": entries(source=source, wanted=wanted, with_rejected=with_rejected),
        "piece_url": f"{piece}?{request.GET.urlencode()}",
        "may_see_people": request.user.has_perm("customers.view_profile"),
        "states": [
            ("", _("all")), ("accepted", _("accepted")), ("waiting", _("waiting for the worker")),
            ("repeated", _("copies")), *([("rejected", _("rejected"))] if with_rejected else []),
        ],
    }  # fmt: skip


def live(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the page of a source's latest events; it can be reloaded without any script."""
    told = _asked(request, pk)
    crumbs = [
        {"url": reverse("wagtailadmin_home"), "label": _("Home")},
        {"url": reverse("customers_sources:index"), "label": _("Sources")},
        {"url": reverse("customers_sources:inspect", args=[pk]), "label": told["source"].name},
        {"url": "", "label": _("Live")},
    ]
    return render(
        request,
        "customers/source/live.html",
        {
            **told,
            "page_title": _("Live events"),
            "page_subtitle": told["source"].name,
            "header_title": _("Live events"),
            "header_icon": "history",
            "breadcrumbs_items": crumbs,
        },
    )


def live_piece(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the list alone, for the page that refreshes itself."""
    return render(request, "customers/source/_live.html", _asked(request, pk))
