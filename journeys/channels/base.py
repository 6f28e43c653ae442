"""What every channel answers, and every adapter through which it hands messages over."""

from __future__ import annotations

import enum
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from customers.models import ContactPoint
from dxp.lib.kinds import Registry

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# What a person reads, translated when it is read.
Words: TypeAlias = "str | _StrPromise"


class Outcome(enum.Enum):
    """How the other side answered: done, perhaps later, never, not so fast; or nobody knows."""

    OK = "ok"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    THROTTLED = "throttled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message, ready to go.

    `key` comes back in the receipt; `token` is the same in every try of a delivery, so that a
    provider that understands it takes only one; `content` is what the channel composed: bytes of a
    mail, else a plain dict.
    """

    key: int
    sender: str
    recipient: str
    content: Any
    token: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One answer.

    `recipient_refused` says that the address itself was refused for good; `provider_id` what the
    provider calls the message in later reports; `retry_after` how many seconds it wants to be left
    alone.
    """

    key: int
    outcome: Outcome
    detail: str = ""
    recipient_refused: bool = False
    provider_id: str = ""
    retry_after: float | None = None


class Unusable(Exception):
    """An adapter can't work as it is configured; the text is for the person who configured it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that an adapter has to be told; the admin draws its form from these.

    `kind`: text, secret (never shown again), url, number, boolean or choice.
    """

    name: str
    label: Words
    kind: str = "text"
    help: Words = ""
    required: bool = True
    default: Any = ""
    options: Sequence[tuple[str, Words]] = ()


class Adapter(ABC):
    """One way to hand messages over; it knows its configuration, and no settings.

    Args:
        config: by the names of `settings`, secrets included. `journeys.ways` adds two that nobody
            types: `networks`, which may be reached besides the public net, and `callback`, the
            address where the provider may tell what became of messages.
    """

    name: ClassVar[str] = ""
    label: ClassVar[Words] = ""
    settings: ClassVar[Sequence[Setting]] = ()
    # Whether the provider takes a message with the same token only once: then a try without an
    # answer is simply repeated.
    idempotent: ClassVar[bool] = False

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config

    @classmethod
    def complete(cls, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return a configuration with what nobody has to type, such as keys of its own.

        Called once, before a sender is saved.
        """
        return dict(config)

    @abstractmethod
    def send(self, batch: Iterable[Parcel]) -> Iterator[Receipt]:
        """Yield one receipt per parcel, in order; the next is taken only when one was answered.

        Nothing that the other side does raises: it becomes a receipt.
        """

    def check(self) -> str:
        """Return what the other side says to a first contact that sends nothing.

        Raises:
            Unusable: it can't be reached, or refuses us.
        """
        return ""

    def close(self) -> None:
        """Let go of what is kept open."""
        return None


@dataclass(frozen=True, slots=True)
class Advice:
    """What somebody should know about a draft; `blocks` keeps it from being published."""

    field: str
    text: str
    blocks: bool = False


@dataclass(slots=True)
class Rendered:
    """A message with marks, the same for everyone; `links[n]` is the target of link n."""

    subject: str = ""
    html: str = ""
    text: str = ""
    links: list[str] = field(default_factory=lambda: [""])
    parts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """What marketing wrote; variables not yet marked. `blocks` are (kind, value) of a mail."""

    subject: str = ""
    preheader: str = ""
    text: str = ""
    url: str = ""
    blocks: Sequence[tuple[str, Any]] = ()

    def texts(self) -> Iterator[str]:
        """Yield every text that may hold variables."""
        yield from (self.subject, self.preheader, self.text, self.url)
        for _kind, value in self.blocks:
            yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping) and value.get("question"):
        # What is asked for around other blocks is sure to be there inside them.
        inside = "".join(_texts(value.get("blocks", ())))
        yield f"{{% if {value['question']} %}}{inside}{{% endif %}}"
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


@dataclass(frozen=True, slots=True)
class Letter:
    """One delivery to one person: what a channel needs besides the rendered message.

    `fill` puts the person's values and signed links into a text with marks, each passed through the
    function given. `token` is the same in every try.
    """

    fill: Callable[[str, Callable[[str], str]], str]
    sender: str
    recipient: str
    token: str
    at: datetime
    leave_url: str = ""
    marketing: bool = True


class Channel(ABC):
    """A kind of message: what marketing writes, what is sent, and to which sort of address.

    A new channel is a folder with a subclass and its adapters.
    """

    name: ClassVar[str] = ""
    label: ClassVar[Words] = ""
    icon: ClassVar[str] = "mail"
    # The sort of contact point; empty: it needs none (its recipient is the person).
    contact: ClassVar[str] = ""
    # Whether marketing on it needs a consent of the person to that contact channel.
    asks_consent: ClassVar[bool] = True
    # Whether quiet hours and caps hold it: what waits on a page disturbs nobody.
    disturbs: ClassVar[bool] = True
    # Which fields of `journeys.Message` it uses, in the order of its form.
    fields: ClassVar[Sequence[str]] = ("text",)
    adapters: ClassVar[Registry[Adapter]]

    def recipients(self, points: Sequence[ContactPoint]) -> dict[int, str]:
        """Return what adapters get as recipient, by contact point."""
        return {point.pk: point.shown for point in points}

    @abstractmethod
    def render(self, draft: Draft, *, site: str, frame: Any = None) -> Rendered:
        """Return a draft with marks for variables and links (`journeys.wording`), at publishing.

        Args:
            draft: what was written.
            site: the address that links beginning with / belong to.
            frame: what stands around a mail.
        """

    @abstractmethod
    def compose(self, message: Rendered, letter: Letter) -> Any:
        """Return what the adapter hands over, the same for every try of a delivery."""

    def advise(self, draft: Draft) -> list[Advice]:
        """Return what is wrong with a draft, or worth knowing."""
        return []


CHANNELS: Registry[Channel] = Registry(Channel)  # type: ignore[type-abstract]
