"""Addresses of this floor's API, below `/api/v1/`."""

from django.urls import path

from content.api.decisions import DecisionsView
from content.api.fragments import FragmentsView, FragmentView

urlpatterns = [
    path("decisions/", DecisionsView.as_view(), name="api_decisions"),
    path("fragments/", FragmentsView.as_view(), name="api_fragments"),
    path("fragments/<int:fragment>/", FragmentView.as_view(), name="api_fragment"),
]
