"""What has a file that a worker may put elsewhere while somebody edits it."""

from __future__ import annotations

from typing import Any

from django.db import transaction


class Placed:
    """Keeps its file where it is now, whatever was true when somebody opened the form."""

    file: Any
    pk: Any
    read_at: str | None = None

    @classmethod
    def from_db(cls, *told: Any, **more: Any) -> Any:
        """Remember where the file was."""
        made = super().from_db(*told, **more)  # type: ignore[misc]
        made.read_at = made.file.name if "file" in made.__dict__ else None
        return made

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        file = self.file
        if file and file.name == self.read_at and kwargs.get("update_fields") is None:
            model: Any = type(self)
            kept = model._default_manager.select_for_update().filter(pk=self.pk)
            file.name = kept.values_list("file", flat=True).first() or file.name
        super().save(*args, **kwargs)  # type: ignore[misc]
        self.read_at = file.name
