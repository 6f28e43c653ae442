"""How good suggestions are, by what people decided about them, and what the taggers measured."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Avg, Case, Count, F, IntegerField, Q, Value, When
from django.db.models.functions import TruncMonth

from content.models import Facet, TaggerModel, Tagging, TagSuggestion
from content.read import THINGS

State = TagSuggestion.State
BINS = (0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
RECENT = 12


def facet(facet: Facet) -> dict[str, Any]:
    """Return everything about one facet's suggestions.

    Unit: shares 0..1; None where nothing was decided. Precision is accepted of decided; recall is
    how many of the terms that people gave had been suggested.
    Source: decisions of people; what was measured on held-out things stands in `models`.
    """
    made = TagSuggestion.objects.filter(term__facet=facet).exclude(tagger="")
    made = made.exclude(by__is_bot=True)
    return {
        "whole": _rates(made, facet),
        "months": _months(made),
        "sure": _sure(made),
        "terms": _terms(made),
        "taggers": _taggers(made),
        "models": list(
            TaggerModel.objects.filter(facet=facet).defer("weights").order_by("-learned_at")[:12]
        ),
        "covered": _covered(facet),
    }


def _rates(made: Any, facet: Facet) -> dict[str, Any]:
    told = made.aggregate(
        open=Count("pk", filter=Q(state=State.OPEN)),
        accepted=Count("pk", filter=Q(state=State.ACCEPTED)),
        rejected=Count("pk", filter=Q(state=State.REJECTED)),
    )
    given = Tagging.objects.filter(term__facet=facet, is_human=True).count()
    return {
        **told,
        "precision": _share(told["accepted"], told["accepted"] + told["rejected"]),
        "recall": _share(min(told["accepted"], given), given),
        "by_hand": max(0, given - told["accepted"]),
    }


def _months(made: Any) -> list[dict[str, Any]]:
    """Return the latest months in which people decided, the oldest first: a fall is drift."""
    rows = (
        made
        .exclude(state=State.OPEN)
        .annotate(month=TruncMonth("decided_at"))
        .values("month")
        .annotate(decided=Count("pk"), accepted=Count("pk", filter=Q(state=State.ACCEPTED)))
        .annotate(confidence=Avg("confidence"))
        .order_by("-month")[:RECENT]
    )
    return [{**row, "precision": _share(row["accepted"], row["decided"])} for row in rows][::-1]


def _sure(made: Any) -> list[dict[str, Any]]:
    """Return how often suggestions of each confidence were right: that is what it promises."""
    steps = [When(confidence__lt=high, then=Value(number)) for number, high in enumerate(BINS[1:])]
    rows = (
        made
        .exclude(state=State.OPEN)
        .annotate(step=Case(*steps, default=Value(0), output_field=IntegerField()))
        .values("step")
        .annotate(decided=Count("pk"), accepted=Count("pk", filter=Q(state=State.ACCEPTED)))
        .annotate(confidence=Avg("confidence"))
        .order_by("step")
    )
    return [
        {
            **row,
            "low": BINS[row["step"]],
            "high": min(1.0, BINS[row["step"] + 1]),
            "precision": _share(row["accepted"], row["decided"]),
        }
        for row in rows
    ]


def _terms(made: Any) -> list[dict[str, Any]]:
    rows = (
        made
        .values("term", name=F("term__name"))
        .annotate(
            open=Count("pk", filter=Q(state=State.OPEN)),
            accepted=Count("pk", filter=Q(state=State.ACCEPTED)),
            rejected=Count("pk", filter=Q(state=State.REJECTED)),
        )
        .order_by("-rejected", "name")
    )
    return [
        {**row, "precision": _share(row["accepted"], row["accepted"] + row["rejected"])}
        for row in rows
    ]


def _taggers(made: Any) -> list[dict[str, Any]]:
    rows = (
        made
        .exclude(state=State.OPEN)
        .values("tagger")
        .annotate(decided=Count("pk"), accepted=Count("pk", filter=Q(state=State.ACCEPTED)))
        .order_by("tagger")
    )
    return [{**row, "precision": _share(row["accepted"], row["decided"])} for row in rows]


def _covered(facet: Facet) -> list[dict[str, Any]]:
    """Return how many things of each kind have a term of this facet."""
    found = []
    for model in THINGS:
        kind = ContentType.objects.get_for_model(model)
        tagged = Tagging.objects.filter(term__facet=facet, content_type=kind)
        count = tagged.values("object_id").distinct().count()
        # The root of the tree is no page that anybody reads.
        whole = model._default_manager.count() - (1 if kind.model == "page" else 0)
        found.append(
            {
                "kind": model._meta.verbose_name_plural, "tagged": count, "whole": whole,
                "share": _share(count, whole),
            }
        )  # fmt: skip
    return found


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
