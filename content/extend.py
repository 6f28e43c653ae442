"""What this floor offers to those above: hooks, called with keywords."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from dxp.lib.hooks import hookspec

if TYPE_CHECKING:
    from customers.models import ConsentEntry


@hookspec
def content_confirmation_asked(entry: ConsentEntry, at: datetime) -> None:
    """An address was typed into a form that asks it to confirm: write to it, in this transaction.

    Of `entry`, which is not confirmed yet, the link's token is made by `submit.confirm_token`.
    """
