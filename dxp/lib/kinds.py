"""A registry of classes of one kind: channels, nodes, leaves. Strangers are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

K = TypeVar("K")


class UnknownKind(LookupError):
    """No class was registered under that name."""


class Registry(Generic[K]):
    """The classes of one kind by their `name`.

    Args:
        base: the class that every member extends.
    """

    def __init__(self, base: type[K]) -> None:
        self.base = base
        self.members: dict[str, type[K]] = {}

    def register(self, member: type[K]) -> type[K]:
        """Take a class in; usable as a decorator.

        Raises:
            TypeError: it does not extend the base, or its name is taken.
        """
        name = getattr(member, "name", "")
        if not (isinstance(member, type) and issubclass(member, self.base)) or not name:
            raise TypeError(f"{member!r} is no {self.base.__name__} with a name.")
        if self.members.setdefault(name, member) is not member:
            raise TypeError(f"Two classes of {self.base.__name__} call themselves {name!r}.")
        return member

    def get(self, name: str) -> type[K]:
        """Return the class of that name.

        Raises:
            UnknownKind: nobody registered it.
        """
        try:
            return self.members[name]
        except KeyError as error:
            raise UnknownKind(f"There is no {self.base.__name__.lower()} {name!r}.") from error

    def __iter__(self) -> Iterator[type[K]]:
        return iter(self.members.values())
