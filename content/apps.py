from django.apps import AppConfig


class ContentConfig(AppConfig):
    name = "content"
    verbose_name = "Content"

    def ready(self) -> None:
        from content import (
            acts,  # noqa: F401 - registers what can be done to many things
            extend,  # noqa: F401 - declares this floor's hooks
            keep,
            policies,
            receivers,
        )

        policies.register()
        keep.register()
        receivers.connect()
