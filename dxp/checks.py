"""Start-up checks of the house as a whole."""

from typing import Any

from django.conf import settings
from django.core import checks


@checks.register("dxp")
def check_database(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """E003: another database than PostgreSQL."""
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        return [
            checks.Error(
                "DXP stands on PostgreSQL alone (partitions, COPY, SKIP LOCKED).",
                hint="DATABASE_URL must begin with postgres://",
                id="dxp.E003",
            )
        ]
    return []
