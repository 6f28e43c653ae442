"""A Django view that does nothing, without middleware: what a request costs at least."""

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[], SECRET_KEY="-", DATABASES={}
)


def nothing(request: HttpRequest) -> HttpResponse:
    """Answer."""
    return HttpResponse(b"ok", content_type="text/plain")


urlpatterns = [path("", nothing)]
application = WSGIHandler()
