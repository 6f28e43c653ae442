"""Addresses of this floor's API, below `/api/v1/`."""

from django.urls import path

from content.api.decisions import DecisionsView
from content.api.drafts import DraftView, PublishView
from content.api.fragments import FragmentsView, FragmentView
from content.api.tags import TagsView, TagView
from content.api.terms import PagesView, TermsView

urlpatterns = [
    path("decisions/", DecisionsView.as_view(), name="api_decisions"),
    path("terms/", TermsView.as_view(), name="api_terms"),
    path("pages/", PagesView.as_view(), name="api_pages"),
    path("tags/<str:kind>/<int:object_id>/", TagsView.as_view(), name="api_tags"),
    path("tags/<str:kind>/<int:object_id>/<str:term>/", TagView.as_view(), name="api_tags_term"),
    path("fragments/", FragmentsView.as_view(), name="api_fragments"),
    path("fragments/<int:fragment>/", FragmentView.as_view(), name="api_fragment"),
    path("fragments/<int:fragment>/draft/", DraftView.as_view(), name="api_fragment_draft"),
    path("fragments/<int:fragment>/publish/", PublishView.as_view(), name="api_fragment_publish"),
]
