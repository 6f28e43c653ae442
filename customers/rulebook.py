"""The segments with their rules read: which stand on which, and which may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import orjson
from django.db import connection
from django.utils.functional import SimpleLazyObject
from psycopg.errors import QueryCanceled

from customers import match, rollup, rules
from customers.conditions.base import gettext_noop
from customers.models import ProfileList, Segment

_ = gettext_noop

LOCK = "customers.segments"


@dataclass(frozen=True, slots=True)
class Known:
    """A segment with its rule read."""

    id: int
    slug: str
    root: rules.Node
    deps: rules.Deps
    # Whether more events can't move a member out, nor time alone somebody in.
    grows: bool = False


def lock(*, shared: bool) -> None:
    """Changes of people share the lock; a change of rules has it alone."""
    with connection.cursor() as cursor:
        kind = "_shared" if shared else ""
        cursor.execute(f"SELECT pg_advisory_xact_lock{kind}(hashtextextended(%s, 0))", [LOCK])


def read(segment: Segment) -> Known:
    """Return a segment with its rule read."""
    return _known(segment.pk, segment.slug, orjson.dumps(segment.rule).decode())


def live() -> list[Known]:
    """Return the segments that are kept up to date; one whose rule can't be read any more fails."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, slug, rule::text FROM customers_segment WHERE state = %s ORDER BY id",
            [Segment.State.LIVE],
        )
        found = []
        for row in cursor.fetchall():
            try:
                found.append(_known(*row))
            except rules.RuleError as error:
                # Its members stay as they were: nobody is added or lost by a guess.
                fail(segment_id=row[0], words=error.words)
        return found


def readable() -> list[Known]:
    """Return all segments whose rules can be read, in whatever state they are."""
    found = []
    for one in Segment.objects.order_by("pk"):
        with suppress(rules.RuleError):
            found.append(read(one))
    return found


def fail(*, segment_id: int, words: str) -> None:
    """Stop keeping a segment up to date, and say why; its members stay as they are."""
    Segment.objects.filter(pk=segment_id).update(state=Segment.State.FAILED, failure=words)


def words_of(error: Exception) -> str:
    """Return why a segment can't be kept up to date, for the people who work with it."""
    if isinstance(error, rules.RuleError):
        return error.words
    if isinstance(error.__cause__, QueryCanceled):
        return _("Asking everybody took too long.")
    return _("The database could not answer: %s") % str(error).splitlines()[0][:300]


def list_names() -> Mapping[int, str]:
    """Return the names of lists by id; looked up when somebody asks for the first one."""
    found = SimpleLazyObject(lambda: dict(ProfileList.objects.values_list("pk", "name")))
    return cast("Mapping[int, str]", found)


# A rule's text says all there is to know: what is kept here can't be out of date.
@lru_cache(maxsize=4096)
def _known(number: int, slug: str, rule: str) -> Known:
    root = rules.parse(orjson.loads(rule))
    return Known(number, slug, root, rules.deps_of(root), rules.grows(root))


def numbers(some: Iterable[Known]) -> dict[str, int]:
    """Return under which number the events that these segments ask for are counted, by key."""
    asked = {one for known in some for one in known.deps.matchers}
    plain = rollup.plain_ids(names={one.event for one in asked if not one.where})
    found = {one.key(): plain[one.event] for one in asked if not one.where}
    return found | match.numbers(one for one in asked if one.where)


def levels(some: Iterable[Known]) -> list[list[Known]]:
    """Return segments in layers: each stands only on earlier ones."""
    rest = {one.id: one for one in some}
    found: list[list[Known]] = []
    while rest:
        ready = [one for one in rest.values() if not one.deps.segments & set(rest)]
        # Cycles are refused when rules are written; should one appear, nobody must wait for ever.
        level = ready or list(rest.values())
        found.append(level)
        for one in level:
            del rest[one.id]
    return found


def check_references(root: rules.Node, own: int | None) -> None:
    """Refuse segments and lists that do not exist, and ways that lead back to this one.

    Raises:
        RuleError: the rule names such a segment or list.
    """
    lists = rules.deps_of(root).lists
    if lists and ProfileList.objects.filter(pk__in=lists).count() < len(lists):
        raise rules.RuleError("root", _("A list in this rule does not exist any more."))
    rest = [rules.deps_of(root).segments]
    known = {one.pk: one for one in Segment.objects.all()}
    seen: set[int] = set()
    while rest:
        for number in rest.pop() - seen:
            if number == own:
                raise rules.RuleError("root", _("This segment would ask itself."))
            if number not in known:
                raise rules.RuleError("root", _("A segment in this rule does not exist any more."))
            seen.add(number)
            rest.append(rules.deps(known[number].rule).segments)
