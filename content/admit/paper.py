"""PDF files, opened where a broken one harms nobody."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from content import extract
from content.admit.base import Family, Refused

SECONDS = 10.0


class Paper(Family):
    """What is printed."""

    name = "paper"
    extensions = ("pdf",)

    def check(self, file: Any, extension: str) -> None:
        """Refuse what no program could show.

        Raises:
            Refused: it is none, is broken, or would do harm.
        """
        if b"%PDF-" not in bytes(file.read(1024)):
            raise Refused(_("This is no PDF file."))
        file.seek(0)
        try:
            extract.pages(file, seconds=SECONDS)
        except extract.TooLong as error:
            raise Refused(
                _("It takes too long to look at this PDF file: it has too many pages or parts.")
            ) from error
        except extract.Unreadable as error:
            raise Refused(_("This PDF file is broken: it can't be opened.")) from error
