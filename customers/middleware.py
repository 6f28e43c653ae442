"""Collection, before everything that costs."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from customers.api import ingest


class CollectionMiddleware:
    """Answers the event API itself, so that a batch never pays for sessions, CSRF and sign-in.

    Nor is it ever redirected: SDKs follow a redirect as GET and lose the batch silently.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(ingest.PREFIXES):
            answer = ingest.answer(request)
            answer.headers.setdefault("Content-Length", str(len(answer.content)))
            return answer
        return self.get_response(request)
