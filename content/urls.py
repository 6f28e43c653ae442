"""Addresses of this floor."""

from django.urls import path

from content.views import confirm, consent, sign_up, site, slots

urlpatterns = [
    path("_x/slots", slots.slots, name="content_slots"),
    path("_x/consent", consent.decide, name="content_consent"),
    path("_x/sign-up", sign_up.sign_up, name="content_sign_up"),
    path("confirm/<str:token>", confirm.confirm, name="content_confirm"),
    path("cookies/", consent.settings, name="content_cookies"),
    path("search/", site.search, name="content_search"),
    path("sitemap.xml", site.sitemap, name="content_sitemap"),
    path("robots.txt", site.robots, name="content_robots"),
    path("favicon.ico", site.Favicon.as_view(), name="content_favicon"),
]
