"""Addresses of this floor: those that stand once, and those that stand in each language."""

from django.contrib.auth.views import LoginView
from django.urls import path, re_path
from wagtail.documents.views.serve import authenticate_with_password
from wagtail.views import authenticate_with_password as open_page

from content.views import (
    confirm,
    consent,
    documents,
    feeds,
    forms,
    pages,
    pictures,
    review,
    sign_up,
    site,
    slots,
)  # fmt: skip

urlpatterns = [
    path("_x/slots", slots.slots, name="content_slots"),
    path("_x/consent", consent.decide, name="content_consent"),
    path("_x/form", forms.form, name="content_form"),
    path("_x/sign-up", sign_up.sign_up, name="content_sign_up"),
    path("_x/size/<str:signature>/<int:number>/<str:spec>", pictures.size, name="content_size"),
    path("confirm/<str:token>", confirm.confirm, name="content_confirm"),
    # Under Wagtail's own names, so that its links lead here.
    path(
        "documents/<int:document_id>/<str:document_filename>",
        documents.serve,
        name="wagtaildocs_serve",
    ),
    path(
        "documents/authenticate_with_password/<int:restriction_id>/",
        authenticate_with_password,
        name="wagtaildocs_authenticate_with_password",
    ),
    path("pictures/<int:rendition_id>/<str:filename>", documents.picture, name="content_picture"),
    path("open/<str:token>", documents.by_link, name="content_document_link"),
    path("review/<str:token>/", review.guest, name="content_guest_review"),
    path("review/<str:token>/draft/", review.draft, name="content_guest_draft"),
    path("sitemap.xml", site.sitemap, name="content_sitemap"),
    path("site.<slug:digest>.css", site.styles, name="content_styles"),
    path("robots.txt", site.robots, name="content_robots"),
    path("favicon.ico", site.Favicon.as_view(), name="content_favicon"),
]
in_each_language = [
    path("cookies/", consent.settings, name="content_cookies"),
    path("search/", site.search, name="content_search"),
    path("feed.xml", feeds.newest, name="content_feed"),
    path("feed/<slug:topic>.xml", feeds.newest, name="content_feed_topic"),
    # Under Wagtail's own names, so that its pages know their addresses: closed pages lead here.
    path(
        "_util/authenticate_with_password/<int:page_view_restriction_id>/<int:page_id>/",
        open_page,
        name="wagtailcore_authenticate_with_password",
    ),
    path(
        "_util/login/",
        LoginView.as_view(template_name="wagtailcore/login.html"),
        name="wagtailcore_login",
    ),
    re_path(r"^(?P<path>(?:[\w\-]+/)*)$", pages.serve, name="wagtail_serve"),
]
