"""Check drafts by themselves: approve them, or give them back with the reasons.

The row of the check is what counts. What a check does is one transaction under a lock on its row,
so that a worker which is killed leaves nothing, and the next one begins anew.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import Http404
from django.test import RequestFactory
from django.urls import resolve
from django.urls.exceptions import Resolver404
from django.utils.translation import get_language, get_language_from_path, override
from django.utils.translation import gettext as _
from wagtail.contrib.redirects.models import Redirect
from wagtail.fields import StreamField
from wagtail.models import Locale, Page, Site, TaskState
from wagtail.users.models import UserProfile

from content import review, tag
from content.inspections import INSPECTIONS, Draft, Finding, Piece
from content.models import CheckState, Document
from dxp.lib.kinds import UnknownKind

log = logging.getLogger(__name__)
BOT = "content-check"
MOST_ATTEMPTS = 5


def bot() -> Any:
    """Return the program in whose name drafts are checked; it can't sign in."""
    user, made = get_user_model().objects.get_or_create(
        username=BOT, defaults={"is_bot": True, "first_name": "Content", "last_name": "check"}
    )
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def step(*, at: datetime) -> bool:
    """Do the check that waits longest; return whether there was one."""
    found, tired = _claim()
    if found is None:
        return False
    if tired:
        _give_up(found, at)
        return True
    try:
        with transaction.atomic():
            _check(found, at)
    except Exception:
        log.exception("Check %s broke down", found)
        if CheckState.objects.filter(pk=found, attempts__gte=MOST_ATTEMPTS).exists():
            _give_up(found, at)
    return True


@transaction.atomic
def _claim() -> tuple[int | None, bool]:
    """Count a try, so that a draft of which workers die is given back at last.

    Returns:
        The check, or None; and whether it was tried often enough.
    """
    waiting = CheckState.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        status=TaskState.STATUS_IN_PROGRESS
    )
    state = waiting.order_by("attempts", "started_at").first()
    if state is None:
        return None, False
    if state.attempts >= MOST_ATTEMPTS:
        return int(state.pk), True
    CheckState.objects.filter(pk=state.pk).update(attempts=state.attempts + 1)
    return int(state.pk), False


def _locked(pk: int) -> CheckState | None:
    mine = CheckState.objects.select_for_update(skip_locked=True)
    found: CheckState | None = mine.filter(pk=pk, status=TaskState.STATUS_IN_PROGRESS).first()
    return found


def _check(pk: int, at: datetime) -> None:
    state = _locked(pk)
    if state is None:
        return
    thing = state.workflow_state.content_object
    draft = thing.get_latest_revision()
    asker = state.workflow_state.requested_by
    with override(UserProfile.get_for_user(asker).get_preferred_language() if asker else None):
        found = examine(thing=draft.as_object(), inspections=state.task.specific.inspections)
        if review.hold(thing).latest_revision_id != draft.pk:
            # Saved meanwhile: what would be published is another draft.
            CheckState.objects.filter(pk=pk).update(attempts=state.attempts - 1)
            return
        state.revision = draft
        _end(state, found, at)


@transaction.atomic
def _give_up(pk: int, at: datetime) -> None:
    state = _locked(pk)
    if state is not None:
        text = _("The check itself broke down again and again. Please tell your administrator.")
        _end(state, [("", Finding(text))], at)


def _end(state: CheckState, found: Sequence[tuple[str, Finding]], at: datetime) -> None:
    state.findings = [{"inspection": name, **asdict(one)} for name, one in found]
    state.checked_at = at
    state.save(update_fields=["findings", "checked_at", "revision"])
    user, stops = bot(), any(one.stops for _name, one in found)
    act = state.reject if stops else state.approve
    act(user=user, comment=state.get_comment() if stops else _("Nothing stops it."))


