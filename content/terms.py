"""Keep the vocabulary: find, merge, part, retire and import terms."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext as _

from content.models import Facet, Tagging, TagSuggestion, Term
from dxp.lib import sheets

COLUMNS = (
    "facet", "term", "name", "part_of", "also_called", "description", "owner", "retired",
    "merged_into",
)  # fmt: skip
BETWEEN = "|"
MOST_LINES = 10_000


class CannotMerge(ValueError):
    """Terms that cannot become one, or cannot be parted again."""


@dataclass(slots=True)
class Imported:
    """What became of a file: how many terms are new or changed, or what is wrong in which line."""

    made: int = 0
    changed: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)


def find(*, words: str, facet: int | None = None) -> QuerySet[Term]:
    """Return the terms that may be given whose name or other names contain some letters."""
    found = Term.objects.current().select_related("facet")
    if facet is not None:
        found = found.filter(facet=facet)
    if words.strip():
        # Other names lie in an array, which is searched as one text.
        named = Q(name__icontains=words.strip()) | Q(synonyms__icontains=words.strip())
        found = found.filter(named)
    return found


def called(*, name: str, facet: Facet) -> Term | None:
    """Return the term that goes by a name, another name or its short name; the one it became."""
    own = Term.objects.filter(facet=facet)
    named = own.filter(Q(name__iexact=name) | Q(slug=name)).order_by("pk")
    exact = named.filter(merged_into=None, retired_at=None).first() or named.first()
    found = exact or next(
        (one for one in own.current() if name.lower() in map(str.lower, one.synonyms)), None
    )
    return current(found) if found else None


def current(term: Term) -> Term:
    """Return the term that a merged one became; any other as it is."""
    while term.merged_into is not None:
        term = term.merged_into
    return term


def below(term: Term) -> set[int]:
    """Return a term's id with those of all terms that are part of it."""
    found, edge = {term.pk}, {term.pk}
    while edge:
        parts = Term.objects.filter(parent__in=edge).values_list("pk", flat=True)
        edge = set(parts) - found
        found |= edge
    return found


@transaction.atomic
def merge(*, term: Term, into: Term) -> int:
    """Make one term of two; return how many things changed their term.

    The one that goes stays as a signpost to the other, whose other names now hold its names. What
    was before is kept with it, so that `part` undoes it.

    Raises:
        CannotMerge: they are of two facets, or one of them is merged already.
    """
    locked = Term.objects.select_for_update().filter(pk__in=[term.pk, into.pk])
    held = {one.pk: one for one in locked.order_by("pk")}
    gone, kept = held[term.pk], held[into.pk]
    if gone.pk == kept.pk or gone.facet_id != kept.facet_id:
        raise CannotMerge(_("Only two terms of one facet can become one."))
    if gone.merged_into_id or kept.merged_into_id:
        raise CannotMerge(_("One of them was merged already."))
    tags = list(Tagging.objects.filter(term=gone).values("pk", "content_type", "object_id"))
    there = set(Tagging.objects.filter(term=kept).values_list("content_type", "object_id"))
    moved = [one["pk"] for one in tags if (one["content_type"], one["object_id"]) not in there]
    Tagging.objects.filter(pk__in=moved).update(term=kept)
    names = [
        name for name in (gone.name, *gone.synonyms) if name not in {kept.name, *kept.synonyms}
    ]
    if kept.parent_id == gone.pk:
        kept.parent_id = gone.parent_id
    children = list(gone.children.exclude(pk=kept.pk).values_list("pk", flat=True))
    Term.objects.filter(pk__in=children).update(parent=kept)
    kept.synonyms = [*kept.synonyms, *names]
    kept.save(update_fields=["synonyms", "parent"])
    # Guesses about the one say nothing about the other; both are guessed anew.
    TagSuggestion.objects.filter(term=gone, state=TagSuggestion.State.OPEN).delete()
    gone.merged_into = kept
    gone.before_merge = {"tags": moved, "names": names, "children": children}
    gone.save(update_fields=["merged_into", "before_merge"])
    return len(moved)


@transaction.atomic
def part(*, term: Term) -> int:
    """Undo a merge; return how many things have their old term back.

    What was tagged or untagged since stays as it is.

    Raises:
        CannotMerge: it is not merged, or what it became is merged itself.
    """
    gone = Term.objects.select_for_update().get(pk=term.pk)
    if gone.merged_into_id is None:
        raise CannotMerge(_("It is not merged."))
    kept = Term.objects.select_for_update().get(pk=gone.merged_into_id)
    if kept.merged_into_id:
        raise CannotMerge(_("Part %(name)s first.") % {"name": kept})
    before = gone.before_merge or {"tags": [], "names": [], "children": []}
    back = Tagging.objects.filter(pk__in=before["tags"], term=kept)
    # Somebody who gave the old term meanwhile through an import already has it.
    taken = Tagging.objects.filter(term=gone).values_list("content_type", "object_id")
    moved = [
        pk for pk, *place in back.values_list("pk", "content_type", "object_id")
        if tuple(place) not in set(taken)
    ]  # fmt: skip
    Tagging.objects.filter(pk__in=moved).update(term=gone)
    kept.synonyms = [name for name in kept.synonyms if name not in before["names"]]
    kept.save(update_fields=["synonyms"])
    Term.objects.filter(pk__in=before["children"], parent=kept).update(parent=gone)
    gone.merged_into, gone.before_merge = None, None
    gone.save(update_fields=["merged_into", "before_merge"])
    return len(moved)


