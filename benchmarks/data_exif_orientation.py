"""Photographs as a camera stores them, uploaded as an editor would: do they stand upright?"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from PIL import Image as Pixels
from PIL import ImageChops, ImageOps, ImageStat

from benchmarks._uploads import editor, upload
from content.models import Image

SIZE = (1800, 1200)


def run(folder: Path) -> dict[str, Any]:
    """Upload each, and compare the picture and a size of it with the first one's pixels."""
    elena, upright, told, sizes_upright, refused = editor(), 0, 0, 0, {}
    apart: dict[str, float] = {}
    files = sorted(folder.glob("*.jpg"))
    like = _small(Pixels.open(files[0]))
    for file in files:
        number, reason = upload(elena, file, "image")
        if number is None:
            refused[file.name] = reason
            continue
        image = Image.objects.get(pk=number)
        kept = Pixels.open(io.BytesIO(image.file.read()))
        apart[file.name] = _difference(like, _small(kept))
        upright += kept.size == (image.width, image.height) == SIZE and apart[file.name] < 10
        told += bool(kept.getexif()) or b"Exif" in kept.info.get("exif", b"")
        size = Pixels.open(image.get_rendition("width-600|format-webp").file)
        sizes_upright += size.size == (600, 400) and _difference(like, _small(size)) < 10
    figures = {
        "photographs": len(files),
        "upright": upright,
        "sizes_upright": sizes_upright,
        "still_tell_of_the_camera": told,
        # Of 255.
        "mean_difference_to_the_first": apart,
        "refused": refused,
    }
    for key, value in figures.items():
        print(f"{key:<30} {value}")
    return figures


def _small(image: Pixels.Image) -> Pixels.Image:
    return ImageOps.exif_transpose(image).convert("L").resize((90, 60))


def _difference(one: Pixels.Image, other: Pixels.Image) -> float:
    if one.size != other.size:
        return 255.0
    return round(ImageStat.Stat(ImageChops.difference(one, other)).mean[0], 2)
