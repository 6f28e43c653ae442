"""Workbooks, new and old."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from defusedxml.ElementTree import iterparse

from content.extract.office import local
from content.extract.reader import Locked, Reader

SHEET = re.compile(r"xl/worksheets/sheet(\d+)\.xml")


class Sheets(Reader):
    """Sheet by sheet, row by row."""

    name = "sheets"
    extensions = ("xlsx", "xls")

    def words(self, data: BytesIO, extension: str) -> Iterator[str]:
        """Yield names of sheets, and each row's cells."""
        return _new(data) if extension == "xlsx" else _old(data)


def _new(data: BytesIO) -> Iterator[str]:
    with zipfile.ZipFile(data) as packed:
        with packed.open("xl/workbook.xml") as part:
            for _event, element in iterparse(part, events=("end",)):
                if local(element.tag) == "sheet":
                    yield str(element.get("name") or "")
        shared = _shared(packed)
        for name in sorted(filter(SHEET.fullmatch, packed.namelist()), key=len):
            with packed.open(name) as part:
                yield from _rows(part, shared)


def _shared(packed: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in packed.NameToInfo:
        return []
    found: list[str] = []
    with packed.open("xl/sharedStrings.xml") as part:
        for _event, element in iterparse(part, events=("end",)):
            if local(element.tag) == "si":
                found.append("".join(element.itertext()))
                element.clear()
    return found


def _rows(part: Any, shared: list[str]) -> Iterator[str]:
    for _event, row in iterparse(part, events=("end",)):
        if local(row.tag) != "row":
            continue
        yield " ".join(_cell(cell, shared) for cell in row)
        row.clear()


def _cell(cell: Any, shared: list[str]) -> str:
    text = "".join(word for one in cell if local(one.tag) in {"v", "is"} for word in one.itertext())
    if cell.get("t") == "s" and text.isdigit() and int(text) < len(shared):
        return shared[int(text)]
    return text


def _old(data: BytesIO) -> Iterator[str]:
    import xlrd

    try:
        book = xlrd.open_workbook(file_contents=data.getvalue(), logfile=io.StringIO())
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            raise Locked from error
        raise
    for sheet in book.sheets():
        yield sheet.name
        for row in range(sheet.nrows):
            yield " ".join(_plain(value) for value in sheet.row_values(row))


def _plain(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
