"""HTTP in and out of the house."""

from __future__ import annotations

import io
import ipaddress
from collections.abc import Callable, Iterable, Mapping
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


def visitor_address(meta: Mapping[str, Any], *, proxies: int) -> str:
    """Return the address a request came from, shortened so that it names a network, not a person.

    IPv4 keeps three of its four numbers, IPv6 its first 48 bits. What `X-Forwarded-For` says is
    believed only for as many places from its end as we have proxies: the rest anybody can write.
    Empty where it is no address.

    Args:
        meta: of the request, as WSGI names it.
        proxies: how many proxies of ours stand between the visitor and this server.
    """
    told = str(meta.get("REMOTE_ADDR") or "")
    if proxies:
        hops = [hop.strip() for hop in str(meta.get("HTTP_X_FORWARDED_FOR") or "").split(",")]
        if len(hops) >= proxies:
            told = hops[-proxies]
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    bits = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, bits), strict=False).network_address)
