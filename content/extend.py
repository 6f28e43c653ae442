"""What this floor offers to those above: hooks, called with keywords."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from dxp.lib.hooks import hookspec

if TYPE_CHECKING:
    from content.models import Fragment, PublicPage
    from customers.extend import Use
    from customers.models import ConsentEntry


@hookspec
def content_confirmation_asked(entry: ConsentEntry, at: datetime) -> None:
    """An address was typed into a form that asks it to confirm: write to it, in this transaction.

    Of `entry`, which is not confirmed yet, the link's token is made by `submit.confirm_token`.
    """


@hookspec
def content_fragment_uses(fragment: Fragment, user: Any) -> list[Use]:
    """Tell what of yours stands on a fragment; while something does, it can't be deleted.

    What `user` may not see is told without its name; without a user everything is told.
    """
    return []


@hookspec
def content_draft_approved(workflow_state: Any, user: Any) -> bool:
    """Say whether a draft whose workflow ended well must not be published; tell people why.

    `user` is who approved it last. Called in the transaction of that approval.
    """
    return False


@hookspec
def content_preview_modes(page: PublicPage) -> Sequence[tuple[str, Any]]:
    """Offer ways (name, label) to look at a page that has personal slots."""
    return ()


@hookspec
def content_page_previewed(
    page: PublicPage, mode: str, user: Any
) -> tuple[dict[str, Any], Callable[[str], str]]:
    """Decide what stands in each slot of a page that `user` looks at in this way.

    Returns decisions by slot, and how tokens in HTML are said.
    """
    return {}, str


@hookspec
def content_slot_numbers(page: PublicPage, user: Any) -> str:
    """Offer HTML for the editor's side panel: what came of the slots of a page, or an empty text.

    `user` is who looks at it, and may lack the right.
    """
    return ""


@hookspec
def content_fragment_called(name: str) -> list[str]:
    """Tell what of yours calls a fragment by its name: while something does, it keeps the name."""
    return []
