"""What every reader of a format shares. Nothing here knows Django: it runs in the child."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import ClassVar

from dxp.lib.kinds import Registry


class Locked(ValueError):
    """A password would be needed."""


class Reader:
    """Gets the words out of files of some formats.

    Set `name` and `extensions`, and register the class in `READERS`.
    """

    name: ClassVar[str]
    extensions: ClassVar[tuple[str, ...]]

    def words(self, data: BytesIO, extension: str) -> Iterator[str]:
        """Yield the words, a line or a paragraph at a time.

        Raises:
            Locked: a password would be needed.
        """
        raise NotImplementedError


READERS: Registry[Reader] = Registry(Reader)
