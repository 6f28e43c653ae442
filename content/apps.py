from django.apps import AppConfig


class ContentConfig(AppConfig):
    name = "content"
    verbose_name = "Content"

    def ready(self) -> None:
        from content import (
            extend,  # noqa: F401 - declares this floor's hooks
            keep,
            receivers,
        )

        keep.register()
        receivers.connect()
