"""Pictures that are uploaded, and the sizes in which pages show them."""

from __future__ import annotations

import os
from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager
from wagtail.images.models import (
    AbstractImage,
    AbstractRendition,
    WagtailImageField,
    WagtailImageFieldFile,
    get_rendition_upload_to,
    get_upload_to,
)

from content import admit
from content.models.documents import lies_sealed
from content.models.placed import Placed
from content.vault import PREFIX, Vault, is_sealed


class UprightFile(WagtailImageFieldFile):  # type: ignore[misc]
    """A picture that is turned, and made silent about where it was taken, as it is stored."""

    def save(self, name: str, content: Any, save: bool = True) -> None:
        super().save(name, admit.upright(content) or content, save)


class UprightField(WagtailImageField):  # type: ignore[misc]
    """Holds one."""

    attr_class = UprightFile


class Image(Placed, AbstractImage):
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
    file = UprightField(
        _("file"), upload_to=get_upload_to, storage=Vault(), width_field="width",
        height_field="height",
    )  # fmt: skip
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

    def get_upload_to(self, filename: str) -> str:
        name: str = super().get_upload_to(filename)
        return f"{PREFIX}{name}" if lies_sealed(self.collection_id) else name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.file and not self.file._committed:
            # Before the others: a turned picture has another width, and other bytes.
            self.file.save(self.file.name, self.file.file, save=False)
            self._set_image_file_metadata()
        super().save(*args, **kwargs)

    def may_be_shown(self, *, on: date) -> bool:
        """Return whether our right to show it has not ended before a day."""
        return self.rights_until_on is None or on <= self.rights_until_on

    @property
    def default_alt_text(self) -> Any:
        """Return what describes this picture; a file's name never does."""
        return self.description


class Rendition(AbstractRendition):
    """One size of a picture."""

    image = models.ForeignKey(Image, models.CASCADE, related_name="renditions")
    file = WagtailImageField(
        upload_to=get_rendition_upload_to, storage=Vault(), width_field="width",
        height_field="height",
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="content_rendition_once"
            ),
        ]

    def get_upload_to(self, filename: str) -> str:
        name: str = super().get_upload_to(filename)
        return f"{PREFIX}{name}" if is_sealed(self.image.file.name) else name

    @property
    def url(self) -> str:
        """Return its address: that of a sealed one is a door that asks who comes."""
        if not is_sealed(self.file.name):
            return str(self.file.url)
        return reverse("content_picture", args=[self.pk, os.path.basename(self.file.name)])


def sizes_of(name: str) -> Any:
    """Return how the sizes of a foreign key's pictures are fetched at once."""
    return models.Prefetch(
        f"{name}__renditions", Rendition.objects.all(), to_attr="prefetched_renditions"
    )
