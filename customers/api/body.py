"""Read what SDKs send, whatever they call it."""

from __future__ import annotations

import json
import zlib
from typing import Any

import orjson
from django.http import HttpRequest
from django.http.request import UnreadablePostError

BIGGEST_BODY = 4 * 1024 * 1024


class Refused(Exception):
    """The request can't be accepted; SDKs look at exactly `code` and `message`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def read(request: HttpRequest) -> bytes:
    """Return the body, unpacked, whatever its type is called.

    Raises:
        Refused: it is too large, broken or cut off.
    """
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        announced = 0
    if announced > BIGGEST_BODY:
        raise Refused(413, "payload_too_large", "A request holds 4 MiB at most.")
    try:
        body: bytes = request.read(BIGGEST_BODY + 1)
    except (UnreadablePostError, OSError) as error:
        raise Refused(400, "unreadable", "The body ended before it was complete.") from error
    if body[:2] == b"\x1f\x8b":
        body = _unzipped(body)
    if len(body) > BIGGEST_BODY:
        raise Refused(413, "payload_too_large", "A request holds 4 MiB at most.")
    return body


def _unzipped(body: bytes) -> bytes:
    reader = zlib.decompressobj(wbits=31)
    try:
        text = reader.decompress(body, BIGGEST_BODY + 1)
    except zlib.error as error:
        raise Refused(400, "invalid_gzip", "The body is not valid gzip.") from error
    if len(text) <= BIGGEST_BODY and not reader.eof:
        raise Refused(400, "invalid_gzip", "The body is not complete gzip.")
    return text


def decoded(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a body.

    Raises:
        Refused: it is none.
    """
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        told = _forgiven(body)
    if not isinstance(told, dict):
        raise Refused(400, "invalid_json", "The body is not a JSON object.")
    return told


def _forgiven(body: bytes) -> Any:
    """Read what Python writes and orjson refuses: NaN, lone surrogates, giant numbers.

    Raises:
        Refused: it is no JSON either way.
    """
    try:
        return json.loads(body.decode("utf-8", "replace"), strict=False, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "invalid_json", "The body is not valid JSON.") from error


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 19 else float(digits)
