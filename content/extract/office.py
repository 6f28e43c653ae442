"""Office files that are archives of XML."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from defusedxml.ElementTree import iterparse

from content.extract.reader import Reader

TITLE = "docProps/core.xml"
# Which parts hold words, in the order of reading.
PARTS = {
    "docx": r"word/(document|footnotes|endnotes|comments|header\d*|footer\d*)\.xml",
    "pptx": r"ppt/(slides/slide\d+|notesSlides/notesSlide\d+|charts/chart\d+)\.xml",
    "odt": r"content\.xml", "ods": r"content\.xml", "odp": r"content\.xml",
}  # fmt: skip
TEXT = {"t", "v", "f"}
BREAKS = {"p", "h", "tr", "table-row", "br", "title", "subject", "description", "pt", "line-break"}


def local(name: Any) -> str:
    """Return an element's name without its namespace."""
    return str(name).rpartition("}")[2]


class Office(Reader):
    """Texts and slides."""

    name = "office"
    extensions = tuple(PARTS)

    def words(self, data: BytesIO, extension: str) -> Iterator[str]:
        """Yield paragraph by paragraph; of a picture what describes it."""
        with zipfile.ZipFile(data) as packed:
            wanted = re.compile(PARTS[extension])
            names = [name for name in packed.namelist() if wanted.fullmatch(name)]
            for name in [TITLE, *sorted(names, key=_order)]:
                if name in packed.NameToInfo:
                    with packed.open(name) as part:
                        yield from paragraphs(part, extension)


def _order(name: str) -> tuple[bool, list[Any]]:
    parts = re.split(r"(\d+)", name)
    return "document" not in name, [int(one) if one.isdigit() else one for one in parts]


def paragraphs(part: Any, extension: str) -> Iterator[str]:
    """Yield the paragraphs of a part; what was read is let go of."""
    everything = extension.startswith("od")
    line: list[str] = []
    for _event, element in iterparse(part, events=("end",)):
        kind = local(element.tag)
        if described := element.get("descr"):
            yield described
        if element.text and (everything or kind in TEXT or kind in BREAKS):
            line.append(element.text)
        if everything and element.tail:
            line.append(element.tail)
        if kind in {"tab", "tc", "s"}:
            line.append(" ")
        if kind in BREAKS:
            yield "".join(line)
            line.clear()
        element.clear()
    yield "".join(line)
