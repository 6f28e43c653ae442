"""What a test needs of an adapter's other side: to be told how to answer, and what it took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from journeys import wording
from journeys.channels import CHANNELS
from journeys.channels.base import Draft, Letter, Parcel
from journeys.wording import Values
from tests.far import Far

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
SITE = "https://alder.example"
HERE = ("127.0.0.0/8",)
# How the other side can be told to answer, besides yes.
ANSWERS = ("gone", "later", "busy", "away", "silent")


@dataclass(frozen=True)
class Taken:
    """What the other side took: whose it is, all its words, and the delivery's token."""

    recipient: str
    words: str
    token: str = ""


class Bench:
    """One adapter with its other side. A new adapter adds a subclass to `BENCHES`.

    `never` names the answers that this other side can't give, each with the reason; the other
    methods of `ANSWERS` make it give them from now on.
    """

    channel = ""
    adapter = ""
    never: dict[str, str] = {}
    # What nobody may read in a receipt or an error.
    secrets: tuple[str, ...] = ()
    draft = Draft(subject="Hello {{ first_name }}", text="Dear {{ first_name }}, news.")

    def __enter__(self):
        return self

    def __exit__(self, *args):
        return None

    @property
    def kind(self):
        return CHANNELS.get(self.channel).adapters.get(self.adapter)

    def make(self):
        """Return the adapter, set up to talk to this other side."""
        return self.kind(self.complete(self.config()))

    def complete(self, config):
        named = {one.name: one.default for one in self.kind.settings}
        return self.kind.complete(named | config)

    def config(self):
        return {}

    def recipient(self, number):
        return f"+4072200000{number}"

    def shown(self, number):
        """Return what the other side sees of a recipient."""
        return self.recipient(number)

    def key(self, number):
        return 100 + number

    def content(self, number, name="Ana"):
        channel = CHANNELS.get(self.channel)()
        return channel.compose(channel.render(self.draft, site=SITE), self.letter(number, name))

    def letter(self, number, name="Ana"):
        def fill(marked, escape):
            values = Values({"firstName": name})
            return wording.fill(
                marked, values=values, links=lambda one, *_more: f"{SITE}/c/x/{one}", escape=escape
            )

        return Letter(
            fill=fill, sender="Alder <hello@alder.example>", recipient=self.recipient(number),
            token=f"token{number}", at=AT, leave_url=f"{SITE}/u/x",
        )  # fmt: skip

    def parcel(self, number=1):
        return Parcel(
            self.key(number), "hello@alder.example", self.recipient(number), self.content(number),
            f"token{number}",
        )  # fmt: skip

    def taken(self) -> list[Taken]:
        raise NotImplementedError


class WebBench(Bench):
    """An other side that is a web server."""

    yes = (200, {}, b"{}")
    refusal = (404, {}, b"gone")

    def __enter__(self):
        self.far = Far().__enter__()
        self.far.says(*self.yes)
        return self

    def __exit__(self, *args):
        self.far.__exit__()

    def config(self):
        return {"networks": HERE, "seconds": 0.5}

    def gone(self):
        self.far.says(*self.refusal)

    def later(self):
        self.far.says(500, {}, b"try again")

    def busy(self):
        self.far.says(429, {"Retry-After": "7"}, b"slow down")

    def away(self):
        self.far.__exit__()

    def silent(self):
        self.far.cuts()

    def hangs(self):
        self.far.hangs()


BENCHES: list[type[Bench]] = []


def bench(one: type[Bench]) -> type[Bench]:
    """Take a bench in."""
    BENCHES.append(one)
    return one
