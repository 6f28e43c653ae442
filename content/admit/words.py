"""Plain text in its many forms."""

from __future__ import annotations

import codecs
import json
from typing import Any

from django.utils.translation import gettext as _

from content.admit.base import Family, Refused

BEGINNINGS = (
    b"%PDF-", b"PK\3\4", b"MZ", b"\x7fELF", b"GIF8", b"\x89PNG", b"\xff\xd8\xff",
    b"\xd0\xcf\x11\xe0", b"Rar!", b"\x1f\x8b", b"7z\xbc\xaf", b"\xca\xfe\xba\xbe",
)  # fmt: skip
MARKS = (b"\xff\xfe", b"\xfe\xff")
CHUNK = 65_536
MOST_JSON = 10_000_000


class Words(Family):
    """What a person can read without a program."""

    name = "words"
    extensions = ("txt", "csv", "tsv", "md", "json", "html", "htm", "rtf", "ics", "vtt", "srt")

    def check(self, file: Any, extension: str) -> None:
        """Refuse programs and other files under such a name.

        Raises:
            Refused: it is none, is broken, or would do harm.
        """
        head = bytes(file.read(8))
        if head.startswith(BEGINNINGS) or (extension == "rtf" and not head.startswith(b"{\\rtf")):
            raise Refused(_("This is no .%(extension)s file.") % {"extension": extension})
        file.seek(0)
        # With two bytes a character, zeros are ordinary; halves of characters are not.
        read = codecs.getincrementaldecoder("utf-16")() if head.startswith(MARKS) else None
        while chunk := file.read(CHUNK):
            if not _is_text(chunk, read):
                raise Refused(_("This is no text: it holds bytes that no text has."))
        if extension == "json":
            _json(file)


def _is_text(chunk: bytes, read: Any) -> bool:
    if read is None:
        return b"\0" not in chunk
    try:
        return "\0" not in read.decode(chunk)
    except UnicodeDecodeError:
        return False


def _json(file: Any) -> None:
    file.seek(0)
    data = file.read(MOST_JSON + 1)
    if len(data) > MOST_JSON:
        return
    try:
        json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Refused(_("This is no JSON: %(error)s") % {"error": str(error)[:200]}) from error
