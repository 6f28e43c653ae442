"""Names that stand for nobody in particular: they make no link and no person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from customers import identify
from customers.identify import BadAlias
from customers.models import Alias, BlockedValue
from dxp.lib import rows

REASON = "The id is blocked: it stands for many people."


def block(*, kind: str, value: str, by: int | None, at: datetime) -> BlockedValue:
    """Block a name from now on; what it linked until now is undone by `split.cut`.

    Raises:
        BadAlias: nobody could have that name anyway.
    """
    text = value.strip()
    if identify.is_nobody(text) or len(text) > identify.LONGEST_VALUE:
        raise BadAlias(f"{text[:50]!r} is never taken for somebody.")
    if kind not in Alias.Kind.values:
        raise BadAlias(f"Nobody knows the kind {kind!r}.")
    made, _ = BlockedValue.objects.get_or_create(
        kind=kind, value=text, defaults={"by_id": by, "at": at}
    )
    return made


def quarantine(*, values: Mapping[tuple[str, str], int], at: datetime) -> None:
    """Block names (kind, value) that were seen with too many people, and with how many."""
    if not values:
        return
    keys = sorted(values)
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_blockedvalue (kind, value, origin, people, at) "
            "SELECT k, v, 'quarantine', n, %s FROM unnest(%s::text[], %s::text[], %s::int[]) "
            "AS t(k, v, n) ON CONFLICT DO NOTHING",
            [
                at,
                rows.array(kind for kind, _ in keys),
                rows.array(value for _, value in keys),
                rows.array(values[key] for key in keys),
            ],
        )
