"""Whether links of our own lead somewhere; nobody else's server is asked."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from content.inspections.base import Draft, Element, Finding, Inspection, elements

OTHERS = {"mailto", "tel", "sms"}


class Links(Inspection):
    """Links to pages that are not there, to nothing, to places on the page that do not exist."""

    name = "links"
    label = lazy("Links")

    def look(self, draft: Draft) -> Iterator[Finding]:
        """Yield the links that lead nowhere, each once in its block."""
        read = [(piece, elements(piece.html)) for piece in draft.pieces]
        places = {one.attrs["id"] for _piece, found in read for one in found if "id" in one.attrs}
        for piece, found in read:
            told: set[str] = set()
            for element in found:
                text, stops = self._fault(element, places, draft)
                if text and text not in told:
                    told.add(text)
                    yield Finding(text, stops, piece.field, piece.block)

    def _fault(self, element: Element, places: set[str], draft: Draft) -> tuple[str, bool]:
        if element.tag != "a":
            return "", False
        name = element.name[:80]
        # Rich text loses the address of a page that was deleted.
        address = element.attrs.get("href", "").strip()
        if not address or address == "#":
            if "href" not in element.attrs and not name:
                return "", False
            return _("The link “%(name)s” leads nowhere.") % {"name": name}, True
        try:
            parts = urlsplit(address)
            _port = parts.port
        except ValueError:
            return _("The link “%(name)s” has a strange address.") % {"name": name}, True
        if parts.scheme in OTHERS:
            return "", False
        if parts.scheme not in {"", "http", "https"}:
            return _("The link “%(name)s” has a strange address.") % {"name": name}, True
        if not parts.scheme and not parts.netloc and not parts.path and parts.fragment:
            if parts.fragment in places:
                return "", False
            text = _("The link “%(name)s” leads to a place on the page that does not exist.")
            return text % {"name": name}, True
        wrong = draft.reaches(address)
        if wrong:
            text = _("The link “%(name)s” leads to %(address)s: %(wrong)s")
            return text % {"name": name, "address": address[:120], "wrong": wrong}, True
        if parts.scheme == "http":
            text = _("The link “%(name)s” is not encrypted: %(address)s.")
            return text % {"name": name, "address": address[:120]}, False
        return "", False
