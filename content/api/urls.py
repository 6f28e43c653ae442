"""Addresses of this floor's API, below `/api/v1/`."""

from django.urls import path

from content.api.decisions import DecisionsView
from content.api.fragments import FragmentsView, FragmentView
from content.api.terms import PagesView, TermsView

urlpatterns = [
    path("decisions/", DecisionsView.as_view(), name="api_decisions"),
    path("terms/", TermsView.as_view(), name="api_terms"),
    path("pages/", PagesView.as_view(), name="api_pages"),
    path("fragments/", FragmentsView.as_view(), name="api_fragments"),
    path("fragments/<int:fragment>/", FragmentView.as_view(), name="api_fragment"),
]
