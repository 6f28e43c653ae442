"""Made-up visitors of Alder & Finch, as whom editors look at pages."""

from __future__ import annotations

from typing import Any

from content.models import Persona
from customers.models import Segment

PERSONAS: tuple[tuple[str, str, str, dict[str, Any], dict[str, Any]], ...] = (
    (
        "Sofia, who saves", "Has a savings plan and comes back in the evening.", "savers",
        {"firstName": "Sofia"}, {"device": "computer", "zone": "Europe/Madrid", "visits": 12},
    ),
    (
        "A stranger on the train", "Came by a link in a letter that was passed on.", "",
        {}, {"device": "phone", "source": "newsletter", "medium": "email", "visits": 1},
    ),
)  # fmt: skip


def build() -> None:
    """Make the personas that are missing."""
    for name, description, slug, traits, came in PERSONAS:
        told = {"description": description, "traits": traits, "context": came}
        persona, is_new = Persona.objects.get_or_create(name=name, defaults=told)
        if is_new and slug:
            persona.segments.set(Segment.objects.filter(slug=slug))
