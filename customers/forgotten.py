"""Names of people who were erased: what still comes under them is dropped and counted.

Only keyed digests are kept (`dxp.lib.crypto`), so that nobody can read from them who it was.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from django.db.models import F

from customers.models import Alias, ErasedName, ErasureRequest
from dxp.lib import crypto, rows

PURPOSE = "customers.erased"
ANONYMOUS, USER = str(Alias.Kind.ANONYMOUS), str(Alias.Kind.USER)
ADDRESS = "address"
# Under these keys SDKs tell an address, in traits and in properties.
TOLD_AS = ("email", "phone")
_EMAIL, _PHONE = (f'"{key}"'.encode() for key in TOLD_AS)
Name = tuple[str, str]


class Fact(Protocol):
    """What is looked at of an event."""

    type: str
    user_id: str | None
    anonymous_id: str | None
    previous_id: str | None
    raw_properties: Any
    raw_context: Any

    @property
    def properties(self) -> dict[str, Any]:
        """What the event tells."""

    @property
    def context(self) -> dict[str, Any]:
        """Where and with what it happened."""


def remember(*, names: Iterable[Name], addresses: Iterable[str], request: ErasureRequest) -> None:
    """Keep digests of names (kind, value) and addresses, so that they are recognized later."""
    digests = {crypto.digest(PURPOSE, _text(name)): ErasedName.Kind.ALIAS for name in names}
    for address in addresses:
        digests[crypto.digest(PURPOSE, _text((ADDRESS, address)))] = ErasedName.Kind.ADDRESS
    ErasedName.objects.bulk_create(
        [ErasedName(digest=digest, kind=kind, request=request) for digest, kind in digests.items()],
        ignore_conflicts=True,
    )


def among(*, names: Iterable[Name]) -> dict[Name, str]:
    """Return which of these names are erased people's, with the digest that says so.

    An address is asked for under the kind "address".
    """
    return _found(set(names)) if _is_anybody() else {}


def readmit(*, names: Iterable[Name]) -> int:
    """Let names in again, because the person came back of their own will; return how many.

    Only for what people do themselves in forms of ours, never for what a program sends.
    """
    found = among(names=names)
    return ErasedName.objects.filter(digest__in=list(found.values())).delete()[0]


def spare(*, facts: Sequence[Fact], at: datetime) -> set[int]:
    """Return the positions of events that speak of somebody erased, and count them.

    An event hangs on its user id, else on its anonymous id: if that is an erased person's, or an
    address in it is, nothing of the event may be kept. Another id beside a living person's own is
    only blanked, since it would bring its name back.
    """
    if not facts or not _is_anybody():
        return set()
    told = [_addresses(fact) for fact in facts]
    names = {(USER, fact.user_id) for fact in facts}
    names |= {(ANONYMOUS, fact.anonymous_id) for fact in facts}
    names |= {(kind, fact.previous_id) for fact in facts for kind in (USER, ANONYMOUS)}
    names.update(*told)
    erased = _found({(kind, value) for kind, value in names if value})
    if not erased:
        return set()
    dropped: dict[str, int] = {}
    positions = set()
    for position, fact in enumerate(facts):
        digest = _why_not(fact, told[position], erased)
        if digest:
            positions.add(position)
            dropped[digest] = dropped.get(digest, 0) + 1
        elif fact.anonymous_id and (ANONYMOUS, fact.anonymous_id) in erased:
            fact.anonymous_id = None
    for digest, times in sorted(dropped.items()):
        ErasedName.objects.filter(pk=digest).update(dropped=F("dropped") + times, dropped_at=at)
    return positions


def _is_anybody() -> bool:
    with rows.raw_cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM customers_erasedname)")
        return bool((cursor.fetchone() or (False,))[0])


def _found(names: set[Name]) -> dict[Name, str]:
    spelled: dict[str, list[Name]] = {}
    for name in names:
        spelled.setdefault(_text(name), []).append(name)
    owners = crypto.digests(PURPOSE, spelled)
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "SELECT digest FROM customers_erasedname WHERE digest = ANY(%s::text[])",
            [rows.array(owners)],
        )
        return {name: digest for (digest,) in cursor.fetchall() for name in spelled[owners[digest]]}


def _why_not(fact: Fact, told: Sequence[Name], erased: Mapping[Name, str]) -> str:
    own = (USER, fact.user_id) if fact.user_id else (ANONYMOUS, fact.anonymous_id or "")
    reasons = [own, *told]
    if fact.previous_id:
        reasons += [(USER, fact.previous_id), (ANONYMOUS, fact.previous_id)]
    return next((erased[name] for name in reasons if name in erased), "")


def _addresses(fact: Fact) -> list[Name]:
    told: list[Any] = [fact.user_id] if fact.user_id and "@" in fact.user_id else []
    # Hardly any event tells an address: looking for the words spares reading the rest.
    if _may_tell(fact.raw_properties):
        told += _told(fact.properties)
    if _may_tell(fact.raw_context):
        told += _told(fact.context.get("traits"))
    return [(ADDRESS, value) for value in told if isinstance(value, str) and value]


def _may_tell(raw: Any) -> bool:
    text = bytes(raw)
    return _EMAIL in text or _PHONE in text


def _told(holder: Any) -> list[Any]:
    return [holder[key] for key in TOLD_AS if key in holder] if isinstance(holder, dict) else []


def _text(name: Name) -> str:
    kind, value = name
    if kind != ADDRESS:
        return f"{kind}:{value}"
    plain = unicodedata.normalize("NFKC", value).strip().lower()
    # A number is written in many ways; an e-mail address has an @.
    return f"{kind}:{plain if '@' in plain else re.sub(r'[^0-9+]', '', plain)}"
