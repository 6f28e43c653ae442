"""Files for people to download: a PDF, a letter and a table, each as small as can be."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
KIND = "application/vnd.openxmlformats-officedocument"


def pdf(title: str, lines: Sequence[str]) -> bytes:
    """Return one page with a title and lines below it."""
    told = [f"BT /F1 20 Tf 56 770 Td ({_quoted(title)}) Tj ET"]
    for number, line in enumerate(lines):
        told.append(f"BT /F1 12 Tf 56 {730 - 22 * number} Td ({_quoted(line)}) Tj ET")
    stream = "\n".join(told).encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< /Title ({_quoted(title)}) >>".encode("cp1252"),
    ]
    made, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return made + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R /Info 6 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table, len(objects) + 1, len(made))
    )


def letter(paragraphs: Sequence[str]) -> bytes:
    """Return a document of Word with these paragraphs."""
    body = "".join(f"<w:p><w:r><w:t>{escape(one)}</w:t></w:r></w:p>" for one in paragraphs)
    text = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    return _packed("word/document.xml", f"{KIND}.wordprocessingml.document.main+xml", text, {})


def table(name: str, rows: Sequence[Sequence[str]]) -> bytes:
    """Return a workbook with one sheet."""
    cells = "".join(
        "<row>{}</row>".format(
            "".join(f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>' for cell in row)
        )
        for row in rows
    )
    sheet = f'<worksheet xmlns="{SHEET}"><sheetData>{cells}</sheetData></worksheet>'
    book = (
        f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name="{escape(name)}" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    more = {
        "xl/worksheets/sheet1.xml": sheet,
        "xl/_rels/workbook.xml.rels": _related("worksheet", "worksheets/sheet1.xml"),
    }
    return _packed("xl/workbook.xml", f"{KIND}.spreadsheetml.sheet.main+xml", book, more)


def _packed(main: str, kind: str, text: str, more: Mapping[str, str]) -> bytes:
    types = "".join(
        f'<Override PartName="/{name}" ContentType="{told}"/>'
        for name, told in [
            (main, kind),
            *((one, f"{KIND}.spreadsheetml.worksheet+xml") for one in more if "sheets/" in one),
        ]
    )
    rels = '<Default Extension="rels" ContentType="application/{}"/>'.format(
        "vnd.openxmlformats-package.relationships+xml"
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">{rels}{types}</Types>',
        "_rels/.rels": _related("officeDocument", main),
        main: text,
        **more,
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{part}')
    return made.getvalue()


def _related(kind: str, target: str) -> str:
    one = f'<Relationship Id="r1" Type="{OFFICE}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{PACKAGE}/relationships">{one}</Relationships>'


def _quoted(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
