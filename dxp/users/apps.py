from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "dxp.users"
    label = "users"
    verbose_name = "Users"
