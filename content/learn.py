"""Learn from what people decided about tags, and ask what was learned."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Max, Q
from wagtail.models import Page

from content import read
from content.models import Document, Facet, TaggerModel, Tagging, TagSuggestion, Term
from content.taggers import TAGGERS, Choice, Example, Guess, Tagger, Text
from dxp.lib.rows import advisory_lock

log = logging.getLogger(__name__)
# So many decisions more than were learned from are worth learning anew.
NEW_DECISIONS = 20
MOST_EXAMPLES = 5_000
REJECTED = TagSuggestion.State.REJECTED


@dataclass(frozen=True, slots=True)
class Via:
    """Who guessed: a tagger and the row of what it had learned."""

    tagger: str
    model_id: int | None


@dataclass(slots=True)
class _Facet:
    """The taggers of one facet as this process holds them."""

    choices: tuple[Choice, ...]
    models: dict[str, int]
    taggers: list[tuple[Via, Tagger]] = field(default_factory=list)


# Loading weights takes longer than reading a page: a process does it once.
_HELD: dict[int, _Facet] = {}


def guess(text: Text) -> list[tuple[Guess, Via]]:
    """Return what the taggers of all facets guess about a text: the surest of them for each term.

    Where one of them knows enough about a term to speak alone, the others are not heard.
    """
    best: dict[int, tuple[Guess, Via]] = {}
    for facet in _facets():
        settled = frozenset[int]().union(*(one.settles() for _via, one in facet.taggers))
        for via, tagger in facet.taggers:
            heard = tagger.settles()
            for one in _read(tagger, text):
                if one.term in settled and one.term not in heard:
                    continue
                if one.term not in best or best[one.term][0].confidence < one.confidence:
                    best[one.term] = (one, via)
    return list(best.values())


def _read(tagger: Tagger, text: Text) -> list[Guess]:
    try:
        return tagger.read(text)
    except Exception:
        # One that fails must not silence the others.
        log.exception("The tagger %s could not read %r", tagger.name, text.title)
        return []


def is_due(facet: Facet) -> bool:
    """Return whether people decided enough since a facet's taggers last learned."""
    newest = TaggerModel.objects.filter(facet=facet).aggregate(at=Max("learned_at"))["at"]
    tags = Tagging.objects.filter(term__facet=facet)
    refused = TagSuggestion.objects.filter(term__facet=facet, state=REJECTED)
    if newest is None:
        return tags.exists()
    since = tags.filter(at__gt=newest).count() + refused.filter(decided_at__gt=newest).count()
    return since > NEW_DECISIONS


def learn(facet: Facet, *, at: datetime) -> list[TaggerModel]:
    """Have each tagger learn from everything that people decided about a facet.

    What is learned is in use from here on, in every process from its next reading.
    """
    choices = _choices(Term.objects.current().filter(facet=facet)).get(facet.pk, ())
    found = examples(facet)
    learned = {kind.name: kind.learn(found, choices) for kind in TAGGERS}
    decided = _decisions(facet).count()
    with transaction.atomic():
        if not advisory_lock(f"learn:{facet.pk}"):
            return []
        older = TaggerModel.objects.filter(facet=facet, in_use=True)
        older.update(in_use=False, weights=None)
        return [
            TaggerModel.objects.create(
                facet=facet, tagger=name, learned_at=at, examples=told.examples,
                decisions=decided, quality=told.quality, weights=told.weights,
            )
            for name, told in learned.items() if told is not None
        ]  # fmt: skip


def examples(facet: Facet) -> list[Example]:
    """Return the things that people decided about by a facet, the latest decisions first."""
    tags: dict[tuple[int, int], set[int]] = defaultdict(set)
    noes: dict[tuple[int, int], set[int]] = defaultdict(set)
    current = Term.objects.current().filter(facet=facet)
    given = Tagging.objects.filter(term__in=current).order_by("-at")
    for kind, number, term in given.values_list("content_type", "object_id", "term"):
        tags[kind, number].add(term)
    refused = _decisions(facet).filter(state=REJECTED, term__in=current).order_by("-decided_at")
    for kind, number, term in refused.values_list("content_type", "object_id", "term"):
        noes[kind, number].add(term)
    places = list({**tags, **noes})[:MOST_EXAMPLES]
    return [
        Example(text, frozenset(tags[place]), frozenset(noes[place]), bool(tags[place]), title)
        for place, text, title in _texts(places)
    ]


def _decisions(facet: Facet) -> Any:
    return TagSuggestion.objects.filter(term__facet=facet).exclude(state=TagSuggestion.State.OPEN)


def _texts(places: Iterable[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], Text, str]]:
    by_kind: dict[int, list[int]] = defaultdict(list)
    for kind, number in places:
        by_kind[kind].append(number)
    for kind, numbers in by_kind.items():
        model = ContentType.objects.get_for_id(kind).model_class()
        if model is None:
            continue
        things: Any = model._default_manager.filter(pk__in=numbers)
        for thing in things.specific() if model is Page else things:
            # What language it is in is not asked of examples.
            text = read.words(thing, languages=())
            public = getattr(thing, "live", model is not Document)
            yield (kind, thing.pk), text, text.title if public else ""


def _choices(terms: Any) -> dict[int, tuple[Choice, ...]]:
    found: dict[int, list[Choice]] = defaultdict(list)
    for one in terms.order_by("pk"):
        found[one.facet_id].append(Choice(one.pk, one.name, tuple(one.synonyms)))
    return {facet: tuple(choices) for facet, choices in found.items()}


def _facets() -> Sequence[_Facet]:
    """Return the taggers of all facets, loading only what changed since they were last asked."""
    choices = _choices(Term.objects.current())
    rows = TaggerModel.objects.filter(in_use=True, facet__in=choices).order_by("learned_at", "pk")
    models: dict[int, dict[str, int]] = defaultdict(dict)
    for pk, facet, tagger in rows.values_list("pk", "facet", "tagger"):
        models[facet][tagger] = pk
    for facet in [held for held in _HELD if held not in choices]:
        _HELD.pop(facet, None)
    for facet, told in choices.items():
        held = _HELD.get(facet)
        if held is None or (held.choices, held.models) != (told, models[facet]):
            _HELD[facet] = _load(told, models[facet])
    return [_HELD[facet] for facet in choices]


def _load(choices: tuple[Choice, ...], models: dict[str, int]) -> _Facet:
    facet = _Facet(choices, dict(models))
    weights = dict(
        TaggerModel.objects.filter(
            Q(pk__in=models.values()) & Q(weights__isnull=False)
        ).values_list("pk", "weights")
    )
    for kind in TAGGERS:
        number = models.get(kind.name)
        raw = weights.get(number) if number else None
        tagger = kind(choices, bytes(raw) if raw is not None else None)
        facet.taggers.append((Via(kind.name, number), tagger))
    return facet
