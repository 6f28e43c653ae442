"""Tag things: suggest terms, accept, reject, give and take them. People's word always counts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from wagtail.log_actions import log
from wagtail.models import Page

from content import learn, read
from content.models import Facet, Tagging, TagSuggestion, Term
from content.taggers import LEAST

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
    """Return the tags of a thing; where it had both of two terms that became one, only that."""
    found = Tagging.objects.filter(**place(thing), term__merged_into=None)
    found = found.select_related("term__facet", "by")
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
    return _give(thing, term, "give", by, at)


@transaction.atomic
def _give(thing: Any, term: Term, act: str, by: Any, at: datetime) -> Tagging:
    if term.merged_into_id or term.retired_at:
        raise CannotTag(_("%(term)s is out of use.") % {"term": term})
    facet, where, person = term.facet, place(thing), _is_person(by)
    _hold(facet)
    if not person and _refused(where, term):
        raise CannotTag(_("Somebody said that %(term)s does not fit.") % {"term": term})
    if not facet.several:
        others = Tagging.objects.filter(**where, term__facet=facet).exclude(term=term)
        if not person and others.filter(is_human=True).exists():
            raise CannotTag(_("Somebody chose another term of %(facet)s.") % {"facet": facet})
        others.delete()
    tagging, made = Tagging.objects.get_or_create(
        **where, term=term, defaults={"by": by, "is_human": person, "at": at}
    )
    if not made and person and not tagging.is_human:
        Tagging.objects.filter(pk=tagging.pk).update(by=by, is_human=True, at=at)
    if made:
        _log(thing, act, term, by)
    if person:
        _settle(where, [term.pk], ACCEPTED, by, at)
        if not facet.several:
            TagSuggestion.objects.filter(**where, term__facet=facet, state=OPEN).delete()
    return tagging


@transaction.atomic
def take(thing: Any, term: Term, *, by: Any, at: datetime) -> bool:
    """Take a term off a thing; return whether it was there. A person's no is remembered.

    Raises:
        CannotTag: a bot would take away what a person gave.
    """
    where, person = place(thing), _is_person(by)
    tagging = Tagging.objects.select_for_update().filter(**where, term=term).first()
    if tagging is None:
        return False
    if tagging.is_human and not person:
        raise CannotTag(_("Somebody gave %(term)s.") % {"term": term})
    tagging.delete()
    if person:
        _remember_no(where, term, by, at)
    _log(thing, "take", term, by)
    return True


@transaction.atomic
def accept(suggestion: TagSuggestion, *, by: Any, at: datetime) -> Tagging:
    """Accept a suggestion: the thing has the term from now on.

    Raises:
        Decided: somebody else rejected it meanwhile, or it is no longer made.
        CannotTag: the term is out of use.
    """
    # In the same order as `give`, so that two people cannot wait for each other.
    _hold(suggestion.term.facet)
    if not TagSuggestion.objects.move(suggestion.pk, OPEN, ACCEPTED, by=by, decided_at=at):
        _refuse_unless(suggestion, ACCEPTED, _("%(term)s was rejected meanwhile."))
    return _give(_thing(suggestion), suggestion.term, "accept", by, at)


@transaction.atomic
def reject(suggestion: TagSuggestion, *, by: Any, at: datetime) -> None:
    """Reject a suggestion: it never comes back for this thing, and is learned from.

    Raises:
        Decided: somebody else accepted it meanwhile, or it is no longer made.
    """
    if not TagSuggestion.objects.move(suggestion.pk, OPEN, REJECTED, by=by, decided_at=at):
        _refuse_unless(suggestion, REJECTED, _("%(term)s was accepted meanwhile."))
        return
    _log(_thing(suggestion), "reject", suggestion.term, by)


def accept_all(found: Iterable[TagSuggestion], *, by: Any, at: datetime) -> list[Tagging]:
    """Accept suggestions, the surest first; of a facet of single terms only the surest.

    Raises:
        Decided: somebody else rejected one of them meanwhile.
        CannotTag: a term is out of use.
    """
    taken: set[int] = set()
    accepted = []
    for one in sorted(found, key=lambda one: (-one.confidence, one.pk)):
        facet = one.term.facet
        if facet.several or facet.pk not in taken:
            accepted.append(accept(one, by=by, at=at))
        taken.add(facet.pk)
    return accepted


def accept_sure(thing: Any, *, least: float, by: Any, at: datetime) -> list[Tagging]:
    """Accept what is suggested for a thing with at least that confidence."""
    return accept_all(suggested(thing).filter(confidence__gte=least), by=by, at=at)


@transaction.atomic
def copy(source: Any, target: Any, *, at: datetime) -> int:
    """Tag a copy or a translation as the original is; return with how many terms."""
    made = [
        Tagging(**place(target), term_id=one.term_id, by=one.by, is_human=one.is_human, at=at)
        for one in given(source)
    ]
    return len(Tagging.objects.bulk_create(made, ignore_conflicts=True))


def suggest(thing: Any, *, at: datetime) -> QuerySet[TagSuggestion]:
    """Have the taggers read a thing as it was last written, and keep what they suggest.

    What a person decided is not touched: neither given terms nor rejected ones are suggested, nor
    another term where a single one is there.
    """
    text = read.words(read.latest(thing))
    where, heard = place(thing), learn.guess(text)
    with transaction.atomic():
        told = dict(TagSuggestion.objects.filter(**where).values_list("term", "state"))
        given = Tagging.objects.filter(**where)
        had = given.values_list("term", "term__facet", "term__facet__several")
        terms, full = {row[0] for row in had}, {row[1] for row in had if not row[2]}
        guesses = [
            (guess, via)
            for guess, via in heard
            if guess.confidence >= LEAST and told.get(guess.term, OPEN) == OPEN
            and guess.term not in terms and via.facet not in full
        ]  # fmt: skip
        stale = [one for one, state in told.items() if state == OPEN]
        stale = list({*stale} - {guess.term for guess, _via in guesses})
        if stale:
            TagSuggestion.objects.filter(**where, term__in=stale, state=OPEN).delete()
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
                for guess, via in sorted(guesses, key=lambda one: one[0].term)
            ],
            update_conflicts=True,
            unique_fields=["content_type", "object_id", "term"],
            update_fields=["confidence", "tagger", "model", "reason", "language", "made_at"],
        )
    return suggested(thing)


def _hold(facet: Facet) -> None:
    """Let nobody else tag by a facet of single terms meanwhile, or there would be two of them."""
    if not facet.several:
        Facet.objects.select_for_update(no_key=True).get(pk=facet.pk)


def _is_person(by: Any) -> bool:
    return by is not None and not by.is_bot


def _refuse_unless(suggestion: TagSuggestion, state: str, words: str) -> None:
    """Let through who only repeats what was decided.

    Raises:
        Decided: it was decided otherwise, or is no longer suggested.
    """
    now = TagSuggestion.objects.filter(pk=suggestion.pk).values_list("state", flat=True).first()
    if now is None:
        raise Decided(_("%(term)s is no longer suggested.") % {"term": suggestion.term})
    if now != state:
        raise Decided(words % {"term": suggestion.term})


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
    thing: Any = kind._default_manager.get(pk=suggestion.object_id)
    return thing.specific if isinstance(thing, Page) else thing


def _log(thing: Any, act: str, term: Term, by: Any) -> None:
    """Write into the thing's history what somebody did to its tags."""
    if by is not None:
        told = {"term": term.name, "facet": term.facet.name}
        log(instance=thing, action=f"content.tag.{act}", user=by, data=told)
