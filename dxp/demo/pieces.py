"""What Alder & Finch wrote once and shows on several pages."""

from __future__ import annotations

from typing import Any

from wagtail.models import Locale, Page

from content.models import Fragment

NAME = "When we are there"
PAGES = ("contact", "about")


def build() -> None:
    """Put the hours on the pages that lead to us, unless they were written before."""
    home = Locale.get_default()
    if Fragment.objects.filter(name=NAME, locale=home).exists():
        return
    hours = Fragment(
        name=NAME,
        description="Our hours, wherever somebody may want to come by.",
        locale=home,
        body=[
            (
                "text",
                "<h2>When we are there</h2><p>Monday to Friday, nine to five. Whoever comes by "
                "without a date gets a cup of tea, and often an hour.</p>",
            )
        ],
        sms="Alder & Finch: we are there Monday to Friday, nine to five.",
    )
    hours.save()
    hours.save_revision().publish()
    for slug in PAGES:
        page = Page.objects.filter(slug=slug, locale=home).first()
        found: Any = page.specific if page else None
        if found is not None:
            found.body.append(("fragment", hours))
            found.save_revision().publish()
