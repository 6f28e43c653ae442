"""The form on the contact page of Alder & Finch: it asks a little at a time."""

from __future__ import annotations

from typing import Any

from wagtail.models import Page

from content.models import Form

SLUG = "a-talk"


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


def _asked(of: str, label: str, key: str, **more: Any) -> tuple[str, dict[str, Any]]:
    kinds: dict[str, dict[str, Any]] = {
        "text": {"kind": "text", "most": 200},
        "choice": {"several": False},
        "email": {},
        "long_text": {},
    }
    common = {"help": "", "required": False, "trait": False, "waits": False}
    return of, {**common, **kinds[of], "label": label, "key": key, **more}
