"""What every way of choosing is given, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from django.template.loader import render_to_string
from wagtail.models import Page

from content import context as contexts
from content.context import Context
from dxp.lib import kinds


class Because(StrEnum):
    """The kinds of reasons; the only part of a reason that a browser is told."""

    SEGMENT = "segment"
    CONTEXT = "context"
    LIST = "list"
    CONTROL = "control"
    NO_MATCH = "no-match"
    UNKNOWN = "unknown-visitor"
    NO_CONSENT = "no-consent"
    ASK_AGAIN = "ask-again"
    BOT = "bot"
    FAILED = "failed"


@dataclass(frozen=True)
class Visitor:
    """Who looks, as far as personal slots care.

    Args:
        subject: what buckets are drawn from; it outlives cookies.
        segments: those it is in.
        profile_id: the profile; None for somebody made up.
        traits: what is known of them; `personalize.values` says which of it may be shown.
        viewed: addresses of pages they looked at, the last first; None: ask the events.
    """

    subject: str
    segments: frozenset[int]
    profile_id: int | None = None
    traits: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    viewed: tuple[str, ...] | None = field(default=None, compare=False)


class Piece(Protocol):
    """A block of a slot's content."""

    id: str
    block_type: str

    def render(self, context: dict[str, Any] | None = None) -> str:
        """Return its HTML."""


@dataclass(frozen=True)
class Choice:
    """What a strategy chose. `variant` names it in reports, `key` its HTML in caches."""

    variant: str
    content: Sequence[Piece]
    because: Because
    words: str
    key: str = ""


def salt_of(slot: Any, page: Page) -> str:
    """Return what buckets of a slot are drawn with: the same for all ways of arriving."""
    return f"{page.pk}:{slot.id}"


@dataclass(frozen=True)
class Asked:
    """One slot, for one visitor, at one moment. `zone` is the site's, for unknown clocks."""

    slot: Any
    page: Page
    who: Visitor
    context: Context
    zone: str = "UTC"

    @property
    def value(self) -> Any:
        """The slot's settings and variants."""
        return self.slot.value

    @property
    def salt(self) -> str:
        """What a bucket of this slot is drawn with."""
        return salt_of(self.slot, self.page)

    def matching(self) -> list[Any]:
        """Return the variants that are for this visitor now, in their order."""
        return [child for child in self.value["variants"].bound_blocks if self.fits(child.value)]

    def fits(self, variant: Any) -> bool:
        """Return whether a variant's audience, rule and schedule hold."""
        segment = variant["audience"]
        return (
            (segment is None or segment.pk in self.who.segments)
            and contexts.running(variant["starts"], variant["ends"], self.context.at)
            and contexts.holds(variant["when"], self.context, zone=self.zone)
        )


class Strategy:
    """A way of choosing what a slot shows. `name` is kept in pages: never rename one."""

    name = ""

    def choose(self, asked: Asked) -> Choice | None:
        """Return what is shown, or None for the default."""
        raise NotImplementedError


class Shelf:
    """A list of pages as a block of its own."""

    block_type = "shelf"

    def __init__(self, pages: Sequence[Page], place: str) -> None:
        self.pages, self.id = pages, place

    def render(self, context: dict[str, Any] | None = None) -> str:
        """Return the pages as cards."""
        request = (context or {}).get("request")
        return render_to_string(
            "content/blocks/shelf.html", {"pages": self.pages, "request": request}
        )

    def get_prep_value(self) -> list[int]:
        """Return the pages' numbers."""
        return [page.pk for page in self.pages]


registry: kinds.Registry[Strategy] = kinds.Registry(Strategy)
