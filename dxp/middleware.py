"""What every answer carries."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse


class ContentSecurityPolicyMiddleware:
    """Sends the Content-Security-Policy: strict on the site, with named exceptions in the admin."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        site = settings.CONTENT_SECURITY_POLICY
        self.site = _header(site)
        self.admin = _header({**site, **settings.CONTENT_SECURITY_POLICY_ADMIN})

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = self.admin if request.path.startswith("/admin/") else self.site
        response.headers.setdefault("Content-Security-Policy", policy)
        return response


def _header(policy: dict[str, list[str]]) -> str:
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())
