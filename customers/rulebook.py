"""The segments with their rules read: which stand on which, and which may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from customers import rules
from customers.models import Segment

LOCK = "customers.segments"
# From here on several smaller questions cost less than one about everybody (measured).
MANY_ANSWERS = 2000


@dataclass(frozen=True, slots=True)
class Known:
    """A segment with its rule read."""

    id: int
    slug: str
    root: rules.Node
    deps: rules.Deps


def lock(*, shared: bool) -> None:
    """Changes of people share the lock; a change of rules has it alone."""
    with connection.cursor() as cursor:
        kind = "_shared" if shared else ""
        cursor.execute(f"SELECT pg_advisory_xact_lock{kind}(hashtextextended(%s, 0))", [LOCK])


def read(segment: Segment) -> Known:
    """Return a segment with its rule read."""
    root = rules.parse(segment.rule)
    return Known(segment.pk, segment.slug, root, rules.deps_of(root))


def live() -> list[Known]:
    """Return the segments that are kept up to date."""
    return [read(one) for one in Segment.objects.filter(state=Segment.State.LIVE).order_by("pk")]


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
    """Refuse segments that do not exist, and ways that lead back to this one.

    Raises:
        RuleError: the rule names such a segment.
    """
    rest = [rules.deps_of(root).segments]
    known = {one.pk: one for one in Segment.objects.all()}
    seen: set[int] = set()
    while rest:
        for number in rest.pop() - seen:
            if number == own:
                raise rules.RuleError("root", "This segment would ask itself.")
            if number not in known:
                raise rules.RuleError("root", "A segment in this rule does not exist any more.")
            seen.add(number)
            rest.append(rules.deps(known[number].rule).segments)


def together(
    concerned: Sequence[Known], profile_ids: Sequence[int], did: Mapping[str, set[int]] | None
) -> Iterable[tuple[list[Known], Sequence[int]]]:
    """Yield segments with the people to ask about: one question, or one per group of events."""
    if did is None or len(concerned) * len(profile_ids) < MANY_ANSWERS:
        if concerned:
            yield list(concerned), profile_ids
        return
    alike: dict[frozenset[str], list[Known]] = {}
    for one in concerned:
        alike.setdefault(frozenset(one.deps.names & set(did)), []).append(one)
    for names, some in alike.items():
        people = set().union(*(did[name] for name in names))
        yield some, sorted(people) if names else profile_ids
