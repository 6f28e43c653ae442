"""The addresses of the pages about one journey, beside its list and its editor."""

from __future__ import annotations

from django.urls import URLPattern, path

from journeys.admin.launch import LaunchPage
from journeys.admin.people import PeopleView
from journeys.admin.rehearsal import RehearsalPage
from journeys.admin.resume import PauseView, ResumePage
from journeys.admin.tracing import EnrollPage, TracePage
from journeys.admin.transfers import TransferPage
from journeys.admin.versions import RollbackPage, VersionsPage


def pages() -> list[URLPattern]:
    """Return the addresses."""
    switch = PauseView.as_view()
    return [
        path("<int:pk>/people/", PeopleView.as_view(), name="people"),
        path("<int:pk>/people/<int:run>/", TracePage.as_view(), name="trace"),
        path("<int:pk>/people/enroll/", EnrollPage.as_view(), name="enroll"),
        path("<int:pk>/test-run/", RehearsalPage.as_view(), name="rehearse"),
        path("<int:pk>/launch/", LaunchPage.as_view(), name="launch"),
        path("<int:pk>/versions/", VersionsPage.as_view(), name="versions"),
        path("<int:pk>/versions/<int:number>/", RollbackPage.as_view(), name="rollback"),
        path("<int:pk>/transfer/", TransferPage.as_view(), name="transfer"),
        path("<int:pk>/pause/", switch, {"act": "pause"}, name="pause"),
        path("<int:pk>/close/", switch, {"act": "close"}, name="close"),
        path("<int:pk>/resume/", ResumePage.as_view(), name="resume"),
    ]
