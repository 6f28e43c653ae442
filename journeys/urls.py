"""Addresses of this floor: what links in messages lead to."""

from django.urls import path

from journeys import views
from journeys.api import callbacks, onsite, push, sms

app_name = "journeys"
urlpatterns = [
    path("c/<str:token>/<int:number>", views.click, name="click"),
    path("o/<str:token>.gif", views.opened, name="open"),
    path("v/<str:token>", views.view, name="view"),
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("push-worker.js", push.worker, name="push_worker"),
    path("_x/push", push.subscribe, name="push"),
    path("_x/push/off", push.unsubscribe, name="push_off"),
    path("_x/onsite", onsite.waiting, name="onsite"),
    path("_x/onsite/<str:token>/seen", onsite.seen, name="onsite_seen"),
    path("_x/onsite/<str:token>/close", onsite.close, name="onsite_close"),
    path("_x/sms/<int:sender>", sms.hear, name="sms"),
    path("_x/mail/<int:sender>/<slug:provider>/<str:key>", callbacks.mail, name="mail"),
]
