"""Who may sign in: people, by their password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend


class PeopleOnly(ModelBackend):
    """Django's way in, closed to bots: also where somebody gave one a password."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Return whether this account may have a session."""
        return not getattr(user, "is_bot", False) and super().user_can_authenticate(user)
