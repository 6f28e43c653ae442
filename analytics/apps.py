from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = "Analytics"

    def ready(self) -> None:
        from analytics import (
            extend,  # noqa: F401 - declares this floor's hooks
            keep,
        )

        keep.register()
