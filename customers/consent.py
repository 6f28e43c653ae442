"""May we? A ledger that is only added to; the newest entry counts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection, transaction

from customers.models import Alias, ConsentEntry, ConsentNotice, ContactPoint
from dxp.lib import rows

Purpose, State = ConsentEntry.Purpose, ConsentEntry.State
LONGEST_TOPIC = 60


class BadConsent(ValueError):
    """The entry would say nothing: no subject or two, or a purpose or state that nobody knows."""


class Answer(StrEnum):
    """What the ledger says to one use of data. Only YES is a yes."""

    YES = "yes"
    SILENT = "silent"
    NO = "no"
    EXPIRED = "expired"
    PAUSED = "paused"
    TOPIC = "topic"
    # Names that turned out to be one person had said different things: ask again.
    CONFLICT = "conflict"


def record(
    *,
    purpose: str,
    state: str,
    method: str,
    at: datetime,
    contact_point: ContactPoint | None = None,
    alias: Alias | None = None,
    channel: str = "",
    topic: str = "",
    basis: str = ConsentEntry.Basis.CONSENT,
    notice: ConsentNotice | None = None,
    evidence: dict[str, Any] | None = None,
    actor: str = "person",
    expires_at: datetime | None = None,
) -> ConsentEntry:
    """Write down one decision of one person. The database chains it to the one before.

    Takes a lock on that person's chain until the transaction ends: lock profiles before.

    Args:
        purpose: a value of `ConsentEntry.Purpose`.
        state: a value of `ConsentEntry.State`.
        method: how it was given, such as "form" or "unsubscribe".
        at: when.
        contact_point: whose messages it is about, or
        alias: whose behavior it is about.
        channel: one channel; empty means all of them.
        topic: one topic; empty means all of them.
        basis: a value of `ConsentEntry.Basis`.
        notice: the words that were read.
        evidence: what proves it: form, page, truncated address.
        actor: who wrote it: "person", "staff:<id>", "api:<name>" or "system".
        expires_at: from when on it holds no longer.

    Raises:
        BadConsent: the entry would say nothing.
    """
    if (contact_point is None) == (alias is None):
        raise BadConsent("Consent is about either a contact point or an alias.")
    if purpose not in Purpose.values or state not in State.values:
        raise BadConsent(f"Nobody knows the purpose {purpose!r} or the state {state!r}.")
    if basis not in ConsentEntry.Basis.values or len(topic) > LONGEST_TOPIC:
        raise BadConsent(f"Nobody knows the basis {basis!r} or the topic {topic[:80]!r}.")
    with transaction.atomic():
        entry = ConsentEntry.objects.create(
            contact_point=contact_point, alias=alias, purpose=purpose, channel=channel, topic=topic,
            state=state, basis=basis, notice=notice, method=method, evidence=evidence or {},
            actor=actor, at=at, expires_at=expires_at,
        )  # fmt: skip
        subject = contact_point or alias
        if subject is not None:
            _have_judged(subject.profile_id, at)
    return entry


def notice(*, name: str, locale: str, text: str, at: datetime) -> ConsentNotice:
    """Return the row of these words, made as the next version where they are new.

    Args:
        name: where they are shown, such as "banner" or "form:newsletter".
        locale: their language.
        text: the words, as a person reads them.
        at: when they were first shown.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()
    known = ConsentNotice.objects.filter(name=name, locale=locale, hash=digest).first()
    if known is None:
        with transaction.atomic(), rows.raw_cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"notice:{name}:{locale}"]
            )
            cursor.execute(
                "INSERT INTO customers_consentnotice (name, version, locale, text, hash, at) "
                "SELECT %(name)s::text, COALESCE(max(version), 0) + 1, %(locale)s::text, %(text)s, "
                "%(hash)s::text, %(at)s FROM customers_consentnotice "
                "WHERE name = %(name)s AND locale = %(locale)s "
                "ON CONFLICT (name, locale, hash) DO NOTHING",
                {"name": name, "locale": locale, "text": text, "hash": digest, "at": at},
            )
        known = ConsentNotice.objects.get(name=name, locale=locale, hash=digest)
    return known


def may(
    *,
    purpose: str,
    at: datetime,
    contact_points: Iterable[int] = (),
    aliases: Iterable[int] = (),
    channel: str = "",
    topic: str = "",
) -> set[int]:
    """Return those of the contact points, or of the aliases, whose data may be used so now."""
    answers = ask(
        purpose=purpose, at=at, contact_points=contact_points, aliases=aliases, channel=channel,
        topic=topic,
    )  # fmt: skip
    return {number for number, answer in answers.items() if answer is Answer.YES}


def ask(
    *,
    purpose: str,
    at: datetime,
    contact_points: Iterable[int] = (),
    aliases: Iterable[int] = (),
    channel: str = "",
    topic: str = "",
) -> dict[int, Answer]:
    """Say for each contact point, or each alias, whether a purpose may use its data, or why not.

    Silence is no. A decision about one channel and one about all of them: the newer one counts. A
    topic is a refusal within what is allowed. A pause holds back marketing and nothing else. One
    query, whatever the number.
    """
    asked: dict[str, Any] = {
        "purpose": purpose, "at": at, "channel": channel, "topic": topic, "pending": State.PENDING,
        "granted": State.GRANTED,
    }  # fmt: skip
    points, names = sorted(set(contact_points)), sorted(set(aliases))
    with connection.cursor() as cursor:
        if names:
            cursor.execute(_OF_ALIASES, {**asked, "ids": rows.array(names)})
            return {row[0]: _follow(*row[1:], at=at) for row in cursor.fetchall()}
        cursor.execute(_OF_POINTS, {**asked, "ids": rows.array(points)})
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    return {point: _write(*found[point], purpose=purpose, at=at) for point in found}


