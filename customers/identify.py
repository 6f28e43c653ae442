"""Who is this: names of people, their addresses, and the evidence that two names are one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import orjson
from django.db import transaction

from customers.address import BadAddress as BadAddress
from customers.address import normal
from customers.models import Alias, ContactPoint
from dxp.lib import ids, rows

LONGEST_VALUE = 255
PROFILE = (
    "id", "public_id", "bucket", "state", "is_known", "traits", "created_at", "last_seen_at",
)  # fmt: skip
# What programs send instead of nobody. Matched without case, quotes and spaces around.
NOBODY = frozenset({
    "null", "undefined", "none", "nil", "nan", "anonymous", "guest", "[object object]", "-1",
    "true", "false", "not_authenticated", "distinct_id", "distinctid", "unknown", "n/a", "test_id",
    "user_id", "userid", "id",
})  # fmt: skip
ZEROS = re.compile(r"[0-]*")


class BadAlias(ValueError):
    """This value names nobody, or is too long."""


@dataclass(frozen=True, slots=True)
class Owned:
    """An alias with the profile it was born with, and the one it belongs to."""

    id: int
    kind: str
    value: str
    home: int
    owner: int
    first_seen_at: datetime
    shared: bool = False
    fresh: bool = False

    @property
    def age(self) -> tuple[datetime, int]:
        """The oldest alias of a component gives it its profile."""
        return self.first_seen_at, self.id


def is_nobody(value: str) -> bool:
    """Return whether a value stands for nobody: empty, "null", "[object Object]", zeros."""
    bare = value.strip().strip("\"'`").strip().casefold()
    return bare in NOBODY or ZEROS.fullmatch(bare) is not None


def ensure_alias(*, kind: str, value: str, at: datetime) -> Alias:
    """Return the alias; make it, with a profile of its own, where it is new.

    Raises:
        BadAlias: the value names nobody, or is too long.
    """
    if is_nobody(value) or len(value) > LONGEST_VALUE or kind not in Alias.Kind.values:
        raise BadAlias(f"{value[:50]!r} can't be a name of somebody.")
    found = Alias.objects.filter(kind=kind, value=value).first()
    if found is None:
        with transaction.atomic():
            born = bear(wanted=[(kind, value, at)])
            make_profiles(people=[(one.home, "ACTIVE", at) for one in born])
            _have_judged([one.home for one in born], at)
        found = Alias.objects.get(kind=kind, value=value)
    return found


def _have_judged(profile_ids: Sequence[int], at: datetime) -> None:
    """Let the sweep judge new people soon: some rules pick who has done nothing."""
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_segmentdue (segment_id, profile_id, due_at) "
            "SELECT s.id, p, %s FROM customers_segment s, unnest(%s::bigint[]) AS p "
            "WHERE s.state = 'LIVE' ON CONFLICT DO NOTHING",
            [at, list(profile_ids)],
        )


def bear(*, wanted: Sequence[tuple[str, str, datetime]]) -> list[Owned]:
    """Make those of the aliases (kind, value, at) that are new; return only these.

    Their home profiles are numbered, not yet written: the caller makes them in this transaction.
    """
    if not wanted:
        return []
    with rows.raw_cursor() as cursor:
        # The profile comes second, so that losing a race for an alias leaves none without.
        cursor.execute(
            "INSERT INTO customers_alias (kind, value, first_seen_at, home_profile_id, profile_id) "
            "SELECT kind, value, at, home, home FROM (SELECT kind, value, at, "
            "nextval(pg_get_serial_sequence('customers_profile', 'id')) AS home "
            "FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS t(kind, value, at)) AS w "
            "ON CONFLICT (kind, value) DO NOTHING "
            "RETURNING id, kind, value, home_profile_id, profile_id, first_seen_at",
            [rows.array(column) for column in zip(*sorted(wanted), strict=True)],
        )
        return [replace(Owned(*row), fresh=True) for row in cursor.fetchall()]


class Told(Protocol):
    """What is known about somebody new."""

    traits: dict[str, Any]
    is_known: bool
    created_at: datetime
    last_seen_at: datetime


def make_profiles(
    *, people: Iterable[tuple[int, str, datetime]], told: Mapping[int, Told] | None = None
) -> None:
    """Write new profiles (id, state, first seen), with what is told about them already."""
    told = told or {}
    rows.copy_rows("customers_profile", PROFILE, (_profile(*one, told) for one in people))


def _profile(number: int, state: str, at: datetime, told: Mapping[int, Told]) -> tuple[Any, ...]:
    public = ids.uuid7()
    bucket = ids.bucket("profile", public, 1024)
    one = told.get(number)
    if one is None:
        return number, public, bucket, state, False, "{}", at, at
    traits = orjson.dumps(one.traits).decode()
    return number, public, bucket, state, one.is_known, traits, one.created_at, one.last_seen_at


def aliases(*, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Owned]:
    """Return the known ones of these aliases (kind, value)."""
    return look(wanted=wanted)[0]


def look(
    *, wanted: Iterable[tuple[str, str]]
) -> tuple[dict[tuple[str, str], Owned], set[tuple[str, str]]]:
    """Return the known ones of these aliases (kind, value), and those that are blocked."""
    pairs = sorted(set(wanted))
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT a.id, a.kind, a.value, a.home_profile_id, a.profile_id, a.first_seen_at, "
            "a.is_shared FROM unnest(%(kinds)s::text[], %(values)s::text[]) AS t(kind, value) "
            "JOIN customers_alias a ON a.kind = t.kind AND a.value = t.value "
            # What names nobody is asked in the same breath: it costs no statement.
            "UNION ALL SELECT 0, kind, value, 0, 0, at, false FROM customers_blockedvalue "
            "WHERE (kind, value) IN (SELECT * FROM unnest(%(kinds)s::text[], %(values)s::text[]))",
            {
                "kinds": rows.array(kind for kind, _ in pairs),
                "values": rows.array(value for _, value in pairs),
            },
        )
        found = cursor.fetchall()
    blocked = {(row[1], row[2]) for row in found if row[0] == 0}
    return {
        (row[1], row[2]): Owned(*row)
        for row in found
        if row[0] != 0 and (row[1], row[2]) not in blocked
    }, blocked


def aliases_of(*, profile_ids: Iterable[int]) -> list[Owned]:
    """Return all aliases that belong to these profiles now."""
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT id, kind, value, home_profile_id, profile_id, first_seen_at, is_shared "
            "FROM customers_alias WHERE profile_id = ANY(%s::bigint[])",
            [rows.array(sorted(set(profile_ids)))],
        )
        return [Owned(*row) for row in cursor.fetchall()]


def ensure_contact_point(
    *, profile_id: int, channel: str, address: str, at: datetime, alias_id: int | None = None
) -> ContactPoint:
    """Return the contact point, made for this profile where it is new. An old one keeps its owner.

    Args:
        profile_id: whose it is where it is new.
        channel: a value of `ContactPoint.Channel`.
        address: as it was given.
        at: when.
        alias_id: the name under which it was told; without one, the person's oldest.

    Raises:
        BadAddress: it can't be an address of that channel.
    """
    value = normal(channel=channel, address=address)
    found = ContactPoint.objects.filter(channel=channel, value=value).first()
    if found is None:
        point = (channel, value, address.strip(), profile_id, at, alias_id)
        write_contact_points(points=[point], limited=False)
        found = ContactPoint.objects.get(channel=channel, value=value)
    return found


def write_contact_points(
    *,
    points: Iterable[tuple[str, str, str, int, datetime, int | None]],
    limited: bool = True,
) -> None:
    """Keep addresses (channel, normal form, as given, profile, at, alias) that nobody has yet.

    More than a person is likely to have (`LinkLimit`) are not kept: then they are but a trait.
    Without an alias the profile's oldest stands for it.
    """
    first: dict[tuple[str, str], tuple[str, str, str, int, datetime, int | None]] = {}
    for point in points:
        first.setdefault(point[:2], point)
    if not first:
        return
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_contactpoint "
            "(channel, value, shown, profile_id, first_seen_at, contacted_at, alias_id) "
            "SELECT c, v, s, p, at, '[]', COALESCE(a, (SELECT id FROM customers_alias "
            "WHERE profile_id = p ORDER BY is_shared, first_seen_at, id LIMIT 1)) FROM ("
            "SELECT t.*, row_number() OVER (PARTITION BY p, c ORDER BY at, v) AS place "
            "FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[], "
            "%s::bigint[]) AS t(c, v, s, p, at, a) WHERE NOT EXISTS (SELECT 1 "
            "FROM customers_contactpoint o WHERE o.channel = t.c AND o.value = t.v)) AS t "
            "LEFT JOIN customers_linklimit l ON %s AND l.about = t.c "
            "WHERE l.most IS NULL OR place + (SELECT count(*) FROM customers_contactpoint o "
            "WHERE o.profile_id = t.p AND o.channel = t.c AND (l.days IS NULL "
            "OR o.first_seen_at > t.at - make_interval(days => l.days))) <= l.most "
            "ON CONFLICT (channel, value) DO NOTHING",
            [
                *(
                    rows.array(column)
                    for column in zip(*(first[key] for key in sorted(first)), strict=True)
                ),
                limited,
            ],
        )
