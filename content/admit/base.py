"""What every look at an uploaded file shares."""

from __future__ import annotations

from typing import Any, ClassVar

from dxp.lib.kinds import Registry


class Refused(ValueError):
    """This file is not taken; the text says why, to whoever uploads it."""


class Family:
    """Files of one build: which endings they have, and what has to be true of their inside.

    Set `name` and `extensions`, and register the class in `FAMILIES`.
    """

    name: ClassVar[str]
    extensions: ClassVar[tuple[str, ...]]

    def check(self, file: Any, extension: str) -> None:
        """Look inside.

        Args:
            file: may be read and sought; is at its beginning.
            extension: in small letters, without the dot.

        Raises:
            Refused: it is not what its name says, is broken, or would do harm.
        """
        raise NotImplementedError


FAMILIES: Registry[Family] = Registry(Family)
