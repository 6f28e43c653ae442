"""Office files of before 2007, and mails of Outlook."""

from __future__ import annotations

from typing import Any

import olefile
from django.utils.translation import gettext as _

from content.admit.base import Family, Refused

STREAMS = {
    "doc": ("WordDocument",), "xls": ("Workbook", "Book"), "ppt": ("PowerPoint Document",),
    "msg": ("__properties_version1.0",),
}  # fmt: skip
MACROS = ("Macros", "_VBA_PROJECT_CUR", "_VBA_PROJECT")


class Compound(Family):
    """A file system in a file."""

    name = "compound"
    extensions = tuple(STREAMS)

    def check(self, file: Any, extension: str) -> None:
        """Refuse macros, and what is no such file.

        Raises:
            Refused: it is none, is broken, or would do harm.
        """
        if file.read(8) != olefile.MAGIC:
            raise Refused(_("This is no .%(extension)s file.") % {"extension": extension})
        file.seek(0)
        try:
            # Of a copy of the handle: closing it would close the upload.
            inside = olefile.OleFileIO(file)
            if not any(inside.exists(name) for name in STREAMS[extension]):
                raise Refused(_("This is no .%(extension)s file.") % {"extension": extension})
            if any(inside.exists(name) for name in MACROS):
                raise Refused(_("This file holds macros. Save it without them."))
        except (IndexError, TypeError, KeyError) as error:
            raise Refused(_("This file is broken: it can't be opened.")) from error
