"""Pictures of pixels: whole, of a bearable size, upright, silent about where they were taken."""

from __future__ import annotations

import io
import os
import re
import struct
from typing import Any

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from content.admit.base import Family, Refused

# As memory: four bytes each.
MOST_PIXELS = 50_000_000
FORMATS = {
    "jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP", "avif": "AVIF",
}  # fmt: skip
# What phones store several pictures in; the first of them is a JPEG.
SEVERAL = "MPO"
ORIENTATION = 0x0112
QUALITY = 92
_NEXT = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
# Of PNG: what was taken when, where and with what, in all its forms.
_TOLD = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}


class Picture(Family):
    """What a camera or a painting program makes."""

    name = "picture"
    extensions = tuple(FORMATS)

    def check(self, file: Any, extension: str) -> None:
        """Read all of it, at an eighth of its size where the format allows.

        Raises:
            Refused: it is none, is broken, or would do harm.
        """
        try:
            image = Image.open(file, formats=[*set(FORMATS.values()), SEVERAL])
        except Image.DecompressionBombError as error:
            raise Refused(_too_large()) from error
        if _format(image) != FORMATS[extension]:
            raise Refused(
                _("The name says .%(extension)s, but this is a %(format)s picture.")
                % {"extension": extension, "format": image.format}
            )
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise Refused(_too_large())
        image.draft("RGB", (max(1, width // 8), max(1, height // 8)))
        try:
            image.load()
        except (OSError, SyntaxError, ValueError, struct.error) as error:
            raise Refused(_("This picture is broken: a part of it is missing.")) from error


def _format(image: Image.Image) -> str:
    return "JPEG" if image.format == SEVERAL else str(image.format)


def _too_large() -> str:
    return _("This picture has too many pixels: more than %(most)s million.") % {
        "most": MOST_PIXELS // 1_000_000
    }


def upright(file: Any) -> ContentFile[bytes] | None:
    """Return a picture turned as it was held and without what it tells of place and camera.

    None: it is so already. What is upright keeps its pixels to the last bit.
    """
    extension = os.path.splitext(file.name)[1].lower().removeprefix(".")
    form = FORMATS.get(extension)
    if form is None:
        return None
    file.seek(0)
    data = bytes(file.read())
    file.seek(0)
    image = Image.open(io.BytesIO(data))
    turned = image.getexif().get(ORIENTATION, 1) not in {0, 1} and not _moves(image)
    told = form == "AVIF" and ("exif" in image.info or "xmp" in image.info)
    made = _saved(image) if turned or told else _SILENT.get(form, _as_it_is)(data)
    return None if made == data else ContentFile(made, name=os.path.basename(file.name))


def _moves(image: Image.Image) -> bool:
    return image.format != SEVERAL and getattr(image, "n_frames", 1) > 1


def _saved(image: Image.Image) -> bytes:
    form = _format(image)
    upright = ImageOps.exif_transpose(image)
    upright.info = {
        name: value for name, value in image.info.items()
        if name in {"icc_profile", "transparency", "dpi", "gamma"}
    }  # fmt: skip
    made = io.BytesIO()
    told: dict[str, Any] = {"icc_profile": image.info.get("icc_profile")}
    if form in {"JPEG", "WEBP", "AVIF"}:
        told["quality"] = QUALITY
    upright.save(made, form, **told)
    return made.getvalue()


def _as_it_is(data: bytes) -> bytes:
    return data


def _jpeg(data: bytes) -> bytes:
    """Return a JPEG up to its end, with its color profile and without its other notes."""
    kept, at = [data[:2]], 2
    while found := _NEXT.match(data, at) or _NEXT.search(data, at):
        at = found.start()
        kind = data[at + 1]
        if kind == 0xD9:
            kept.append(b"\xff\xd9")
            break
        length = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at : at + length]
        at += length
        if _is_needed(kind, segment):
            kept.append(segment)
        if kind == 0xDA:
            following = _NEXT.search(data, at)
            end = following.start() if following else len(data)
            kept.append(data[at:end])
            at = end
    return b"".join(kept)


def _is_needed(kind: int, segment: bytes) -> bool:
    if kind == 0xE2:
        return segment[4:16] == b"ICC_PROFILE\0"
    # JFIF and Adobe say how colors are meant; of the other notes none does.
    return kind in {0xE0, 0xEE} or not (0xE0 <= kind <= 0xEF or kind == 0xFE)


def _png(data: bytes) -> bytes:
    kept, at = [data[:8]], 8
    while at + 8 <= len(data):
        length = 12 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if kind not in _TOLD:
            kept.append(data[at : at + length])
        at += length
        if kind == b"IEND":
            break
    return b"".join(kept)


def _webp(data: bytes) -> bytes:
    kept, at = [], 12
    while at + 8 <= len(data):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        chunk = data[at : at + 8 + length + length % 2]
        at += 8 + length + length % 2
        if kind == b"VP8X":
            # Its flags no longer say that notes follow.
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if kind not in {b"EXIF", b"XMP "}:
            kept.append(chunk)
    inside = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(inside).to_bytes(4, "little") + inside


_SILENT = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp}