def examine(*, thing: Any, inspections: Sequence[str]) -> list[tuple[str, Finding]]:
    """Return what the named inspections find in a draft, each with the inspection's name."""
    draft = read(thing)
    found: list[tuple[str, Finding]] = []
    for name in inspections:
        try:
            kind = INSPECTIONS.get(name)
        except UnknownKind:
            continue
        found += [(name, one) for one in kind().look(draft)]
    return found


def read(thing: Any) -> Draft:
    """Return a draft as plain data: what people would see of its blocks, and what is said of it."""
    is_page = isinstance(thing, Page)
    return Draft(
        kind="page" if is_page else "fragment",
        title=str(thing.title if is_page else thing),
        seo_title=getattr(thing, "seo_title", ""),
        description=str(
            getattr(thing, "search_description" if is_page else "description", "") or ""
        ),
        pieces=list(_pieces(thing)),
        missing=[str(facet) for facet in tag.missing(thing)],
        reaches=_Reach(thing).wrong,
    )


def _pieces(thing: Any) -> Iterator[Piece]:
    context = {"page": thing, "self": thing, "request": None}
    for field in thing._meta.get_fields():
        if isinstance(field, StreamField):
            for child in getattr(thing, field.name):
                yield from _piece(field.name, child, context)


def _piece(field: str, child: Any, context: dict[str, Any]) -> Iterator[Piece]:
    """Yield a block as everybody sees it, and what only some see of it."""
    label = str(child.block.label or child.block_type)
    if child.block_type != "personal_slot":
        yield Piece(field, str(child.id or ""), label, str(child.render(context=context)))
        return
    for content in [child.value["default"], *(one["content"] for one in child.value["variants"])]:
        for inner in content:
            html = str(inner.render(context=context))
            yield Piece(field, str(inner.id or child.id or ""), label, html)


class _Reach:
    """Says of addresses whether they lead to something of ours that the public sees."""

    def __init__(self, thing: Any) -> None:
        site = thing.get_site() if isinstance(thing, Page) else None
        self.site = site or Site.objects.filter(is_default_site=True).first()
        self.hosts = {one.hostname for one in Site.objects.all()}
        self.known: dict[str, str] = {}

    def wrong(self, address: str) -> str:
        """Return what is wrong with an address, or nothing; others' are not asked."""
        parts = urlsplit(address)
        if parts.netloc and parts.hostname not in self.hosts:
            return ""
        path = unquote(parts.path) or "/"
        if path not in self.known:
            self.known[path] = self._wrong(path)
        return self.known[path]

    def _wrong(self, path: str) -> str:
        if not path.startswith("/"):
            return _("it must begin with “/”.")
        said = get_language()
        language = get_language_from_path(path) or Locale.get_default().language_code
        with override(language):
            try:
                match = resolve(path)
                below = [part for part in str(match.kwargs.get("path") or path).split("/") if part]
                there = self._leads(match.url_name or "", match.kwargs, below)
            except (Http404, Resolver404):
                there = self._is_redirected(path)
        with override(said):
            return "" if there else _("there is nothing, or nothing that is published.")

    def _leads(self, name: str, told: Mapping[str, Any], below: list[str]) -> bool:
        """Return whether there is something behind an address.

        Raises:
            Http404: there is no such page.
        """
        if name == "wagtaildocs_serve":
            return bool(Document.objects.filter(pk=told["document_id"]).exists())
        if name == "wagtail_serve" and self.site is not None:
            request = RequestFactory().get("/", headers={"host": self.site.hostname})
            self.site.root_page.localized.specific.route(request, below)
        return True

    def _is_redirected(self, path: str) -> bool:
        old = Redirect.objects.filter(old_path=Redirect.normalise_path(path))
        return bool(old.exists())


def latest(thing: Any) -> CheckState | None:
    """Return the check that gave a draft back, as long as nobody asked for the next one."""
    workflow = thing.current_workflow_state
    if workflow is None or workflow.status != workflow.STATUS_NEEDS_CHANGES:
        return None
    state = workflow.current_task_state
    found = state.specific if state else None
    return found if isinstance(found, CheckState) else None
