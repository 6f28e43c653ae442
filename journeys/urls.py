"""Addresses of this floor: what links in messages lead to."""

from django.urls import path

from journeys import views

app_name = "journeys"
urlpatterns = [
    path("c/<str:token>/<int:number>", views.click, name="click"),
    path("o/<str:token>.gif", views.opened, name="open"),
    path("v/<str:token>", views.view, name="view"),
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
]
