"""Is the ledger of consents still what was written? Asked each night, and by an auditor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from customers.models import ConsentAudit


@dataclass(frozen=True, slots=True)
class Fault:
    """The first row that is not what was written, and what is wrong with it."""

    entry: int
    words: str


@transaction.atomic
def verify(*, at: datetime) -> ConsentAudit:
    """Compute every chain anew and keep the result; name the first row that is broken.

    Found are changed rows and notices, removed ones, forks, and rows that were added past the
    database's own function. Rows missing at the end of a chain are found by the number of rows that
    the verification before had seen.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT)
        entries, last = cursor.fetchone() or (0, 0)
        fault = _first(cursor) or _shorter(cursor)
    return ConsentAudit.objects.create(
        at=at, entries=entries, last_id=last, broken_id=fault.entry if fault else None,
        words=fault.words if fault else "",
    )  # fmt: skip


def latest() -> ConsentAudit | None:
    """Return the newest verification."""
    return ConsentAudit.objects.first()


def _first(cursor: CursorWrapper) -> Fault | None:
    cursor.execute(_BROKEN)
    row = cursor.fetchone()
    if row is None:
        return None
    reasons = {
        "notice": _("The words of its notice were changed."),
        "proof": _("Its subject or its evidence was changed."),
        "hash": _("The decision itself was changed."),
        "link": _("It does not follow the entry before: one was removed, changed or put between."),
    }
    return Fault(row[0], reasons[row[1]])


def _shorter(cursor: CursorWrapper) -> Fault | None:
    before = ConsentAudit.objects.first()
    if before is None:
        return None
    cursor.execute("SELECT count(*) FROM customers_consententry WHERE id <= %s", [before.last_id])
    (now,) = cursor.fetchone() or (0,)
    if now >= before.entries:
        return None
    return Fault(
        before.last_id,
        _("%(n)s entries up to this one are missing since the last verification.")
        % {"n": before.entries - now},
    )


_COUNT = "SELECT count(*), COALESCE(max(id), 0) FROM customers_consententry"
# One pass over the table, in the order of the chains; the functions are the ones that wrote it.
_BROKEN = """
SELECT id, CASE
    WHEN encode(sha256(convert_to(words, 'UTF8')), 'hex') <> told THEN 'notice'
    WHEN NOT is_forgotten AND proof <> again_proof THEN 'proof'
    WHEN hash <> again_hash THEN 'hash'
    ELSE 'link' END AS reason
FROM (
  SELECT e.id, e.seq, e.hash, e.prev_hash, e.proof, n.text AS words, n.hash AS told,
    e.forgotten_at IS NOT NULL AS is_forgotten,
    customers_consent_proof(e) AS again_proof, customers_consent_hash(e, n.hash) AS again_hash,
    lag(e.hash, 1, '') OVER chain AS before, row_number() OVER chain AS place
  FROM customers_consententry e LEFT JOIN customers_consentnotice n ON n.id = e.notice_id
  WINDOW chain AS (PARTITION BY e.chain ORDER BY e.seq)
) AS rows
WHERE hash <> again_hash OR prev_hash <> before OR seq <> place
  OR (NOT is_forgotten AND proof <> again_proof)
  OR encode(sha256(convert_to(words, 'UTF8')), 'hex') <> told
ORDER BY id LIMIT 1
"""
