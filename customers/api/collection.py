"""Addresses of the event API. The middleware answers them first; here they have names.

Each stands with and without a slash at its end: a redirect would lose a batch silently.
"""

from django.urls import re_path

from customers.api.ingest import answer

KINDS = "identify|track|page|screen|group|alias|batch|import|i|t|p|s|g|a|b|m"

urlpatterns = [
    re_path(rf"^v1/(?P<kind>{KINDS})/?$", answer, name="collect"),
    re_path(r"^beacon/v1/batch/?$", answer, name="collect_beacon"),
    re_path(r"^v1/projects/(?P<key>[^/]+)/settings/?$", answer, name="collect_settings"),
    re_path(r"^sourceConfig/?$", answer, name="collect_source_config"),
]
