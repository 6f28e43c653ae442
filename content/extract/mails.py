"""Mails of Outlook."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from content.extract.reader import Reader
from content.extract.web import of_markup

# Subject, from whom (name, address), to whom, and the words: by their numbers in MAPI.
SUBJECT, FIELDS, BODY, HTML = "0037", ("0C1A", "0C1F", "5D01", "0E04", "0E03"), "1000", "1013"


class Mails(Reader):
    """Who wrote to whom, and what."""

    name = "mails"
    extensions = ("msg",)

    def words(self, data: BytesIO, extension: str) -> Iterator[str]:
        """Yield subject, people and body."""
        import olefile

        mail = olefile.OleFileIO(data)
        for number in (SUBJECT, *FIELDS):
            yield _value(mail, number)
        body = _value(mail, BODY)
        if body:
            yield from body.splitlines()
        elif mail.exists(f"__substg1.0_{HTML}0102"):
            raw = mail.openstream(f"__substg1.0_{HTML}0102").read()
            yield from of_markup(raw.decode("utf-8", "replace"))


def _value(mail: Any, number: str) -> str:
    for kind, encoding in (("001F", "utf-16-le"), ("001E", "cp1252")):
        name = f"__substg1.0_{number}{kind}"
        if mail.exists(name):
            return str(mail.openstream(name).read().decode(encoding, "replace"))
    return ""
