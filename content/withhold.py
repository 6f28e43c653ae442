"""Keep back what lacks a term that it needs when its workflow ends: it stays a draft.

Whoever publishes by hand is told in the editor, of a date that comes `schedule` tells; here those
are told by mail who handed it in and who approved it, and the thing's history says so.
"""

from __future__ import annotations

from typing import Any

from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override
from wagtail.admin.admin_url_finder import AdminURLFinder
from wagtail.log_actions import log
from wagtail.models import Page
from wagtail.users.models import UserProfile

from content import tag
from content.review import Place, one_line

WITHHELD = "content.tag.withhold"


@transaction.atomic
def approved(*, thing: Any, by: Any, asked_by: Any, place: Place) -> bool:
    """Return whether a draft whose workflow ended well has to stay one; then tell why.

    Args:
        thing: whose draft it is.
        by: who approved it last.
        asked_by: who handed it in.
        place: the house as mails name it.
    """
    thing = thing.specific if isinstance(thing, Page) else thing
    missing = tag.missing(thing)
    if not missing:
        return False
    facets = ", ".join(facet.name for facet in missing)
    log(instance=thing, action=WITHHELD, user=by, data={"facets": facets})
    for user in dict.fromkeys([asked_by, by]):
        if user is not None and user.is_active and not user.is_bot and user.email:
            _tell(user, thing, facets, place)
    return True


def _tell(user: Any, thing: Any, facets: str, place: Place) -> None:
    with override(UserProfile.get_for_user(user).get_preferred_language()):
        path = AdminURLFinder(user).get_edit_url(thing) or ""
        told = {"user": user, "thing": thing, "facets": facets, "url": place.url + path}
        subject = _("Not published: “%(title)s”") % {"title": one_line(thing)}
        words = render_to_string("content/tags/withheld.txt", told)
    send_mail(subject, words, None, [user.email])
