"""The child: takes a file from its input, reads it within its limits, answers one line of JSON."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from content.extract import MOST_CHARACTERS
from content.extract.reader import READERS, Locked
from dxp.lib import language

MOST_BYTES = 200_000_000
MEMORY = 1_500_000_000


def main(words: Sequence[str]) -> int:
    """Do what was asked, and say so."""
    act, extension, named, seconds = words
    languages = [one for one in named.split(",") if one]
    if act == "text":
        # Unpacks its model into a file, which nobody may write after this.
        language.detect("Which language is this?", among=languages)
    _bound(float(seconds))
    data = BytesIO(sys.stdin.buffer.read(MOST_BYTES + 1))
    if data.getbuffer().nbytes > MOST_BYTES:
        told: dict[str, Any] = {"problem": "too large to be read"}
    else:
        told = _tried(act, data, extension, languages)
    sys.stdout.write(json.dumps(told))
    return 0


def _bound(seconds: float) -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, int(seconds) + 1),
        (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 64),
    ):  # fmt: skip
        resource.setrlimit(what, (most, most))


def _tried(act: str, data: BytesIO, extension: str, languages: list[str]) -> dict[str, Any]:
    try:
        if act == "pages":
            return {"pages": _pages(data)}
        text = _text(data, extension)
        return {"text": text, "language": language.detect(text, among=languages)}
    except Locked:
        return {"problem": "a password would be needed"}
    except MemoryError:
        return {"problem": "it needs too much memory"}
    except Exception as error:  # noqa: BLE001 - whatever a reader meets in a hostile file
        return {"problem": f"{type(error).__name__}: {error}"[:300]}


def _pages(data: BytesIO) -> int:
    from pypdf import PdfReader

    reader = PdfReader(data)
    if reader.is_encrypted:
        return 1
    count = len(reader.pages)
    if not count:
        raise ValueError("it has no page")
    reader.pages[0].get_contents()
    return count


def _text(data: BytesIO, extension: str) -> str:
    _meet_readers()
    reader = next((one for one in READERS if extension in one.extensions), None)
    if reader is None:
        return ""
    lines: list[str] = []
    length = 0
    for words in reader().words(data, extension):
        line = " ".join(words.replace("\0", " ").split())
        if not line:
            continue
        lines.append(line)
        length += len(line) + 1
        if length > MOST_CHARACTERS:
            break
    text = "\n".join(lines)[:MOST_CHARACTERS]
    # What no database takes: halves of characters.
    return text.encode("utf-8", "ignore").decode()


def _meet_readers() -> None:
    from content.extract import books, mails, office, paper, plain, sheets, web

    for one in (
        books.Books, mails.Mails, office.Office, paper.Paper, plain.Plain, sheets.Sheets, web.Web,
        web.Feeds,
    ):  # fmt: skip
        READERS.register(one)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
