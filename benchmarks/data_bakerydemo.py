"""A bakery's pictures and papers, uploaded as an editor would, and shown in the sizes of pages."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path
from typing import Any

from benchmarks._uploads import editor, upload
from content.models import Document, Image

SIZES = ("width-400|format-webp|preserve-svg", "fill-800x400|format-jpeg|preserve-svg")


def run(folder: Path) -> dict[str, Any]:
    """Upload every file of the media folder, and make two sizes of each picture."""
    elena, refused, numbers = editor(), {}, {}
    since = time.perf_counter()
    pictures = _files(folder / "media" / "original_images")
    papers = _files(folder / "media" / "documents")
    for kind, files in (("image", pictures), ("document", papers)):
        for file in files:
            number, reason = upload(elena, file, kind)
            if number is None:
                refused[file.name] = reason
            numbers[file.name] = number
    seconds = time.perf_counter() - since
    told = _told(folder)
    figures = {
        "pictures": len(pictures),
        "pictures_taken": Image.objects.count(),
        "documents": len(papers),
        "documents_taken": Document.objects.count(),
        "refused": refused,
        "seconds_an_upload": round(seconds / max(len(numbers), 1), 3),
        "sizes_made": sum(_sizes(image) for image in Image.objects.order_by("pk")),
        # As the set's own fixture tells them.
        "other_width_or_height": [
            name for name, size in told.items()
            if (number := numbers.get(name)) and size != _size(number)
        ],
        "named_but_not_there": sorted(set(told) - set(numbers)),
    }  # fmt: skip
    for key, value in figures.items():
        print(f"{key:<24} {value}")
    return figures


def _files(folder: Path) -> list[Path]:
    return [one for one in sorted(folder.iterdir()) if one.is_file()]


def _told(folder: Path) -> dict[str, tuple[int, int]]:
    with gzip.open(folder / "bakerydemo.json.gz") as file:
        rows = json.load(file)
    images = [one["fields"] for one in rows if one["model"] == "wagtailimages.image"]
    return {Path(one["file"]).name: (one["width"], one["height"]) for one in images}


def _size(pk: int) -> tuple[int, int]:
    image = Image.objects.get(pk=pk)
    return image.width, image.height


def _sizes(image: Image) -> int:
    return len(image.get_renditions(*SIZES))
