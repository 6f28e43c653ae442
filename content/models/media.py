"""Pictures that are uploaded, and the sizes in which pages show them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager
from wagtail.images.models import AbstractImage, AbstractRendition


class Image(AbstractImage):
    """An uploaded picture with its description, whom to name, and until when we may show it."""

    # Both again, since Wagtail's own model of the same name takes their names the other way round.
    tags = TaggableManager(
        help_text=None, blank=True, verbose_name=_("tags"), related_name="content_images"
    )
    uploaded_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    uploaded_by_user.wagtail_reference_index_ignore = True  # type: ignore[attr-defined]
    credit = models.CharField(_("credit"), max_length=160, blank=True, default="")
    rights = models.CharField(_("rights"), max_length=300, blank=True, default="")
    rights_until_on = models.DateField(
        _("may be shown until"), null=True, blank=True, help_text=_("Empty: for good.")
    )

    admin_form_fields = (
        "title", "file", "description", "collection", "credit", "rights", "rights_until_on",
        "focal_point_x", "focal_point_y", "focal_point_width", "focal_point_height", "tags",
    )  # fmt: skip

    class Meta(AbstractImage.Meta):
        verbose_name = _("image")
        verbose_name_plural = _("images")
        permissions = [("choose_image", "Can choose image")]

    @property
    def default_alt_text(self) -> Any:
        """Return what describes this picture; a file's name never does."""
        return self.description


class Rendition(AbstractRendition):
    """One size of a picture."""

    image = models.ForeignKey(Image, models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="content_rendition_once"
            ),
        ]
