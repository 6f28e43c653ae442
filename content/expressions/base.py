"""What every expression answers, and the fragment as expressions read it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from dxp.lib.kinds import Registry

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# What a person reads, translated when it is read.
Words: TypeAlias = "str | _StrPromise"
# One block, ready for JSON: its kind under "type", and its parts.
Piece: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """A fragment in one language, as far as expressions care.

    `pieces` are its blocks, `html` what a page shows of them. What is empty of the rest is derived.
    """

    language: str
    pieces: Sequence[Piece] = ()
    html: str = ""
    text: str = ""
    sms: str = ""
    push_title: str = ""
    push_text: str = ""
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody should know about what they wrote; `blocks` keeps it from being published."""

    field: str
    text: str
    blocks: bool = False


class Expression(ABC):
    """One way to say a fragment."""

    name: ClassVar[str] = ""
    label: ClassVar[Words] = ""

    @abstractmethod
    def express(self, content: Content) -> str | dict[str, Any]:
        """Return what the channel is given."""

    def lint(self, content: Content) -> list[Remark]:
        """Return what is wrong with it on this channel, or worth knowing."""
        return []


EXPRESSIONS: Registry[Expression] = Registry(Expression)  # type: ignore[type-abstract]
