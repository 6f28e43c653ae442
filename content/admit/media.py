"""Sound and film, told by how they begin."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from content.admit.base import Family, Refused


class Media(Family):
    """What is played."""

    name = "media"
    extensions = ("mp3", "mp4", "m4a", "webm", "ogg", "wav")

    def check(self, file: Any, extension: str) -> None:
        """Look at the first bytes.

        Raises:
            Refused: it is none, is broken, or would do harm.
        """
        head = bytes(file.read(16))
        fits = {
            "mp3": head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] >= 0xE0),
            "mp4": head[4:8] == b"ftyp",
            "m4a": head[4:8] == b"ftyp",
            "webm": head[:4] == b"\x1a\x45\xdf\xa3",
            "ogg": head[:4] == b"OggS",
            "wav": head[:4] == b"RIFF" and head[8:12] == b"WAVE",
        }
        if not fits[extension]:
            raise Refused(_("This is no .%(extension)s file.") % {"extension": extension})
