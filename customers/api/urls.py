"""Addresses of the read API, below `/api/v1/`."""

from django.urls import path

from customers.api.events import EventsView
from customers.api.profiles import ProfilesView, ProfileView
from customers.api.segments import MembersView, SegmentsView, SegmentView

urlpatterns = [
    path("events/", EventsView.as_view(), name="api_events"),
    path("profiles/", ProfilesView.as_view(), name="api_profiles"),
    path("profiles/<uuid:public_id>/", ProfileView.as_view(), name="api_profile"),
    path("segments/", SegmentsView.as_view(), name="api_segments"),
    path("segments/<slug:slug>/", SegmentView.as_view(), name="api_segment"),
    path("segments/<slug:slug>/members/", MembersView.as_view(), name="api_segment_members"),
]
