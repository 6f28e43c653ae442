"""Which files are taken in: what their names say has to be inside, and nothing that does harm."""

from __future__ import annotations

import os
from typing import Any

from django.utils.translation import gettext as _

from content.admit import archive, compound, drawing, markup, media, paper, picture, words
from content.admit.base import FAMILIES, Family, Refused
from content.admit.picture import upright

__all__ = ["FAMILIES", "Family", "Refused", "check", "extensions", "upright"]

IMAGE, DOCUMENT = "image", "document"
for _one in (
    archive.Archive, compound.Compound, drawing.Drawing, markup.Markup, media.Media, paper.Paper,
    picture.Picture, words.Words,
):  # fmt: skip
    FAMILIES.register(_one)


def check(file: Any, kind: str) -> None:
    """Look at a file that was uploaded, before anything is done with it.

    Args:
        file: Django's file, with its name.
        kind: "image" or "document".

    Raises:
        Refused: it is not taken, and why.
    """
    extension = os.path.splitext(file.name or "")[1].lower().removeprefix(".")
    family = next((one for one in _of(kind) if extension in one.extensions), None)
    if family is None:
        allowed = ", ".join(sorted(extensions(kind)))
        raise Refused(
            _("Files of this kind (.%(extension)s) are not taken. These are: %(allowed)s.")
            % {"extension": extension, "allowed": allowed}
        )
    file.seek(0)
    try:
        family().check(file, extension)
    except Refused:
        raise
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(_("This file is broken: it can't be opened.")) from error
    finally:
        file.seek(0)


def extensions(kind: str) -> set[str]:
    """Return the endings of files of a kind, without the dot."""
    return {one for family in _of(kind) for one in family.extensions}


def _of(kind: str) -> list[type[Family]]:
    if kind == IMAGE:
        return [picture.Picture, drawing.Drawing]
    # A drawing is markup that a browser runs when it is opened by itself.
    return [one for one in FAMILIES if one is not drawing.Drawing]
