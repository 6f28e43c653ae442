"""Books (EPUB)."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import unquote

from defusedxml.ElementTree import fromstring

from content.extract.office import local
from content.extract.plain import decoded
from content.extract.reader import Reader
from content.extract.web import of_markup

TOLD = {"title", "creator", "subject", "description", "publisher"}


class Books(Reader):
    """What the book is, then its chapters in their order."""

    name = "books"
    extensions = ("epub",)

    def words(self, data: BytesIO, extension: str) -> Iterator[str]:
        """Yield its title and people, then its chapters."""
        with zipfile.ZipFile(data) as packed:
            container = fromstring(packed.read("META-INF/container.xml"))
            root = next(one for one in container.iter() if local(one.tag) == "rootfile")
            place = root.get("full-path") or ""
            package = fromstring(packed.read(place))
            files: dict[str, str] = {}
            for one in package.iter():
                if local(one.tag) in TOLD and one.text:
                    yield one.text
                if local(one.tag) == "item":
                    path = posixpath.join(posixpath.dirname(place), unquote(one.get("href") or ""))
                    files[one.get("id") or ""] = posixpath.normpath(path)
            for one in package.iter():
                name = files.get(one.get("idref") or "") if local(one.tag) == "itemref" else None
                if name in packed.NameToInfo:
                    yield from of_markup(decoded(packed.read(str(name))))
