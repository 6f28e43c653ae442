"""Send a file: whole, a part of it, or the news that it is the one that the browser has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags, quote_etag

CHUNK = 65_536
# No file is longer than eighteen digits say.
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


def send(
    request: HttpRequest, file: Any, *, name: str, kind: str, size: int, digest: str, inline: bool,
    whole: bool = False,
) -> HttpResponseBase:  # fmt: skip
    """Return the answer to a request for a file.

    Args:
        request: may ask for a part of it, or name what it has.
        file: open for reading; is closed with the answer.
        name: under which it is kept by whoever gets it.
        kind: its media type.
        size: in bytes.
        digest: changes with its content.
        inline: shown by the browser instead of kept.
        whole: whatever is asked for.
    """
    tag = quote_etag(digest)
    headers = {
        "ETag": tag, "Accept-Ranges": "bytes", "X-Content-Type-Options": "nosniff",
        # Opened by itself a file must not run anything in our name.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        "Content-Disposition": content_disposition_header(not inline, name) or "inline",
    }  # fmt: skip
    if not whole and tag in parse_etags(request.headers.get("If-None-Match", "")):
        file.close()
        return HttpResponse(status=304, headers=headers)
    part = (0, size) if whole else _part(request, size, tag)
    if part is None:
        file.close()
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    start, end = part
    is_all = (start, end) == (0, size)
    response = StreamingHttpResponse(
        _Part(file, start, end - start), status=200 if is_all else 206, content_type=kind,
        headers={**headers, "Content-Length": str(end - start)},
    )  # fmt: skip
    if not is_all:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response


def begins(request: HttpRequest) -> bool:
    """Return whether somebody asks for the beginning of a file, and not for a further part."""
    found = RANGE.fullmatch(request.headers.get("Range", "").strip())
    return found is None or found[1] in {"0", "00"}


def _part(request: HttpRequest, size: int, tag: str) -> tuple[int, int] | None:
    """Return first byte and end of what is asked for; None where nothing lies there."""
    asked = RANGE.fullmatch(request.headers.get("Range", "").strip())
    condition = request.headers.get("If-Range")
    if asked is None or not (asked[1] or asked[2]) or (condition and condition != tag):
        return 0, size
    if not asked[1]:
        return (max(0, size - int(asked[2])), size) if int(asked[2]) and size else None
    start = int(asked[1])
    end = min(int(asked[2]) + 1, size) if asked[2] else size
    return (start, end) if start < min(end, size) else None


class _Part:
    """So many bytes of a file from a place on."""

    def __init__(self, file: Any, start: int, length: int) -> None:
        self.file, self.left = file, length
        file.seek(start)

    def __iter__(self) -> Iterator[bytes]:
        while self.left and (chunk := self.file.read(min(CHUNK, self.left))):
            self.left -= len(chunk)
            yield chunk

    def close(self) -> None:
        """Let go of the file."""
        self.file.close()