@transaction.atomic
def retire(*, term: Term, at: datetime) -> bool:
    """Have a term given and suggested no more; things keep it. Return whether it was in use."""
    TagSuggestion.objects.filter(term=term, state=TagSuggestion.State.OPEN).delete()
    return Term.objects.current().filter(pk=term.pk).update(retired_at=at) == 1


def revive(*, term: Term) -> bool:
    """Let a retired term be given again."""
    return Term.objects.filter(pk=term.pk, retired_at__isnull=False).update(retired_at=None) == 1


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the lines of the vocabulary as a file holds them, the heading first."""
    yield COLUMNS
    terms = Term.objects.select_related("facet", "parent", "owner", "merged_into")
    for one in terms.order_by("facet__slug", "slug"):
        yield (
            one.facet.slug, one.slug, one.name, one.parent.slug if one.parent else "",
            BETWEEN.join(one.synonyms), one.description,
            one.owner.get_username() if one.owner else "",
            one.retired_at.date().isoformat() if one.retired_at else "",
            one.merged_into.slug if one.merged_into else "",
        )  # fmt: skip


def load(*, text: str, at: datetime) -> Imported:
    """Take a file of terms in: all of it, or nothing where a line is wrong.

    Lines are known by facet and term (short names); terms and columns that a file does not name
    stay as they are. `merged_into` and `owner` are only told, never taken in: terms are merged by
    hand, and a line of a merged term is left out.
    """
    found = Imported()
    lines = csv.DictReader(io.StringIO(text.replace("\x00", "")))
    try:
        named, rows = lines.fieldnames or (), list(islice(lines, MOST_LINES + 1))
    except csv.Error as error:
        found.faults.append((lines.line_num + 1, _("This is no CSV: %(why)s.") % {"why": error}))
        return found
    if lacking := {"facet", "name"} - {*named}:
        words = _("The first line must name the columns; it lacks: %(names)s.")
        found.faults.append((1, words % {"names": ", ".join(sorted(lacking))}))
    elif len(rows) > MOST_LINES:
        found.faults.append((MOST_LINES + 2, _("At most 10,000 lines.")))
    else:
        with transaction.atomic():
            _Loading(found, at).take(rows)
            if found.faults:
                transaction.set_rollback(True)
    return found


class _Loading:
    """A file on its way in: what there is already, and what its lines put below what."""

    def __init__(self, found: Imported, at: datetime) -> None:
        self.found, self.at = found, at
        self.facets = {one.slug: one for one in Facet.objects.all()}
        self.terms = {(one.facet_id, one.slug): one for one in Term.objects.all()}

    def take(self, rows: list[dict[str, Any]]) -> None:
        parents = []
        for number, line in enumerate(rows, start=2):
            cells = {key: line[key] for key in COLUMNS if line.get(key) is not None}
            told = {key: sheets.meant(cell.strip()) for key, cell in cells.items()}
            term = self._one(number, told)
            if term is not None and told.get("part_of"):
                parents.append((number, term, told["part_of"]))
        for number, term, slug in parents:
            _put_below(number, term, self.terms.get((term.facet_id, slug)), slug, self.found)

    def _one(self, number: int, told: dict[str, str]) -> Term | None:
        """Take in one line; return its term."""
        facet, name = self.facets.get(told.get("facet", "")), told.get("name", "")
        slug = told.get("term") or slugify(name, allow_unicode=False) or f"term-{number}"
        also = [one.strip() for one in told.get("also_called", "").split(BETWEEN) if one.strip()]
        fault = (
            _("There is no facet “%(name)s”.") % {"name": told.get("facet", "")} if facet is None
            else _("The name is missing.") if not name
            else _("A name may have 80 letters.") if max(map(len, (name, slug, *also))) > 80
            else _("“%(name)s” is no short name.") % {"name": slug} if slugify(slug) != slug
            else ""
        )  # fmt: skip
        if fault or facet is None:
            self.found.faults.append((number, fault))
            return None
        term = self.terms.get((facet.pk, slug))
        if told.get("merged_into") or (term and term.merged_into_id):
            return None
        values: dict[str, Any] = {"name": name}
        if "also_called" in told:
            values["synonyms"] = also
        if "description" in told:
            values["description"] = told["description"][:400]
        if term is None:
            term = Term.objects.create(facet=facet, slug=slug, **values)
            self.terms[facet.pk, slug] = term
            self.found.made += 1
        elif any(getattr(term, key) != value for key, value in values.items()):
            Term.objects.filter(pk=term.pk).update(**values)
            self.found.changed += 1
        if told.get("retired") and term.retired_at is None:
            retire(term=term, at=self.at)
        return term


def _put_below(number: int, term: Term, parent: Term | None, slug: str, found: Imported) -> None:
    if parent is None:
        found.faults.append((number, _("There is no term “%(name)s”.") % {"name": slug}))
    elif parent.pk == term.parent_id:
        return
    elif parent.pk in below(term):
        found.faults.append((number, _("A term cannot be part of itself.")))
    else:
        Term.objects.filter(pk=term.pk).update(parent=parent)
