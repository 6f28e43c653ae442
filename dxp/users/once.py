"""Do a program's write once: the same key again gives the kept answer and does nothing.

After the IETF draft "The Idempotency-Key HTTP Header Field". Everything happens in the transaction
of the write: who holds the key's lock works, who comes meanwhile is told so, and a process that
dies leaves neither effect nor answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from dxp.lib import rows
from dxp.users.models import ApiCall, ApiToken

KEPT_FOR = timedelta(hours=24)


class Running(Exception):
    """The same write is being done at this moment."""


class Different(Exception):
    """The key belongs to another write."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program was told."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def fingerprint(*, method: str, address: str, told: Any) -> str:
    """Return what makes two writes the same: method, address and what was told, however spelled."""
    text = json.dumps([method, address, told], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def recall(*, token: ApiToken, key: str, fingerprint: str, at: datetime) -> Answer | None:
    """Return the answer that this write got before, or None where the caller shall do it now.

    Holds the key until the end of the caller's transaction, in which the answer must be kept.

    Raises:
        Running: another request holds the key.
        Different: the key was used for something else.
    """
    if not rows.advisory_lock(f"api call {token.pk} {key}"):
        raise Running(key)
    kept = ApiCall.objects.filter(token=token, key=key).first()
    if kept is None:
        return None
    if kept.at <= at - KEPT_FOR:
        kept.delete()
        return None
    if kept.fingerprint != fingerprint:
        raise Different(key)
    return Answer(kept.status, kept.headers, bytes(kept.body))


def keep(
    *,
    token: ApiToken,
    key: str,
    fingerprint: str,
    answer: Answer,
    about: Sequence[UUID],
    at: datetime,
) -> None:
    """Keep the answer of a write, in the transaction of the write."""
    ApiCall.objects.create(
        token=token, key=key, fingerprint=fingerprint, status=answer.status,
        headers=dict(answer.headers), body=answer.body, about=list(about), at=at,
    )  # fmt: skip


def forget(*, at: datetime) -> int:
    """Delete the answers that are older than a day; return how many."""
    return ApiCall.objects.filter(at__lte=at - KEPT_FOR).delete()[0]


def forget_about(*, people: Sequence[UUID]) -> int:
    """Delete the answers that may hold these people's data; return how many."""
    return ApiCall.objects.filter(about__overlap=list(people)).delete()[0]
