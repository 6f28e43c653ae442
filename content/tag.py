"""Tag things: suggest terms, accept, reject, give and take them. People's word always counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from wagtail.models import Page

from content import learn, read
from content.models import Facet, Tagging, TagSuggestion, Term
from content.taggers import LEAST, Guess

# A rejection without a suggestion: somebody took a term away by hand.
BY_HAND = ""
OPEN, ACCEPTED, REJECTED = TagSuggestion.State


class CannotTag(ValueError):
    """A term that may not be given: retired, merged, or of another mind than a person was."""


class Decided(ValueError):
    """Somebody else has decided about this suggestion already."""


def place(thing: Any) -> dict[str, int]:
    """Return where a thing's tags are kept: the content type and the id, as filters take them."""
    model = Page if isinstance(thing, Page) else type(thing)
    return {"content_type_id": ContentType.objects.get_for_model(model).pk, "object_id": thing.pk}


def kind(thing: Any) -> str:
    """Return of which kind a thing is, as facets name those that need them."""
    model = thing.specific_class if isinstance(thing, Page) else type(thing)
    return str((model or Page)._meta.label_lower)


def given(thing: Any) -> QuerySet[Tagging]:
    """Return the tags of a thing."""
    found = Tagging.objects.filter(**place(thing)).select_related("term__facet", "by")
    return found.order_by("term__facet__name", "term__name")


def suggested(thing: Any) -> QuerySet[TagSuggestion]:
    """Return what is suggested for a thing and waits for somebody's decision, surest first."""
    found = TagSuggestion.objects.filter(**place(thing), state=OPEN).select_related("term__facet")
    return found.order_by("term__facet__name", "-confidence", "term__name")


def missing(thing: Any) -> list[Facet]:
    """Return the facets of which a thing needs a term before it is published, and has none."""
    needed = Facet.objects.needed_by(kind(thing))
    if thing.pk is None:
        return list(needed)
    had = Tagging.objects.filter(**place(thing)).values("term__facet")
    return list(needed.exclude(pk__in=had))


@transaction.atomic
def give(thing: Any, term: Term, *, by: Any, at: datetime) -> Tagging:
    """Put a term on a thing; in a facet of single terms it takes the place of the one there.

    Args:
        thing: a page, a fragment, a picture or a document.
        term: which.
        by: the person who says so; a bot, or None for a process of ours.
        at: when.

    Raises:
        CannotTag: the term is out of use, or a bot would overrule a person.
    """
    if term.merged_into_id or term.retired_at:
        raise CannotTag(_("%(term)s is out of use.") % {"term": term})
    facet, where, person = term.facet, place(thing), _person(by)
    _hold(facet)
    if person is None and _refused(where, term):
        raise CannotTag(_("Somebody said that %(term)s does not fit.") % {"term": term})
    if not facet.several:
        others = Tagging.objects.filter(**where, term__facet=facet).exclude(term=term)
        if person is None and others.filter(by__isnull=False).exists():
            raise CannotTag(_("Somebody chose another term of %(facet)s.") % {"facet": facet})
        others.delete()
    tagging, made = Tagging.objects.get_or_create(
        **where, term=term, defaults={"by": person, "at": at}
    )
    if not made and person is not None and tagging.by_id is None:
        Tagging.objects.filter(pk=tagging.pk).update(by=person, at=at)
    if person is not None:
        _settle(where, [term.pk], ACCEPTED, person, at)
        if not facet.several:
            TagSuggestion.objects.filter(**where, term__facet=facet, state=OPEN).delete()
    return tagging


@transaction.atomic
def take(thing: Any, term: Term, *, by: Any, at: datetime) -> bool:
    """Take a term off a thing; return whether it was there. A person's no is remembered.

    Raises:
        CannotTag: a bot would take away what a person gave.
    """
    where, person = place(thing), _person(by)
    tagging = Tagging.objects.select_for_update().filter(**where, term=term).first()
    if tagging is None:
        return False
    if person is None and tagging.by_id is not None:
        raise CannotTag(_("Somebody gave %(term)s.") % {"term": term})
    tagging.delete()
    if person is not None:
        _remember_no(where, term, person, at)
    return True


@transaction.atomic
def accept(suggestion: TagSuggestion, *, by: Any, at: datetime) -> Tagging:
    """Accept a suggestion: the thing has the term from now on.

    Raises:
        Decided: somebody else rejected it meanwhile.
        CannotTag: the term is out of use.
    """
    # In the same order as `give`, so that two people cannot wait for each other.
    _hold(suggestion.term.facet)
    if not TagSuggestion.objects.move(suggestion.pk, OPEN, ACCEPTED, by=by, decided_at=at):
        suggestion.refresh_from_db()
        if suggestion.state != ACCEPTED:
            raise Decided(_("%(term)s was rejected meanwhile.") % {"term": suggestion.term})
    return give(_thing(suggestion), suggestion.term, by=by, at=at)


