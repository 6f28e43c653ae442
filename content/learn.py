"""Learn from what people decided about tags, and ask what was learned."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from wagtail.models import CollectionViewRestriction, Page

from content import read
from content.models import Document, Facet, Image, TaggerModel, Tagging, TagSuggestion, Term
from content.taggers import TAGGERS, Choice, Example, Guess, Learned, Tagger, Text
from dxp.lib.rows import advisory_lock

log = logging.getLogger(__name__)
# So many decisions more than were learned from are worth learning anew.
NEW_DECISIONS = 20
MOST_EXAMPLES = 5_000


@dataclass(frozen=True, slots=True)
class Via:
    """Who guessed about which facet: a tagger and the row of what it had learned."""

    facet: int
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
    for facet in _facets().values():
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
    given, refused = _given(facet), _refused(facet)
    if newest is None:
        return given.exists()
    since = given.filter(at__gt=newest).count() + refused.filter(decided_at__gt=newest).count()
    return since > NEW_DECISIONS


def learn(facet: Facet, *, at: datetime) -> list[TaggerModel]:
    """Have each tagger learn from everything that people decided about a facet.

    What is learned is in use from here on, in every process from its next reading. A tagger that
    fails keeps what it knew, and the others learn all the same.
    """
    choices = _choices(Term.objects.current().filter(facet=facet)).get(facet.pk, ())
    found = examples(facet)
    learned: dict[str, Learned | None] = {}
    for kind in TAGGERS:
        try:
            learned[kind.name] = kind.learn(found, choices)
        except Exception:
            log.exception("The tagger %s could not learn %s", kind.name, facet)
    with transaction.atomic():
        if not advisory_lock(f"learn:{facet.pk}"):
            return []
        older = TaggerModel.objects.filter(facet=facet, in_use=True, tagger__in=learned)
        older.update(in_use=False, weights=None)
        return [
            TaggerModel.objects.create(
                facet=facet, tagger=name, learned_at=at, examples=told.examples,
                decisions=_given(facet).count() + _refused(facet).count(),
                quality=told.quality, weights=told.weights,
            )
            for name, told in learned.items() if told is not None
        ]  # fmt: skip


def examples(facet: Facet) -> list[Example]:
    """Return the things that people decided about by a facet, the latest decisions first."""
    tags: dict[tuple[int, int], set[int]] = defaultdict(set)
    noes: dict[tuple[int, int], set[int]] = defaultdict(set)
    given = _given(facet).order_by("-at").values_list("content_type", "object_id", "term")
    for kind, number, term in given:
        tags[kind, number].add(term)
    refused = _refused(facet).order_by("-decided_at")
    for kind, number, term in refused.values_list("content_type", "object_id", "term"):
        noes[kind, number].add(term)
    places = list({**tags, **noes})[:MOST_EXAMPLES]
    return [
        Example(text, frozenset(tags[place]), frozenset(noes[place]), bool(tags[place]), title)
        for place, text, title in _texts(places)
    ]


def _given(facet: Facet) -> QuerySet[Tagging]:
    """Return what people gave: bots would teach what they were taught."""
    current = Term.objects.current().filter(facet=facet)
    return Tagging.objects.filter(term__in=current, is_human=True)


def _refused(facet: Facet) -> QuerySet[TagSuggestion]:
    current = Term.objects.current().filter(facet=facet)
    refused = TagSuggestion.objects.filter(term__in=current, state=TagSuggestion.State.REJECTED)
    return refused.exclude(by__is_bot=True)


def _texts(places: Iterable[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], Text, str]]:
    """Yield what things say, with the title of those that everybody may see.

    Of what was never published the draft is read: that is what people decided about.
    """
    by_kind: dict[int, list[int]] = defaultdict(list)
    for kind, number in places:
        by_kind[kind].append(number)
    for kind, numbers in by_kind.items():
        model = ContentType.objects.get_for_id(kind).model_class()
        if model is None:
            continue
        things: Any = model._default_manager.filter(pk__in=numbers)
        public = _public(things)
        for thing in things.specific() if model is Page else things:
            said = thing if getattr(thing, "live", True) else read.latest(thing)
            text = read.words(said, asks_language=False)
            yield (kind, thing.pk), text, text.title if thing.pk in public else ""


def _public(things: QuerySet[Any]) -> set[int]:
    """Return which of some things everybody may see: their titles are shown as reasons."""
    if things.model is Page:
        seen = Page.objects.live().public().filter(pk__in=things.values("pk"))
    elif things.model is Image:
        hidden = CollectionViewRestriction.objects.values_list("collection__path", flat=True)
        closed = [Q(collection__path__startswith=path) for path in hidden]
        seen = things.exclude(reduce(or_, closed)) if closed else things
    else:
        seen = things.none() if things.model is Document else things.filter(live=True)
    return set(seen.values_list("pk", flat=True))


def _choices(terms: QuerySet[Term]) -> dict[int, tuple[Choice, ...]]:
    found: dict[int, list[Choice]] = defaultdict(list)
    rows = terms.order_by("pk").values_list("facet", "pk", "name", "synonyms")
    for facet, pk, name, synonyms in rows:
        found[facet].append(Choice(pk, name, tuple(synonyms)))
    return {facet: tuple(choices) for facet, choices in found.items()}


def _facets() -> dict[int, _Facet]:
    """Return the taggers of all facets, loading only what changed since they were last asked."""
    choices = _choices(Term.objects.current())
    rows = TaggerModel.objects.filter(in_use=True).order_by("learned_at", "pk")
    models: dict[int, dict[str, int]] = defaultdict(dict)
    for pk, facet, tagger in rows.values_list("pk", "facet", "tagger"):
        models[facet][tagger] = pk
    for facet in [held for held in _HELD if held not in choices]:
        _HELD.pop(facet, None)
    for facet, told in choices.items():
        held = _HELD.get(facet)
        if held is None or (held.choices, held.models) != (told, models[facet]):
            _HELD[facet] = _load(facet, told, models[facet])
    return {facet: _HELD[facet] for facet in choices}


def _load(facet: int, choices: tuple[Choice, ...], models: dict[str, int]) -> _Facet:
    held = _Facet(choices, dict(models))
    rows = TaggerModel.objects.filter(pk__in=models.values(), weights__isnull=False)
    weights = dict(rows.values_list("pk", "weights"))
    for kind in TAGGERS:
        number = models.get(kind.name)
        raw = weights.get(number) if number else None
        try:
            tagger = kind(choices, bytes(raw) if raw is not None else None)
        except Exception:
            log.exception("The tagger %s cannot begin", kind.name)
        else:
            held.taggers.append((Via(facet, kind.name, number), tagger))
    return held
