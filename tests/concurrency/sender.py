"""Clients as SDKs are: each sends batches one after the other, and repeats until it hears 200."""

from __future__ import annotations

import http.client
import itertools
import random
import threading
import time
from collections import Counter

import orjson

EVENTS = ("Article Viewed", "Product Viewed")
PEOPLE = 25


class Senders:
    """Some clients that stream until `stop`; `told` are the calls that were acknowledged."""

    def __init__(self, port: int, key: str, clients: int = 3) -> None:
        self.port, self.key = port, key
        self.told: list[dict[str, object]] = []
        self.answers: Counter[object] = Counter()
        # When each 200 came.
        self.successes: list[float] = []
        self.ended = threading.Event()
        self.lock = threading.Lock()
        self.threads = [
            threading.Thread(target=self._stream, args=[number], daemon=True)
            for number in range(clients)
        ]
        for thread in self.threads:
            thread.start()

    def _stream(self, client: int) -> None:
        dice = random.Random(client)
        for batch in itertools.count():
            if self.ended.is_set():
                return
            who = dice.randrange(PEOPLE)
            calls = [
                {"type": "track", "event": dice.choice(EVENTS), "anonymousId": f"browser-{who}",
                 "messageId": f"{client}-{batch}-{number}"}
                for number in range(4)
            ]  # fmt: skip
            calls.append({
                "type": "identify", "userId": f"user-{who}", "anonymousId": f"browser-{who}",
                "messageId": f"{client}-{batch}-i", "traits": {"n": batch},
            })  # fmt: skip
            self._until_it_is_taken(orjson.dumps({"batch": calls, "writeKey": self.key}))
            with self.lock:
                self.told += calls

    def _until_it_is_taken(self, body: bytes) -> None:
        while (answer := self._post(body)) != 200:
            self.answers[answer] += 1
            time.sleep(0.05)
        self.successes.append(time.monotonic())
        self.answers[200] += 1
        # Not as fast as the machine can: programs under test have to start beside it.
        time.sleep(0.02)

    def _post(self, body: bytes) -> object:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("POST", "/v1/batch", body)
            answer = line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            return type(error).__name__
        finally:
            line.close()
        return answer.status

    def wait_for(self, more: int, patience: float = 120.0) -> None:
        """Return when so many more requests have been taken."""
        wanted = len(self.successes) + more
        deadline = time.monotonic() + patience
        while len(self.successes) < wanted:
            assert time.monotonic() < deadline, f"Nothing was taken any more: {self.answers}"
            time.sleep(0.01)

    def stop(self) -> None:
        """Let each client finish its batch."""
        self.ended.set()
        for thread in self.threads:
            thread.join(120)
            assert not thread.is_alive(), f"A client never heard 200: {self.answers}"