def forget(*, at: datetime, contact_points: Iterable[int] = (), aliases: Iterable[int] = ()) -> int:
    """Blank whose decisions these were and what proved them; return how many.

    The hashes stay, so that every chain can still be verified. The only change that the database
    lets through.
    """
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "UPDATE customers_consententry SET contact_point_id = NULL, alias_id = NULL, "
            "evidence = '{}', salt = '', forgotten_at = %s WHERE forgotten_at IS NULL AND "
            "(contact_point_id = ANY(%s::bigint[]) OR alias_id = ANY(%s::bigint[]))",
            [at, rows.array(contact_points), rows.array(aliases)],
        )
        return cursor.rowcount


def expire(*, at: datetime) -> int:
    """Write down that grants ended by time; return how many. They counted no longer before."""
    ended = (
        ConsentEntry.objects
        .filter(expires_at__lte=at, forgotten_at=None, state=State.GRANTED)
        .select_related("contact_point", "alias")
        .order_by("chain", "seq")
    )
    written = 0
    for entry in ended.iterator():
        newest = ConsentEntry.objects.filter(
            chain=entry.chain, purpose=entry.purpose, channel=entry.channel, topic=entry.topic
        ).first()
        if newest == entry:
            record(
                purpose=entry.purpose, state=State.EXPIRED, method="time", actor="system",
                contact_point=entry.contact_point, alias=entry.alias, channel=entry.channel,
                topic=entry.topic, at=entry.expires_at or at,
            )  # fmt: skip
            written += 1
    return written


def _have_judged(profile_id: int, at: datetime) -> None:
    """Let the sweep ask the segments whose rules look at consent about this person."""
    with rows.raw_cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_segmentdue AS d (segment_id, profile_id, due_at) "
            "SELECT id, %s, %s FROM customers_segment "
            "WHERE state = 'LIVE' AND rule::text LIKE '%%\"consent\"%%' "
            "ON CONFLICT (segment_id, profile_id) DO UPDATE "
            "SET due_at = LEAST(d.due_at, excluded.due_at)",
            [profile_id, at],
        )


def _write(
    state: str | None,
    expires_at: datetime | None,
    topical: str | None,
    paused_until: datetime | None,
    *,
    purpose: str,
    at: datetime,
) -> Answer:
    answer = _state(state, expires_at, at)
    if answer is Answer.YES and topical is not None and topical != State.GRANTED:
        return Answer.TOPIC
    paused = paused_until is not None and paused_until > at and purpose == Purpose.MARKETING
    return Answer.PAUSED if answer is Answer.YES and paused else answer


def _follow(
    state: str | None, expires_at: datetime | None, refused: bool | None, *, at: datetime
) -> Answer:
    answer = _state(state, expires_at, at)
    return Answer.CONFLICT if answer is Answer.YES and refused else answer


def _state(state: str | None, expires_at: datetime | None, at: datetime) -> Answer:
    if state is None:
        return Answer.SILENT
    if state != State.GRANTED:
        return Answer.EXPIRED if state == State.EXPIRED else Answer.NO
    return Answer.EXPIRED if expires_at is not None and expires_at <= at else Answer.YES


_OF_POINTS = """
SELECT w.id, e.state, e.expires_at, t.state, f.paused_until
FROM unnest(%(ids)s::bigint[]) AS w(id)
LEFT JOIN LATERAL (
  SELECT state, expires_at FROM customers_consententry
  WHERE contact_point_id = w.id AND purpose = %(purpose)s AND channel IN ('', %(channel)s)
    AND topic = '' AND state <> %(pending)s
  ORDER BY at DESC, id DESC LIMIT 1) e ON true
LEFT JOIN LATERAL (
  SELECT state FROM customers_consententry
  WHERE contact_point_id = w.id AND purpose = %(purpose)s AND channel IN ('', %(channel)s)
    AND topic = %(topic)s AND topic <> '' AND state <> %(pending)s
  ORDER BY at DESC, id DESC LIMIT 1) t ON true
LEFT JOIN LATERAL (
  SELECT paused_until FROM customers_preference
  WHERE contact_point_id = w.id ORDER BY at DESC, id DESC LIMIT 1) f ON true
"""
# A person may have decided in several browsers. What was said after they became one holds for all
# of them; before that, one refusal is enough.
_OF_ALIASES = """
SELECT w.id, e.state, e.expires_at, p.refused
FROM unnest(%(ids)s::bigint[]) AS w(id)
JOIN customers_alias a ON a.id = w.id
LEFT JOIN LATERAL (
  SELECT state, expires_at FROM customers_consententry
  WHERE alias_id = w.id AND purpose = %(purpose)s AND state <> %(pending)s
  ORDER BY at DESC, id DESC LIMIT 1) e ON true
LEFT JOIN LATERAL (
  SELECT CASE WHEN max(d.at) >= COALESCE(
    (SELECT max(l.at) FROM customers_identitylink l JOIN customers_alias o ON o.id = l.a_id
     WHERE o.profile_id = a.profile_id AND l.refused = '' AND l.revoked_at IS NULL), '-infinity')
    THEN (array_agg(d.state ORDER BY d.at DESC, d.id DESC))[1] <> %(granted)s
    ELSE bool_or(d.state <> %(granted)s) END AS refused
  FROM customers_alias o
  CROSS JOIN LATERAL (
    SELECT id, at, state FROM customers_consententry
    WHERE alias_id = o.id AND purpose = %(purpose)s AND state <> %(pending)s
    ORDER BY at DESC, id DESC LIMIT 1) d
  WHERE o.profile_id = a.profile_id) p ON true
"""
