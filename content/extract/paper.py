"""PDF."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import BytesIO

from content.extract.reader import Locked, Reader

MOST_PAGES = 2_000


class Paper(Reader):
    """What is printed: its title, then page by page."""

    name = "paper"
    extensions = ("pdf",)

    def words(self, data: BytesIO, extension: str) -> Iterator[str]:
        """Yield each page's lines.

        Raises:
            Locked: a password would be needed.
        """
        from pypdf import PdfReader

        logging.getLogger("pypdf").setLevel(logging.CRITICAL)
        reader = PdfReader(data)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Locked
        if reader.metadata and reader.metadata.title:
            yield reader.metadata.title
        for page in reader.pages[:MOST_PAGES]:
            yield from page.extract_text().splitlines()
