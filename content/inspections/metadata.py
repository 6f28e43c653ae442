"""Whether search engines, social networks and colleagues are told what it is."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from content.inspections.base import Draft, Finding, Inspection

# What result lists show of them; longer ones are cut, which nobody has to put right.
LONGEST_TITLE, LONGEST_DESCRIPTION, SHORTEST_DESCRIPTION = 60, 160, 50


class Metadata(Inspection):
    """A description, a title that fits, the tags that are required."""

    name = "metadata"
    label = lazy("Metadata")

    def look(self, draft: Draft) -> Iterator[Finding]:
        """Yield what is missing, then what could be better."""
        for facet in draft.missing:
            yield Finding(_("A tag of “%(facet)s” is required.") % {"facet": facet})
        if draft.kind != "page":
            if not draft.description:
                text = _("Nobody is told what it is for: the description is empty.")
                yield Finding(text, field="description")
            return
        yield from self._page(draft)

    def _page(self, draft: Draft) -> Iterator[Finding]:
        description, shown = draft.description.strip(), draft.seo_title.strip() or draft.title
        if not description:
            yield Finding(
                _("The description for search engines is empty."), field="search_description"
            )
        elif len(description) > LONGEST_DESCRIPTION:
            text = _("The description for search engines is cut after %(n)d characters.")
            yield Finding(
                text % {"n": LONGEST_DESCRIPTION}, stops=False, field="search_description"
            )
        elif len(description) < SHORTEST_DESCRIPTION:
            text = _("The description for search engines is very short.")
            yield Finding(text, stops=False, field="search_description")
        if len(shown) > LONGEST_TITLE:
            text = _("The title is cut after %(n)d characters in search results.")
            name = "seo_title" if draft.seo_title.strip() else "title"
            yield Finding(text % {"n": LONGEST_TITLE}, stops=False, field=name)
