"""Archives: office files and books, which are archives, and archives as such."""

from __future__ import annotations

import os
import struct
import zipfile
from typing import Any

from django.utils.translation import gettext as _

from content.admit import markup
from content.admit.base import Family, Refused

MOST_ENTRIES = 5_000
MOST_DIRECTORY = 2_000_000
MOST_UNPACKED = 1_000_000_000
# A page of XML shrinks to a fiftieth; what shrinks to less than a two-hundredth is a bomb.
MOST_RATIO = 200
SMALL = 20_000_000
PROLOG = 65_536
# What has to be inside of each.
PARTS = {
    "docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml",
    "epub": "META-INF/container.xml", "odt": "content.xml", "ods": "content.xml",
    "odp": "content.xml", "zip": "",
}  # fmt: skip
_END = struct.Struct("<4s4H2LH")


class Archive(Family):
    """Whatever is a zip inside."""

    name = "archive"
    extensions = tuple(PARTS)

    def check(self, file: Any, extension: str) -> None:
        """Refuse bombs, macros, what is locked, and what is no such file.

        Raises:
            Refused: it is none, is broken, or would do harm.
        """
        _directory(file)
        try:
            with zipfile.ZipFile(file) as packed:
                _entries(packed.infolist(), _size(file))
                names = set(packed.namelist())
                if PARTS[extension] and PARTS[extension] not in names:
                    raise Refused(
                        _("This is an archive, but no .%(extension)s file.")
                        % {"extension": extension}
                    )
                if extension != "zip":
                    _office(packed, names)
        except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
            raise Refused(_("This archive is broken: it can't be opened.")) from error


def _size(file: Any) -> int:
    file.seek(0, os.SEEK_END)
    return int(file.tell())


def _directory(file: Any) -> None:
    # A list of entries may fill the memory before we count it.
    file.seek(max(0, _size(file) - _END.size - 65_535 - 20))
    tail = bytes(file.read())
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise Refused(_("This archive is broken: it can't be opened."))
    told = _END.unpack_from(tail, at)
    if tail[max(0, at - 20) : at].startswith(b"PK\6\7") or told[5] > MOST_DIRECTORY:
        raise Refused(_("This archive holds too many files."))
    file.seek(0)


def _entries(entries: list[zipfile.ZipInfo], size: int) -> None:
    if len(entries) > MOST_ENTRIES:
        raise Refused(_("This archive holds too many files."))
    packed = sum(one.compress_size for one in entries)
    unpacked = sum(one.file_size for one in entries)
    for one in entries:
        if one.flag_bits & 1:
            raise Refused(_("This archive is locked by a password: nobody can look inside."))
        steps = one.filename.replace("\\", "/").split("/")
        if not steps[0] or ".." in steps:
            raise Refused(_("This archive holds a file that would lie outside of it."))
        if one.file_size > SMALL and one.file_size > MOST_RATIO * max(one.compress_size, 1):
            raise Refused(_("This archive is a bomb: it unpacks to far more than it says."))
    # Entries that lie over one another tell the same bytes many times.
    if packed > size or unpacked > MOST_UNPACKED:
        raise Refused(_("This archive is a bomb: it unpacks to far more than it says."))
    if unpacked > SMALL and unpacked > MOST_RATIO * max(packed, 1):
        raise Refused(_("This archive is a bomb: it unpacks to far more than it says."))


def _office(packed: zipfile.ZipFile, names: set[str]) -> None:
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refused(_("This file holds macros. Save it without them."))
    for name in names:
        if name.lower().endswith((".xml", ".rels", ".opf", ".ncx", ".xhtml")):
            with packed.open(name) as part:
                markup.beginning(part.read(PROLOG))
