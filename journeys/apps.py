from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "journeys"
    verbose_name = "Journeys"

    def ready(self) -> None:
        from journeys import (
            extend,  # noqa: F401 - declares this floor's hooks
            keep,
            receivers,
        )

        receivers.connect()
        keep.register()