def reject(suggestion: TagSuggestion, *, by: Any, at: datetime) -> None:
    """Reject a suggestion: it never comes back for this thing, and is learned from.

    Raises:
        Decided: somebody else accepted it meanwhile.
    """
    if not TagSuggestion.objects.move(suggestion.pk, OPEN, REJECTED, by=by, decided_at=at):
        suggestion.refresh_from_db()
        if suggestion.state != REJECTED:
            raise Decided(_("%(term)s was accepted meanwhile.") % {"term": suggestion.term})


def accept_sure(thing: Any, *, least: float, by: Any, at: datetime) -> list[Tagging]:
    """Accept what is suggested for a thing with at least that confidence; the surest first.

    Of a facet of single terms only the surest is taken.
    """
    taken: set[int] = set()
    accepted = []
    for one in suggested(thing).filter(confidence__gte=least):
        facet = one.term.facet
        if facet.pk in taken and not facet.several:
            continue
        taken.add(facet.pk)
        accepted.append(accept(one, by=by, at=at))
    return accepted


def suggest(thing: Any, *, at: datetime) -> list[TagSuggestion]:
    """Have the taggers read a thing as it was last written, and keep what they suggest.

    What a person decided is not touched: neither given terms nor rejected ones are suggested, nor
    another term where a single one is there.
    """
    text = read.words(read.latest(thing))
    where = place(thing)
    guesses = {guess.term: (guess, via) for guess, via in learn.guess(text) if _is_worth(guess)}
    with transaction.atomic():
        for term_id in _settled(where):
            guesses.pop(term_id, None)
        stale = TagSuggestion.objects.filter(**where, state=OPEN).exclude(term__in=guesses)
        stale.delete()
        TagSuggestion.objects.bulk_create(
            [
                TagSuggestion(
                    **where,
                    term_id=guess.term,
                    confidence=guess.confidence,
                    tagger=via.tagger,
                    model_id=via.model_id,
                    reason=guess.reason,
                    language=text.language,
                    made_at=at,
                )
                for guess, via in guesses.values()
            ],
            update_conflicts=True,
            unique_fields=["content_type", "object_id", "term"],
            update_fields=["confidence", "tagger", "model", "reason", "language", "made_at"],
        )
    return list(suggested(thing))


def _hold(facet: Facet) -> None:
    """Let nobody else tag by a facet of single terms meanwhile, or there would be two of them."""
    if not facet.several:
        Facet.objects.select_for_update(no_key=True).get(pk=facet.pk)


def _is_worth(guess: Guess) -> bool:
    return guess.confidence >= LEAST


def _settled(where: dict[str, int]) -> Iterable[int]:
    """Return the terms about which nothing is to be suggested for a thing."""
    decided = TagSuggestion.objects.filter(**where).exclude(state=OPEN)
    had = Tagging.objects.filter(**where)
    single = Facet.objects.filter(several=False, pk__in=had.values("term__facet"))
    return {
        *decided.values_list("term", flat=True),
        *had.values_list("term", flat=True),
        *Term.objects.filter(facet__in=single).values_list("pk", flat=True),
    }


def _person(by: Any) -> Any:
    """Return who counts as a person; None for a bot."""
    return None if by is None or by.is_bot else by


def _refused(where: dict[str, int], term: Term) -> bool:
    return TagSuggestion.objects.filter(**where, term=term, state=REJECTED).exists()


def _settle(where: dict[str, int], terms: list[int], state: str, by: Any, at: datetime) -> None:
    told = TagSuggestion.objects.filter(**where, term__in=terms)
    told.filter(state=OPEN).update(state=state, by=by, decided_at=at)
    # Who gives what was rejected once has changed their mind.
    told.exclude(state=state).update(state=state, by=by, decided_at=at)


def _remember_no(where: dict[str, int], term: Term, by: Any, at: datetime) -> None:
    TagSuggestion.objects.bulk_create(
        [
            TagSuggestion(
                **where, term=term, confidence=0.0, tagger=BY_HAND, state=REJECTED, made_at=at,
                decided_at=at, by=by,
            )
        ],
        update_conflicts=True,
        unique_fields=["content_type", "object_id", "term"],
        update_fields=["state", "decided_at", "by"],
    )  # fmt: skip


def _thing(suggestion: TagSuggestion) -> Any:
    kind = ContentType.objects.get_for_id(suggestion.content_type_id).model_class()
    assert kind is not None
    return kind._default_manager.get(pk=suggestion.object_id)
