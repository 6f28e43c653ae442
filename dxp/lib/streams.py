"""A stream of blocks whose kinds stand in code alone."""

from __future__ import annotations

from typing import Any

from wagtail.fields import StreamField


class BlocksField(StreamField):  # type: ignore[misc]
    """Wagtail's stream without its blocks in migrations: what a block may hold changes no table."""

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """Return the field as migrations know it."""
        name, path, _blocks, options = super().deconstruct()
        options.pop("block_lookup", None)
        return name, path, [[]], options
