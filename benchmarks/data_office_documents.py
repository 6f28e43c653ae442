"""Office files uploaded as an editor would: are they found by what stands in them?"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

from django.conf import settings

from benchmarks._uploads import editor, upload
from content import absorb
from content.models import Document

# What the set's own tool writes around the words, and nobody reads in the file: the names that it
# gives to fields, and pictures as text.
OF_THE_TOOL = {
    "**Authors:** Test Author": "Test Author",
    "**From:** test.sender@example.com": "test.sender@example.com",
    "**To:** test.recipient@example.com": "test.recipient@example.com",
    "**Subject:** Test Email Message": "Test Email Message",
    "# Email Message": "",
    "## Content": "",
    "data:image/png;base64...": "",
}
MARKS = re.compile(r"[#*|>\[\]]|---")
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


def run(folder: Path) -> dict[str, Any]:
    """Upload every file, have it read, and search for each string that is expected of it."""
    elena, numbers, refused = editor(), {}, {}
    files = [one for one in sorted(folder.iterdir()) if one.is_file() and _is_one(one)]
    for file in files:
        number, reason = upload(elena, file, "document")
        if number is None:
            refused[file.name] = reason
        else:
            numbers[file.name] = number
    since = time.perf_counter()
    while absorb.absorb(languages=[code for code, _name in settings.WAGTAIL_CONTENT_LANGUAGES]):
        pass
    seconds = time.perf_counter() - since
    found, missing, unwanted = _searched(folder, numbers)
    figures = {
        "files": len(files),
        "taken": len(numbers),
        "refused": refused,
        "seconds_a_file": round(seconds / max(len(numbers), 1), 2),
        "strings_searched": found + len(missing),
        "found": found,
        "missing": missing,
        "unwanted_in_text": unwanted,
        "failed": _named("FAILED"),
        "nothing_to_read": _named("NONE"),
        "whole_text_in_place": _whole(folder, numbers),
    }
    for key, value in figures.items():
        print(f"{key:<22} {value}")
    return figures


def _is_one(file: Path) -> bool:
    return file.name not in {"README.md", "expected_strings.json"}


def _named(reading: str) -> list[str]:
    rows = Document.objects.filter(reading=reading).order_by("title")
    return [f"{one.title}: {one.reading_note}".rstrip(": ") for one in rows]


def _searched(
    folder: Path, numbers: dict[str, int]
) -> tuple[int, list[list[str]], list[list[str]]]:
    found, missing, unwanted, seen = 0, [], [], set()
    for one in json.loads((folder / "expected_strings.json").read_text()):
        name = one["filename"]
        # The same file twice: the second time with pictures as text, which we have in no case.
        if name not in numbers or name in seen:
            continue
        seen.add(name)
        text = Document.objects.get(pk=numbers[name]).text
        for told in one["must_include"]:
            words = MARKS.sub(" ", LINK.sub(r"\1", OF_THE_TOOL.get(told, told))).strip()
            if not re.search(r"\w", words):
                continue
            if Document.objects.filter(pk=numbers[name]).search(words):
                found += 1
            else:
                missing.append([name, told])
        unwanted += [[name, told] for told in one["must_not_include"] if told in text]
    return found, missing, unwanted


def _whole(folder: Path, numbers: dict[str, int]) -> dict[str, float]:
    """Return the share of the words expected of whole files that stand in what we read."""
    shares = {}
    for file in sorted((folder / "expected_outputs").glob("*.md")):
        wanted = set(re.findall(r"\w{2,}", file.read_text().lower()))
        name = f"{file.stem}.pdf"
        if wanted and name in numbers:
            text = Document.objects.get(pk=numbers[name]).text.lower()
            shares[name] = round(len(wanted & set(re.findall(r"\w{2,}", text))) / len(wanted), 4)
    return shares
