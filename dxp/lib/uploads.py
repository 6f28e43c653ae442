"""Uploads go to the disk, and no further than any form would take them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes a file until it is larger than we take, and only counts after that.

    The form then sees its true size, and says at the field that it is too large. Whoever sends a
    further file in the same breath is refused, or a hundred of them would fill the disk.
    """

    written = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file.

        Raises:
            RequestDataTooBig: those before it were as much as we take.
        """
        if self.written >= settings.WAGTAILDOCS_MAX_UPLOAD_SIZE:
            raise RequestDataTooBig("Too much was sent at once.")
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a piece of the file."""
        if start <= settings.WAGTAILDOCS_MAX_UPLOAD_SIZE:
            self.written += len(raw_data)
            super().receive_data_chunk(raw_data, start)
