"""From POST to a committed inbox, against a view that does nothing but COPY ready-made rows."""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Callable
from typing import Any

import orjson
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse

from benchmarks import Result
from benchmarks._cost import Cost, twin
from benchmarks._events import bare, batch
from customers.append import COLUMNS
from customers.models import Inbox, Source
from dxp.lib import clock
from dxp.lib.rows import raw_cursor

SIZES = (100, 20, 1)
COPY = f"COPY bare ({', '.join(COLUMNS)}) FROM STDIN"


class Bare:
    """The baseline: stands where ours stands, reads the body, appends rows made beforehand."""

    rows = b""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.read()
        with raw_cursor() as cursor, cursor.copy(COPY) as copy:
            copy.write(Bare.rows)
        return HttpResponse(b'{"success":true}', content_type="application/json")


def run(quick: bool) -> Result:
    """Return our CPU per event at batch 100 beside the baseline's; other sizes in the table."""
    connection.settings_dict["CONN_MAX_AGE"] = None
    source = Source.objects.create(name="Benchmark")
    twin("bare")
    ours, baseline = _handlers()
    table, figures = [], {}
    for size in SIZES:
        rounds = max(20, (4_000 if quick else 60_000) // max(size, 10))
        mine, bare_ = _measure(ours, baseline, source.write_key, size, rounds)
        number = size * rounds
        figures[size] = mine.cpu / number * 1e6, bare_.cpu / number * 1e6
        table += [
            (f"batch {size}: POST to committed inbox", mine.each(number)),
            (f"batch {size}: no-op view and COPY", bare_.each(number)),
            (f"batch {size}: ratio", f"{mine.cpu / bare_.cpu:.2f}"),
            (f"batch {size}: events/s, one after the other", f"{number / mine.wall:,.0f}"),
        ]
    mine_us, bare_us = figures[SIZES[0]]
    return Result(
        "ingest", round(mine_us, 2), round(bare_us, 2), round(mine_us / bare_us, 3),
        "us CPU/event at batch 100", table,
    )  # fmt: skip


def _handlers() -> tuple[WSGIHandler, WSGIHandler]:
    ours = WSGIHandler()
    before, settings.MIDDLEWARE = settings.MIDDLEWARE, ["benchmarks.ingest.Bare"]
    baseline = WSGIHandler()
    settings.MIDDLEWARE = before
    return ours, baseline


def _measure(
    ours: WSGIHandler, baseline: WSGIHandler, key: str, size: int, rounds: int
) -> tuple[Cost, Cost]:
    dice = random.Random(size)
    mine, theirs = Cost(), Cost()
    at = clock.now()
    for turn in range(rounds + 5):
        calls = batch(dice, size, at, people=5000)
        body = orjson.dumps({"batch": calls, "sentAt": at.isoformat()})
        Bare.rows = b"".join(bare(turn * size + i, call, at) for i, call in enumerate(calls))
        if turn == 5:
            # The first rounds only warm up.
            mine, theirs = Cost(), Cost()
        with mine:
            _post(ours, body, key)
        with theirs:
            _post(baseline, body, key)
    assert Inbox.objects.count() >= rounds
    return mine, theirs


def _post(handler: WSGIHandler, body: bytes, key: str) -> None:
    authorization = base64.b64encode(f"{key}:".encode()).decode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/v1/batch", "SERVER_NAME": "testserver",
        "SERVER_PORT": "80", "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
        "CONTENT_TYPE": "application/json", "HTTP_AUTHORIZATION": f"Basic {authorization}",
        "wsgi.url_scheme": "http", "wsgi.errors": io.BytesIO(), "SCRIPT_NAME": "",
    }  # fmt: skip
    response = handler(environ, lambda status, headers, failure=None: lambda body: None)
    assert response.status_code == 200, f"answered {response.status_code}"
    response.close()
