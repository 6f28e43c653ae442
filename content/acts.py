"""What can be done to many things at once: publish, unpublish, delete, move, put into a collection.

Each act goes the way that the act on one thing goes: the same rights, the same log.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from wagtail.actions.delete_page import DeletePageAction
from wagtail.actions.move_page import MovePageAction
from wagtail.actions.unpublish import UnpublishAction
from wagtail.actions.unpublish_page import UnpublishPageAction
from wagtail.log_actions import log
from wagtail.models import Collection, Page, ReferenceIndex

from content import draft, policies, reuse, seal
from content.bulk import Act, CannotDo, acts
from content.models import BulkRun, Form, Fragment
from content.vault import NoKey


@acts.register
class Publish(Act):
    """Publish the newest draft."""

    name, label = "publish", lazy("Publish")

    def may(self, user: Any, thing: Any) -> bool:
        """Return whether the person may publish it."""
        return policies.may(user, "publish", thing)

    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Publish it; what is live already and has no draft stays as it is.

        Raises:
            CannotDo: it is locked, its review is not over, or it lacks a term that it needs.
        """
        try:
            draft.publish(thing=thing, by=run.by)
        except (draft.NotReady, draft.Locked) as error:
            raise CannotDo(str(error)) from error


@acts.register
class Unpublish(Act):
    """Take off the site, and keep as a draft."""

    name, label = "unpublish", lazy("Unpublish")

    def may(self, user: Any, thing: Any) -> bool:
        """Return whether the person may take it off."""
        if isinstance(thing, Page) and not thing.live:
            return policies.may(user, "publish", thing)
        return policies.may(user, "unpublish", thing)

    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Take it off; a draft stays as it is.

        Raises:
            CannotDo: it is locked.
        """
        thing = thing.specific if isinstance(thing, Page) else thing
        try:
            draft.refuse_locked(thing, run.by)
        except draft.Locked as error:
            raise CannotDo(str(error)) from error
        if thing.live:
            action = UnpublishPageAction if isinstance(thing, Page) else UnpublishAction
            action(thing, user=run.by).execute(skip_permission_checks=True)


@acts.register
class Delete(Act):
    """Delete, a page with everything below it."""

    name, label = "delete", lazy("Delete")
    warning = lazy("This cannot be taken back. A page goes with all pages below it.")

    def may(self, user: Any, thing: Any) -> bool:
        """Return whether the person may delete it."""
        return policies.may(user, "delete", thing)

    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Delete it.

        Raises:
            CannotDo: something stands on it, and would break.
        """
        if isinstance(thing, Page):
            DeletePageAction(thing.specific, user=run.by).execute(skip_permission_checks=True)
            return
        if (used := _holders(thing)) > 0:
            raise CannotDo(_("It is used in %(count)s places.") % {"count": used})
        log(instance=thing, action="wagtail.delete", user=run.by, deleted=True)
        thing.delete()


@acts.register
class Move(Act):
    """Put pages below another page: `run.asked["to"]`."""

    name, label = "move", lazy("Move")

    def may(self, user: Any, thing: Any) -> bool:
        """Return whether the person may take it from where it is."""
        return policies.may(user, "move", thing)

    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Move it.

        Raises:
            CannotDo: it can't stand there, or its address is taken there.
        """
        to = Page.objects.get(pk=run.asked["to"])
        page = thing.specific
        if to.pk == page.get_parent().pk:
            return
        if not page.permissions_for_user(run.by).can_move_to(to):
            raise CannotDo(_("It cannot stand there, or you may not put it there."))
        if not Page._slug_is_available(page.slug, to, page=page):
            raise CannotDo(_("A page there has the address “%(slug)s”.") % {"slug": page.slug})
        MovePageAction(page, to, pos="last-child", user=run.by).execute(skip_permission_checks=True)


@acts.register
class Collect(Act):
    """Put files into a collection: `run.asked["to"]`."""

    name, label = "add_to_collection", lazy("Add to collection")

    def may(self, user: Any, thing: Any) -> bool:
        """Return whether the person may change it."""
        return policies.may(user, "change", thing)

    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Put it there, as saving its form would.

        Raises:
            CannotDo: nothing may be added there by this person.
        """
        to = Collection.objects.get(pk=run.asked["to"])
        if not policies.may_in(run.by, "add", to, type(thing)):
            raise CannotDo(_("You may not add files there."))
        thing.collection = to
        thing.save()
        log(instance=thing, action="wagtail.edit", user=run.by)


@acts.register
class Label(Act):
    """Give files words of their own: `run.asked["words"]`."""

    name, label = "add_tags", lazy("Add words")

    def may(self, user: Any, thing: Any) -> bool:
        """Return whether the person may change it."""
        return policies.may(user, "change", thing)

    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Add the words that it does not have."""
        thing.tags.add(*run.asked["words"])
        log(instance=thing, action="wagtail.edit", user=run.by)


@acts.register
class Rewrap(Act):
    """Lock encrypted files under the newest key."""

    name, label = "rewrap", lazy("Lock under the newest key")

    def may(self, user: Any, thing: Any) -> bool:
        """Return whether the person may change how files are encrypted."""
        return bool(user.has_perm("content.change_sealedcollection"))

    def do(self, thing: Any, run: BulkRun, at: datetime) -> None:
        """Lock its key anew; what is under the newest already stays as it is.

        Raises:
            CannotDo: none of our keys opens it.
        """
        try:
            seal.rewrap(thing)
        except NoKey as error:
            raise CannotDo(_("None of our keys opens it.")) from error


def _holders(thing: Model) -> int:
    """Return how many places would break: those that hold it by a protected key or a block."""
    if isinstance(thing, Fragment | Form):
        return len(reuse.uses(thing))
    used = ReferenceIndex.get_grouped_references_to(thing)
    return int(used.count()) if used.is_protected else 0
