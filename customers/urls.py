"""Addresses of this floor."""

from django.urls import include, path

urlpatterns = [
    path("", include("customers.api.collection")),
    path("api/v1/", include("customers.api.urls")),
]
