"""Check drafts by themselves: approve them, or give them back with the reasons.

The row of the check is what counts. What a check does is one transaction under a lock on its row,
so that a worker which is killed leaves nothing, and the next one begins anew.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override
from wagtail.fields import StreamField
from wagtail.models import Page, TaskState
from wagtail.users.models import UserProfile

from content import render, review, tag
from content.inspections import INSPECTIONS, Draft, Finding, Piece
from content.models import CheckState, Fragment
from content.reach import Reach
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
    """Do the check that waits longest; return whether to look for the next one at once."""
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
        # The next tick goes on, others first: what is away for a moment is back by then.
        return False
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
        held = review.hold(thing, patient=False)
        if held is None or held.latest_revision_id != draft.pk:
            # Saved meanwhile, or about to be: what would be published is another draft.
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
    """Return what the named inspections find in a draft, each with the inspection's name.

    What can't be shown or published at all comes first, whatever is looked at.
    """
    draft = read(thing)
    found = [("", one) for one in draft.broken]
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
    broken = list(_unfit(thing))
    return Draft(
        kind="page" if is_page else "fragment",
        title=str(thing.title if is_page else thing),
        seo_title=getattr(thing, "seo_title", ""),
        description=str(
            getattr(thing, "search_description" if is_page else "description", "") or ""
        ),
        pieces=list(_pieces(thing, broken)),
        broken=broken,
        missing=[str(facet) for facet in tag.missing(thing)],
        reaches=Reach(thing).wrong,
    )


def _unfit(thing: Any) -> Iterator[Finding]:
    """Yield what a draft may lack, and no published one; what a channel can't take."""
    try:
        copy(thing).full_clean()
    except ValidationError as error:
        for name, reasons in error.message_dict.items():
            known = name != NON_FIELD_ERRORS
            label = str(thing._meta.get_field(name).verbose_name) if known else ""
            for reason in reasons:
                yield Finding(
                    f"{label.capitalize()}: {reason}" if label else reason,
                    field=name if known else "",
                )
    if isinstance(thing, Fragment):
        for remark in render.lint(thing):
            if remark.blocks:
                yield Finding(remark.text, field=remark.field)


def _pieces(thing: Any, broken: list[Finding]) -> Iterator[Piece]:
    """Yield blocks as people would see them; note those that can't be shown.

    Raises:
        DatabaseError: the database is away: that says nothing about the draft.
    """
    context = {"page": thing, "self": thing, "request": None}
    for field in thing._meta.get_fields():
        if isinstance(field, StreamField):
            for child in getattr(thing, field.name):
                try:
                    with transaction.atomic():
                        yield from list(_piece(field.name, child, context))
                except DatabaseError:
                    raise
                except Exception as error:  # noqa: BLE001 - whatever it is, its editor can mend it
                    label = str(child.block.label or child.block_type)
                    text = _("The block “%(label)s” can't be shown: %(error)s")
                    told = text % {"label": label, "error": f"{error}"[:200]}
                    broken.append(Finding(told, field=field.name, block=str(child.id or "")))


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


def latest(thing: Any) -> CheckState | None:
    """Return the check that gave a draft back, as long as nobody asked for the next one."""
    workflow = thing.current_workflow_state
    if workflow is None or workflow.status != workflow.STATUS_NEEDS_CHANGES:
        return None
    state = workflow.current_task_state
    found = state.specific if state else None
    return found if isinstance(found, CheckState) else None
