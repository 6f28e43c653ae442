"""The only place that mounts all floors."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import include, path, re_path
from django.utils.cache import patch_cache_control
from django.views.static import serve
from drf_spectacular.views import SpectacularAPIView
from wagtail.admin import urls as wagtailadmin_urls

from content.admin import closed
from content.urls import in_each_language
from dxp.api import unknown


def alive(request: HttpRequest) -> HttpResponse:
    """Answer that this process serves requests."""
    return HttpResponse("ok", content_type="text/plain")


def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """Send a picture in the size that a page asked for.

    Nothing else that was uploaded is reachable here: documents have their own door, which asks.
    """
    response = serve(request, name, document_root=str(settings.MEDIA_ROOT / "images"))
    # Another cut, or another file, has another name.
    patch_cache_control(response, public=True, max_age=604_800)
    # A drawing that is opened by itself runs nothing in our name.
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


urlpatterns = [
    path("healthz", alive, name="healthz"),
    path("admin/", include(closed.urls())),
    path("admin/", include(wagtailadmin_urls)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/", include("customers.api.urls")),
    path("api/v1/", include("content.api.urls")),
    path("api/v1/", include("journeys.api.urls")),
    path("api/v1/", include("analytics.api.urls")),
    re_path(r"^api/", unknown, name="api_unknown"),
    path("", include("customers.urls")),
    path("", include("content.urls")),
    path("", include("journeys.urls")),
    path("media/images/<path:name>", picture, name="picture"),
    # The default language stands without a prefix: /insights/, /es/insights/.
    *i18n_patterns(*in_each_language, prefix_default_language=False),
]
