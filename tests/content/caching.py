"""What tests of kept pages share: an article, how it was answered, and time that passes."""

from __future__ import annotations

import msgspec
from wagtail.models import Locale

from content import pagecache
from dxp.lib import hints, near

ARTICLE = "/insights/cash/"


def how(client, path=ARTICLE, **more):
    """Return where an answer came from."""
    return client.get(path, **more)["X-DXP-Cache"]


def grow_old():
    """Let the time of everything that is kept pass, but not its last."""
    client = hints.client()
    for key in client.scan_iter("page:*#*"):
        kept = pagecache._decode(client.get(key))
        client.set(key, pagecache._encode(msgspec.structs.replace(kept, fresh_until=1.0)))
    near.changed()


def translate(page, title, **fields):
    """Publish a page in Spanish."""
    locale, _created = Locale.objects.get_or_create(language_code="es")
    said = type(page).objects.get(pk=page.pk).copy_for_translation(locale)
    for name, value in {"title": title, **fields}.items():
        setattr(said, name, value)
    said.save_revision().publish()
    return said
