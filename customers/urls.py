"""Addresses of this floor."""

from django.urls import include, path

from customers import views

urlpatterns = [
    path("", include("customers.api.collection")),
    path("api/v1/", include("customers.api.urls")),
    path("preferences/<str:token>", views.preferences, name="customers_preferences"),
]
