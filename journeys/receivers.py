"""What this floor hears from Wagtail."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.db.models.signals import post_delete, post_save
from wagtail.signals import published

from content import purge
from dxp.lib import clock
from journeys.models import Message, Sender
from journeys.publish import publish_message
from journeys.subscribe import PUSH_KEY
from journeys.tasks import house


def render_published(sender: type, instance: Any, **kwargs: Any) -> None:
    """Render a message when it is published: that edition is sent from now on."""
    if isinstance(instance, Message):
        publish_message(message=instance, house=house(), at=clock.now())


def forget_pages(sender: type, instance: Sender, **kwargs: Any) -> None:
    """Drop the pages that are kept: each asks whether we may push, where a sender does."""
    if instance.channel == "push":
        cache.delete(PUSH_KEY)
        purge.everything()


def connect() -> None:
    """Begin to listen."""
    for moment in (post_save, post_delete):
        moment.connect(forget_pages, sender=Sender, dispatch_uid="journeys.forget_pages")
    published.connect(render_published, dispatch_uid="journeys.render_published")
