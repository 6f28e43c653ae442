"""The demo world's kept questions, what was remarked about its days, and a list of people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from analytics import pose
from analytics.models import Annotation, Question
from analytics.questions import asked
from customers import gather
from customers.models import ProfileList, Segment, SegmentMember

PLAN = ("Product Viewed", "Calculator Used", "Savings Plan Started", "Savings Plan Opened")
OPENED = {"event": PLAN[-1]}
# Name: (what it tells, whether it stands on the home page, what is asked).
QUESTIONS: dict[str, tuple[str, bool, dict[str, Any]]] = {
    "From a product to a plan": (
        "Where do people stop on their way?",
        True,
        {"kind": "funnel", "steps": [{"event": name} for name in PLAN], "within": [7, "days"]},
    ),
    "Plans opened": (
        "How many, against the days before.",
        True,
        {"kind": "trend", "series": [OPENED], "period": {"last": [14, "days"]},
         "compare": "before"},
    ),
    "Who comes back": (
        "Week by week, after the first visit.",
        False,
        {"kind": "retention", "first": {"event": "Page Viewed"},
         "again": {"event": "Page Viewed"}, "every": "week"},
    ),
    "What brings plans": (
        "The channels before a plan, by six models side by side.",
        False,
        {"kind": "attribution", "conversion": OPENED},
    ),
    "Revenue of plans": (
        "Week by week.",
        False,
        {"kind": "revenue", "order": OPENED, "every": "week"},
    ),
}  # fmt: skip
GUESTS = "Guests of the autumn talk"


def build(*, first_day: datetime, at: datetime) -> None:
    """Keep the questions, remark on two days, and put some readers on a list."""
    for name, (description, on_home, raw) in QUESTIONS.items():
        if not Question.objects.filter(name=name).exists():
            pose.keep(
                name=name, description=description, on_home=on_home, asked=asked.parse(raw), at=at
            )
    if not Annotation.objects.exists():
        day = first_day.date()
        pose.annotate(on=day + timedelta(days=12), text="Autumn talk at the Mill House", at=at)
        pose.annotate(on=day + timedelta(days=24), text="New calculator", at=at)
    if not ProfileList.objects.filter(name=GUESTS).exists():
        readers = Segment.objects.get(slug="engaged-readers")
        stays = SegmentMember.objects.filter(segment=readers, left_at=None).order_by("profile_id")
        guests = list(stays.values_list("profile_id", flat=True)[:12])
        gather.create(name=GUESTS, profile_ids=guests, at=at, origin="Signed at the door")
