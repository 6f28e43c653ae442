"""Who may send us events."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from dxp.lib import ids


class Source(models.Model):
    """A site, an app or a server that sends events, known by its write key.

    A write key is public (it stands in web pages): it may add events, and read nothing. Who sends
    from a browser is anybody; who sends from a server is one of us, and is believed more.
    """

    class Kind(models.TextChoices):
        BROWSER = "browser", _("Website or app")
        SERVER = "server", _("Server")

    name = models.CharField(_("name"), max_length=100, unique=True)
    write_key = models.CharField(
        _("write key"), max_length=40, unique=True, default=ids.key, editable=False
    )
    kind = models.CharField(
        _("where its key stands"),
        max_length=10,
        choices=Kind,
        default=Kind.SERVER,
        help_text=_(
            "A key in a website or app can be read by anybody: the address and browser that its "
            "events claim are replaced by those of the connection, the address is shortened, and "
            "times of more than 30 days ago are not believed. A server is believed."
        ),
    )
    is_active = models.BooleanField(
        _("accepts events"), default=True, help_text=_("A source that is off is answered with 401.")
    )
    takes_bots = models.BooleanField(
        _("takes programs for people"),
        default=False,
        help_text=_(
            "Crawlers, headless browsers and empty browser names are else kept apart and counted "
            "nowhere. Switch it on for automated tests only."
        ),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["browser", "server"]), name="customers_source_kind"
            )
        ]

    def __str__(self) -> str:
        return self.name
