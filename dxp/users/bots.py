"""Automatic processes with rights of their own: made, given a key, and sent away."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.text import slugify

from dxp.users import grant
from dxp.users import scopes as known
from dxp.users.models import ApiToken, User

LONGEST = 100


class NameTaken(ValueError):
    """Somebody is called so already."""


def create(
    *,
    name: str,
    scopes: Sequence[str],
    by: User,
    at: datetime,
    expires_at: datetime | None = None,
) -> tuple[User, str]:
    """Make a bot that may do what these scopes need and nothing else; return it and its key.

    It cannot sign in: it works through the API, or as the one in whose name a worker acts. On
    single things it gets rights as people do.

    Raises:
        NotYours: who makes it may not do this themselves.
        NameTaken: somebody is called so.
    """
    mine = {one.name for one in known.grantable(by)}
    if foreign := [one for one in scopes if one not in mine]:
        raise grant.NotYours(foreign)
    # In any script; of a name without letters nothing would be left.
    slug = slugify(name, allow_unicode=True)[:LONGEST] or secrets.token_hex(4)
    bot = User(username=f"bot-{slug}", first_name=name[:LONGEST], is_bot=True)
    bot.set_unusable_password()
    with transaction.atomic():
        try:
            with transaction.atomic():
                bot.save()
        except IntegrityError as error:
            raise NameTaken(bot.username) from error
        bot.user_permissions.set(rights(scopes))
        key = ""
        if scopes:
            key = grant.issue(user=bot, scopes=scopes, name=name, at=at, expires_at=expires_at)
    return bot, key


def rights(scopes: Sequence[str]) -> list[Permission]:
    """Return the rights that scopes stand on; where they go thing by thing, there is none."""
    wanted = Q(pk__in=[])
    for scope in scopes:
        if known.SCOPES[scope].each:
            continue
        app, _dot, codename = known.SCOPES[scope].right.partition(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return list(Permission.objects.filter(wanted))


def renew(*, bot: User, by: User, at: datetime, expires_at: datetime | None = None) -> str:
    """Make another key for what the bot's keys opened, and return it; the old ones stay.

    Raises:
        NotYours: it never had a key, or who makes it may not do this themselves.
    """
    scopes = sorted({one for key in ApiToken.objects.filter(user=bot) for one in key.scopes})
    mine = {one.name for one in known.grantable(by)}
    if foreign := [one for one in scopes if one not in mine]:
        raise grant.NotYours(foreign)
    name = bot.first_name or bot.username
    return grant.issue(user=bot, scopes=scopes, name=name, at=at, expires_at=expires_at)


def retire(*, bot: User, at: datetime) -> None:
    """Let a bot do nothing any more: its keys open nothing, what it had begun ends."""
    with transaction.atomic():
        User.objects.filter(pk=bot.pk, is_bot=True).update(is_active=False)
        ApiToken.objects.filter(user=bot, revoked_at=None).update(revoked_at=at)
    bot.refresh_from_db(fields=["is_active"])


def resume(*, bot: User) -> None:
    """Let a retired bot work again, with a new key; what was given to it holds again."""
    User.objects.filter(pk=bot.pk, is_bot=True).update(is_active=True)
    bot.refresh_from_db(fields=["is_active"])
