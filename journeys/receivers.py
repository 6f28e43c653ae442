"""What this floor hears from Wagtail."""

from __future__ import annotations

from typing import Any

from wagtail.signals import published

from dxp.lib import clock
from journeys.models import Message
from journeys.publish import publish_message
from journeys.tasks import house


def render_published(sender: type, instance: Any, **kwargs: Any) -> None:
    """Render a message when it is published: that edition is sent from now on."""
    if isinstance(instance, Message):
        publish_message(message=instance, house=house(), at=clock.now())


def connect() -> None:
    """Begin to listen."""
    published.connect(render_published, dispatch_uid="journeys.render_published")
