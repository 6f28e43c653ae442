"""Addresses of this floor's API, below `/api/v1/`."""

from django.urls import path

from journeys.api.journeys import EnrollmentsView, EnrollmentView, JourneysView, JourneyView

ONE = "journeys/<int:journey>/"

urlpatterns = [
    path("journeys/", JourneysView.as_view(), name="api_journeys"),
    path(ONE, JourneyView.as_view(), name="api_journey"),
    path(f"{ONE}enrollments/", EnrollmentsView.as_view(), name="api_enrollments"),
    path(f"{ONE}enrollments/<int:run>/", EnrollmentView.as_view(), name="api_enrollment"),
]
