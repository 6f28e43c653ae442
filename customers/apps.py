from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "customers"
    verbose_name = "Customers"

    def ready(self) -> None:
        from customers import (
            extend,  # noqa: F401 - declares this floor's hooks
            keep,
        )

        keep.register()
