"""What a program may be allowed to do: each floor names its own scopes when it starts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dxp.users.models import User

READ_ALL = "read"
ALL = "all"


class UnknownScope(LookupError):
    """Nobody named such a scope."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission of a program: its name, what it means, the right of who grants it.

    With `each`, the address asks for the right on the one thing: a bot with this scope may do it to
    what it was given, and needs no right on everything of the kind.
    """

    name: str
    label: Any
    right: str
    each: bool = False


SCOPES: dict[str, Scope] = {}


def register(*scopes: Scope) -> None:
    """Take scopes in; `<noun>:read` or `<noun>:write`."""
    SCOPES.update({one.name: one for one in scopes})


def grantable(user: User) -> list[Scope]:
    """Return the scopes that a person may give to a program: those of their own rights."""
    return [
        one for one in SCOPES.values() if (one.each and user.is_bot) or user.has_perm(one.right)
    ]


def chosen(words: Iterable[str], user: User) -> list[str]:
    """Return the names of scopes; "read" and "all" stand for those that the person may grant.

    Raises:
        UnknownScope: a word is no scope.
    """
    found: list[str] = []
    for word in words:
        if word in (READ_ALL, ALL):
            some = [one.name for one in grantable(user)]
            found += [one for one in some if word == ALL or one.endswith(":read")]
        elif word in SCOPES:
            found.append(word)
        else:
            raise UnknownScope(word)
    return list(dict.fromkeys(found))
