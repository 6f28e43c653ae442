"""The form on the contact page of Alder & Finch: it asks a little at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from wagtail.models import Page

from content import answer
from content.models import Form
from customers import fold
from customers.models import Alias, Source

SLUG = "a-talk"
ASKED = [
    {"goal": "A house", "note": "We would like to know what we can afford."},
    {"goal": "Retirement", "phone": "555 0171"},
    {"goal": "Something else", "note": "My mother left me shares and I know none of them."},
    {"goal": "The children", "phone": "555 0133", "note": "Two of them, six and nine."},
    {"goal": "Retirement", "note": "In four years, if that is possible."},
    {"note": "What does the first hour cost?"},
    {"goal": "A house", "phone": "555 0190"},
]


def build() -> None:
    """Put the form on the contact page, unless it was made before."""
    if Form.objects.filter(slug=SLUG).exists():
        return
    form = Form(
        name="Arrange a talk",
        slug=SLUG,
        heading="Arrange a talk",
        intro="Half an hour, by telephone. Tell us as much as you like.",
        button="Ask for a call",
        thanks="Thank you. One of us will call within two working days.",
        most_new=1,
        fields=[
            _asked("text", "First name", "first_name", kind="name", trait=True, required=True),
            _asked("email", "E-mail address", "email", required=True),
            _asked("text", "Telephone number", "phone", kind="tel", trait=True),
            _asked(
                "choice", "What is it about?", "goal", trait=True, waits=True,
                choices=["A house", "Retirement", "The children", "Something else"],
            ),
            _asked(
                "choice", "When shall we call?", "call_time", trait=True, waits=True,
                choices=["In the morning", "At noon", "In the evening"],
            ),
            _asked(
                "long_text", "What should we know beforehand?", "note", most=2000,
                help="No account numbers, please.",
            ),
            (
                "consent",
                {
                    "words": "Write to me now and then about what you publish.",
                    "required": False,
                    "confirm": True,
                },
            ),
        ],
    )  # fmt: skip
    form.save()
    form.save_revision().publish()
    page = Page.objects.filter(slug="contact").first()
    found: Any = page.specific if page else None
    if found is not None:
        found.body.append(("form", form))
        found.save_revision().publish()


def answered(*, source: Source, at: datetime) -> None:
    """Let some of the people ask for a talk, unless somebody did."""
    form = Form.objects.get(slug=SLUG)
    page = Page.objects.filter(slug="contact").first()
    if page is None or form.submissions.exists():
        return
    labels = {one.value["key"]: one.value["label"] for one in form.fields if "key" in one.value}
    known = Alias.objects.filter(
        kind=Alias.Kind.ANONYMOUS, profile__contact_points__value__endswith="@example.com"
    )
    some = known.select_related("profile").order_by("profile_id", "pk").distinct("profile_id")
    for number, (alias, asked) in enumerate(zip(some, ASKED, strict=False)):
        said = {"first_name": "", "email": "", **asked}
        said["first_name"] = alias.profile.traits.get("firstName", "")
        said["email"] = alias.profile.traits.get("email", "")
        answer.take(
            form=form,
            page_id=page.pk,
            source=source,
            filled=answer.Filled(
                answers=[[key, labels[key], value] for key, value in said.items() if value],
                consents=False,
                locale="en",
                sender=alias.value,
                evidence={},
            ),
            anonymous_id=alias.value,
            at=at - timedelta(hours=7 * number + 1),
        )
    fold.drain(at=at)


def _asked(of: str, label: str, key: str, **more: Any) -> tuple[str, dict[str, Any]]:
    kinds: dict[str, dict[str, Any]] = {
        "text": {"kind": "text", "most": 200},
        "choice": {"several": False},
        "email": {},
        "long_text": {},
    }
    common = {"help": "", "required": False, "trait": False, "waits": False}
    return of, {**common, **kinds[of], "label": label, "key": key, **more}
