from django.apps import AppConfig


class ContentConfig(AppConfig):
    name = "content"
    verbose_name = "Content"

    def ready(self) -> None:
        from content import extend, keep  # noqa: F401 - `extend` declares this floor's hooks

        keep.register()
