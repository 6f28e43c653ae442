"""Take in the words of documents that wait for it, so that search finds them."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from content import extract
from content.models import Document
from dxp.lib import rows

SECONDS = 60.0


def absorb(*, languages: Sequence[str]) -> bool:
    """Read one document that waits; return whether there was one.

    A killed worker leaves it waiting. What was replaced meanwhile waits again by itself.

    Args:
        languages: codes of those that the site speaks.
    """
    waiting = Document.objects.filter(reading=Document.Reading.WAITING).order_by("pk")
    for document in waiting.iterator(chunk_size=50):
        with transaction.atomic():
            if rows.advisory_lock(f"content.absorb:{document.pk}") and _is_waiting(document):
                _take(document, languages)
                return True
    return False


def _is_waiting(document: Document) -> bool:
    # Another worker may have had it between our look and the lock.
    return bool(Document.objects.filter(pk=document.pk, reading="WAITING").exists())


def _take(document: Document, languages: Sequence[str]) -> None:
    told = {"text": "", "language": "", "reading_note": "", "reading": Document.Reading.NONE}
    try:
        with document.file.storage.open(str(document.file.name), "rb") as file:
            reading = extract.text(
                file, extension=document.file_extension.lower(), languages=languages,
                seconds=SECONDS,
            )  # fmt: skip
        if reading.text:
            told |= {"text": reading.text, "language": reading.language, "reading": "READ"}
    except (extract.Unreadable, OSError) as error:
        told |= {"reading": Document.Reading.FAILED, "reading_note": str(error)[:300]}
    same = Document.objects.filter(pk=document.pk, file=document.file.name)
    read = same.select_for_update().first()
    if read is not None:
        for name, value in told.items():
            setattr(read, name, value)
        # Search and the taggers hear of it as of any other change.
        read.save(update_fields=list(told))
