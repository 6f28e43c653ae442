"""Whether an address of ours leads to something that the public sees; others' are not asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from django.db.models import Q
from django.http import Http404
from django.test import RequestFactory
from django.urls import resolve
from django.urls.exceptions import Resolver404
from django.utils.translation import get_language_from_path, override
from django.utils.translation import gettext as _
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Locale, Page, Site

from content.models import Document

OURS = "/admin/"
_PORTS = {"http": 80, "https": 443}


class Reach:
    """Says of addresses in a draft what is wrong with them."""

    def __init__(self, thing: Any) -> None:
        self.sites = list(Site.objects.select_related("root_page").order_by("-is_default_site"))
        told = thing.get_url_parts() if isinstance(thing, Page) and thing.pk else None
        here = next((one for one in self.sites if told and one.pk == told[0]), None)
        self.site = here or next(iter(self.sites), None)
        # It is there once it is published, which is what is asked for.
        self.own = (here.pk, told[2]) if here and told else None
        self.known: dict[tuple[int | None, str], str] = {}

    def wrong(self, address: str) -> str:
        """Return what is wrong with an address, or nothing."""
        parts = urlsplit(address)
        site = self._site(parts) if parts.netloc else self.site
        if parts.netloc and site is None:
            return ""
        key = (site.pk if site else None, unquote(parts.path) or "/")
        if key not in self.known:
            self.known[key] = "" if key == self.own else self._wrong(site, key[1])
        return self.known[key]

    def _site(self, parts: SplitResult) -> Site | None:
        """Return which site of ours it is on: of several at one name, the port says."""
        same = [one for one in self.sites if one.hostname == parts.hostname]
        port = parts.port or _PORTS.get(parts.scheme)
        return next((one for one in same if one.port == port), next(iter(same), None))

    def _wrong(self, site: Site | None, path: str) -> str:
        if not path.startswith("/"):
            return _("it must begin with “/”.")
        if path.startswith(OURS):
            return _("only colleagues get in there.")
        # As visitors are led to it.
        slashed = path if path.endswith("/") else f"{path}/"
        if any(self._is_there(site, one) for one in dict.fromkeys((path, slashed))):
            return ""
        return _("there is nothing, or nothing that is published.")

    def _is_there(self, site: Site | None, path: str) -> bool:
        language = get_language_from_path(path) or Locale.get_default().language_code
        with override(language):
            try:
                match = resolve(path)
                below = [part for part in str(match.kwargs.get("path") or path).split("/") if part]
                return self._leads(site, match.url_name or "", match.kwargs, below)
            except (Http404, Resolver404):
                return self._is_redirected(site, path)

    def _leads(
        self, site: Site | None, name: str, told: Mapping[str, Any], below: list[str]
    ) -> bool:
        """Return whether there is something behind an address.

        Raises:
            Http404: there is no such page.
        """
        if name == "wagtaildocs_serve":
            return bool(Document.objects.filter(pk=told["document_id"]).exists())
        if name == "wagtail_serve" and site is not None:
            request = RequestFactory().get("/", headers={"host": site.hostname})
            site.root_page.localized.specific.route(request, below)
        return True

    def _is_redirected(self, site: Site | None, path: str) -> bool:
        old = Redirect.objects.filter(old_path=Redirect.normalise_path(path))
        return bool(old.filter(Q(site=None) | Q(site=site)).exists())
