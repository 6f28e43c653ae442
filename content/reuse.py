"""Where something that was written once is used, and what breaks if it goes."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet, TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.models import Page, ReferenceIndex, Revision
from wagtail.permissions import page_permission_policy

from content import extend
from content.models import Form, Fragment
from customers.extend import Use


def uses(thing: Model, *, user: Any = None, kin: bool = False) -> list[Use]:
    """Return where a thing is used: pages, drafts of them too, messages; and that a form was sent.

    Args:
        thing: a fragment, a form, a picture, a document.
        user: who asks; what they may not see has no name and no address. None: everything is told.
        kin: whether places count that use its translation: they show it in its language.
    """
    things: list[Model] = [thing]
    if kin and isinstance(thing, Fragment):
        things = [*family(thing)]
    found = [_page_use(page, user) for page in pages(*things)]
    if isinstance(thing, Form) and (sent := thing.submissions.count()):
        answers = reverse("content_forms:submissions", args=[thing.pk])
        told = ngettext("Sent once", "Sent %(count)s times", sent) % {"count": f"{sent:,}"}
        found.append(Use(_("Answers"), told, answers))
    if isinstance(thing, Fragment):
        for others in extend.content_fragment_uses(fragment=thing, user=user):
            found += others
    return found


def pages(*things: Model) -> QuerySet[Page]:
    """Return the pages that use one of some things, as they are live or as they are drafted."""
    numbers: set[int] = set()
    for thing in things:
        live = ReferenceIndex.get_references_to(thing).filter(
            base_content_type=ContentType.objects.get_for_model(Page)
        )
        numbers |= {int(one) for one in live.values_list("object_id", flat=True)}
        numbers |= drafted(thing, Page)
    found: QuerySet[Page] = Page.objects.filter(pk__in=numbers).order_by("title", "pk")
    return found


def drafted(thing: Model, owner: type[Model]) -> set[int]:
    """Return the ids of rows of a kind whose newest draft uses a thing."""
    drafts = owner._default_manager.filter(has_unpublished_changes=True)
    # Most drafts don't hold the words at all: only the others are read.
    suspects = (
        Revision.objects
        .filter(pk__in=drafts.values("latest_revision"))
        .annotate(told=Cast("content", TextField()))
        .filter(told__contains=str(thing.pk))
    )
    if isinstance(thing, Fragment):
        suspects = suspects.filter(told__contains="fragment")
    return {int(one.object_id) for one in suspects.iterator() if _holds(one.as_object(), thing)}


def _holds(draft: Model, thing: Model) -> bool:
    kind = ContentType.objects.get_for_model(thing, for_concrete_model=False).pk
    return any(
        (reference[0], reference[1]) == (kind, str(thing.pk))
        for reference in ReferenceIndex._extract_references_from_object(draft)
    )


def _page_use(page: Page, user: Any) -> Use:
    if user is not None and not _may_see(page, user):
        return Use(_("Page"), _("A page that you may not see"))
    kind = _("Page") if page.live else _("Page, not published")
    return Use(
        kind, page.get_admin_display_title(), reverse("wagtailadmin_pages:edit", args=[page.pk])
    )


def _may_see(page: Page, user: Any) -> bool:
    may = page_permission_policy.explorable_instances(user)
    return bool(may.filter(pk=page.pk).exists())


def family(fragment: Fragment) -> QuerySet[Fragment]:
    """Return a fragment in all its languages: who shows one shows the others elsewhere."""
    return Fragment.objects.filter(translation_key=fragment.translation_key)


def named(*, name: str, language: str) -> Fragment | None:
    """Return the live fragment of that name: in a language, or else in any."""
    found = Fragment.objects.filter(name=name, live=True).select_related("locale")
    ours = {one.locale.language_code: one for one in found.order_by("-pk")}
    base = language.partition("-")[0]
    return ours.get(language) or ours.get(base) or next(iter(ours.values()), None)


def called(*, name: str) -> list[str]:
    """Return what calls a fragment by its name, in words."""
    return [one for told in extend.content_fragment_called(name=name) for one in told]
