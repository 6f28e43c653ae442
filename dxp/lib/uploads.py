"""Uploads go to the disk, and no further than any form would take them."""

from __future__ import annotations

from django.conf import settings
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes a file until it is larger than we take, and only counts after that.

    The form then sees its true size, and says at the field that it is too large.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a piece of the file."""
        if start <= settings.WAGTAILDOCS_MAX_UPLOAD_SIZE:
            super().receive_data_chunk(raw_data, start)
