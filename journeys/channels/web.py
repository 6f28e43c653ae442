"""What adapters share that make one HTTP request per message."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from dxp.lib.outbound import Answer, Client, NoAnswer, NotReached, Refused
from journeys.channels.base import Adapter, Outcome, Parcel, Receipt, Unusable

LONGEST_DETAIL = 300
SECONDS = 15.0


class OverHttp(Adapter):
    """An adapter that goes out over HTTP, once per message."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config)
        seconds = float(config.get("seconds") or SECONDS)
        self.client = Client(seconds=seconds, allowed=tuple(config.get("networks") or ()))

    def send(self, batch: Iterable[Parcel]) -> Iterator[Receipt]:
        """Yield one receipt per parcel."""
        for parcel in batch:
            yield self._send(parcel)

    @abstractmethod
    def _send(self, parcel: Parcel) -> Receipt:
        """Hand one message over; nothing that the other side does raises."""

    def detail(self, answer: Answer) -> str:
        """Return the status and the beginning of an answer, without our secrets."""
        return self.discreet(f"{answer.status} {' '.join(answer.text.split())}")

    def discreet(self, words: str) -> str:
        """Return words for staff without the secrets that the other side may have repeated."""
        for setting in self.settings:
            secret = str(self.config.get(setting.name) or "")
            if setting.kind == "secret" and len(secret) > 3:
                words = words.replace(secret, "…")
        return words.strip()[:LONGEST_DETAIL]

    def reach(self, url: str) -> str:
        """Return who is at an address, by connecting and saying nothing.

        Raises:
            Unusable: nobody, or nobody we may go to.
        """
        try:
            return f"Connected to {self.client.reach(url)}."
        except (Refused, NotReached) as error:
            raise Unusable(self.discreet(str(error))) from error

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()


class WebAdapter(OverHttp):
    """An adapter that asks once per message and reads the answer's status."""

    # Whether everybody's messages go to one place: then a place that is down or refuses us is no
    # fault of a message, and the whole sender waits.
    one_place: ClassVar[bool] = True

    @abstractmethod
    def ask(self, parcel: Parcel) -> Answer:
        """Hand one message over; what `dxp.lib.outbound` raises may be left to `send`."""

    def _send(self, parcel: Parcel) -> Receipt:
        absent = Outcome.THROTTLED if self.one_place else Outcome.TEMPORARY
        try:
            answer = self.ask(parcel)
        except Refused as error:
            # One address for everybody is the sender's fault, not a message's.
            refused = Outcome.THROTTLED if self.one_place else Outcome.PERMANENT
            return Receipt(parcel.key, refused, self.discreet(str(error)))
        except NotReached as error:
            return Receipt(parcel.key, absent, self.discreet(f"no connection: {error}"))
        except NoAnswer as error:
            return Receipt(parcel.key, Outcome.UNKNOWN, self.discreet(f"no answer: {error}"))
        return self.judge(parcel, answer)

    def judge(self, parcel: Parcel, answer: Answer) -> Receipt:
        """Return what an answer means for a message."""
        outcome = outcome_of(answer, one_place=self.one_place)
        patience = answer.retry_after if outcome is Outcome.THROTTLED else None
        return Receipt(parcel.key, outcome, self.detail(answer), retry_after=patience)


def outcome_of(answer: Answer, *, one_place: bool) -> Outcome:
    """Return what a status says about one message; redirects are a no, as nobody follows them."""
    status = answer.status
    if 200 <= status < 300:
        return Outcome.OK
    if status == 429 or (status == 503 and answer.retry_after is not None):
        return Outcome.THROTTLED
    if status in {401, 402, 403} and one_place:
        return Outcome.THROTTLED
    if status in {502, 504}:
        # Somebody in between lost the answer; the message may have been taken.
        return Outcome.UNKNOWN
    return Outcome.TEMPORARY if status >= 500 or status in {408, 425} else Outcome.PERMANENT
