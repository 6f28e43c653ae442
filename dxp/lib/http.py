"""HTTP in and out of the house."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

BIGGEST_CHUNKED_BODY = 8 * 1024 * 1024


class ReadChunked:
    """WSGI wrapper that reads bodies sent with `Transfer-Encoding: chunked`.

    Django trusts Content-Length, which such requests lack: their body would be empty. Mobile
    SDKs send this way.
    """

    def __init__(self, application: Callable[[dict[str, Any], Any], Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
            body = environ["wsgi.input"].read(BIGGEST_CHUNKED_BODY)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return self.application(environ, start_response)
