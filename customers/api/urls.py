"""Addresses of the API, below `/api/v1/`."""

from django.urls import path

from customers.api.consents import ConsentStateView, ConsentsView
from customers.api.events import EventsView
from customers.api.links import LinksView, MergeView, RevokeView
from customers.api.profiles import ProfilesView, ProfileView
from customers.api.rights import ErasureView, ExportView
from customers.api.segments import MembersView, SegmentsView, SegmentView, SizeView, WhyView

PROFILE = "profiles/<uuid:public_id>/"

urlpatterns = [
    path("events/", EventsView.as_view(), name="api_events"),
    path("profiles/", ProfilesView.as_view(), name="api_profiles"),
    path(PROFILE, ProfileView.as_view(), name="api_profile"),
    path(f"{PROFILE}consents/", ConsentsView.as_view(), name="api_consents"),
    path(f"{PROFILE}consents/state/", ConsentStateView.as_view(), name="api_consent_state"),
    path(f"{PROFILE}links/", LinksView.as_view(), name="api_links"),
    path(f"{PROFILE}merge/", MergeView.as_view(), name="api_merge"),
    path("links/<int:link>/revoke/", RevokeView.as_view(), name="api_revoke"),
    path(f"{PROFILE}export/", ExportView.as_view(), name="api_export"),
    path(f"{PROFILE}erasure/", ErasureView.as_view(), name="api_erasure"),
    path("segments/", SegmentsView.as_view(), name="api_segments"),
    path("segments/<slug:slug>/", SegmentView.as_view(), name="api_segment"),
    path("segments/<slug:slug>/members/", MembersView.as_view(), name="api_segment_members"),
    path(
        "segments/<slug:slug>/members/<uuid:public_id>/", WhyView.as_view(), name="api_segment_why"
    ),
    path("segment-size/", SizeView.as_view(), name="api_segment_size"),
]
