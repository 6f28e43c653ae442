"""Files that people download, who may, and the collections whose files are encrypted."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import Storage
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager
from wagtail.documents.models import AbstractDocument
from wagtail.models import Collection
from wagtail.search import index

from content import admit
from content.models.placed import Placed
from content.vault import PREFIX, Vault, is_sealed


def lies_sealed(collection_id: int) -> bool:
    """Return whether a collection's files are encrypted: its own, or those of one above it."""
    path = Collection.objects.values_list("path", flat=True).get(pk=collection_id)
    steps = range(Collection.steplen, len(path) + 1, Collection.steplen)
    above = [path[:length] for length in steps]
    return bool(SealedCollection.objects.filter(collection__path__in=above).exists())


def place(document: Document, filename: str) -> str:
    """Return under which name a document is stored."""
    folder = f"{PREFIX}documents" if lies_sealed(document.collection_id) else "documents"
    return f"{folder}/{Storage().get_valid_name(filename)}"


class Document(Placed, AbstractDocument):
    """A file with what stands in it, so that search finds it."""

    class Reading(models.TextChoices):
        WAITING = "WAITING", _("Not read yet")
        READ = "READ", _("Read")
        NONE = "NONE", _("Nothing to read")
        FAILED = "FAILED", _("Could not be read")

    # Both again, since Wagtail's own model of the same name takes their names the other way round.
    tags = TaggableManager(
        help_text=None, blank=True, verbose_name=_("tags"), related_name="content_documents"
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
    file = models.FileField(_("file"), upload_to=place, storage=Vault())
    text = models.TextField(blank=True, default="", editable=False)
    language = models.CharField(max_length=12, blank=True, default="", editable=False)
    reading = models.CharField(
        max_length=10, choices=Reading, default=Reading.WAITING, editable=False
    )
    reading_note = models.CharField(max_length=300, blank=True, default="", editable=False)

    admin_form_fields = ("title", "file", "collection", "tags")
    search_fields = [*AbstractDocument.search_fields, index.SearchField("words")]

    class Meta(AbstractDocument.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        permissions = [
            ("choose_document", "Can choose document"),
            ("share_document", "Can share a document by a link that expires"),
        ]

    def words(self) -> str:
        """Return the text as search takes what people type: numbers of things end at a hyphen."""
        return self.text.replace("-", " ")

    @property
    def is_sealed(self) -> bool:
        """Whether its file is encrypted."""
        return is_sealed(self.file.name or "")

    def clean(self) -> None:
        """Look at a file that is new.

        Raises:
            ValidationError: it is not taken.
        """
        super().clean()
        # Django's own mark of what was not stored yet.
        if self.file and not self.file._committed:  # type: ignore[attr-defined]
            try:
                admit.check(self.file, admit.DOCUMENT)
            except admit.Refused as error:
                raise ValidationError({"file": str(error)}) from error

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.file and not self.file._committed:  # type: ignore[attr-defined]
            self.text = self.language = self.reading_note = ""
            self.reading = self.Reading.WAITING
        super().save(*args, **kwargs)


class SealedCollection(models.Model):
    """A collection whose files are encrypted where they lie, those of its children too."""

    collection = models.OneToOneField(
        Collection, models.CASCADE, related_name="+", verbose_name=_("collection")
    )
    since = models.DateTimeField(_("since"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("encrypted collection")
        verbose_name_plural = _("encrypted collections")

    def __str__(self) -> str:
        return str(self.collection)


class DocumentLink(models.Model):
    """A link that opens one document for whoever has it, until it expires or is taken back.

    Only a hash of its token is kept: the link is shown once, when it is made.
    """

    document = models.ForeignKey(Document, models.CASCADE, related_name="links")
    note = models.CharField(_("for whom"), max_length=200)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"))
    most = models.PositiveIntegerField(_("downloads at most"), null=True, blank=True)
    used = models.PositiveIntegerField(_("downloads"), default=0)
    last_used_at = models.DateTimeField(_("last used"), null=True)
    revoked_at = models.DateTimeField(_("taken back"), null=True)

    class Meta:
        verbose_name = _("expiring link")
        verbose_name_plural = _("expiring links")
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(most__isnull=True) | Q(used__lte=models.F("most")),
                name="content_document_link_most",
            ),
        ]

    def __str__(self) -> str:
        return self.note

    def is_open(self, at: datetime) -> bool:
        """Return whether it still opens the document."""
        left = self.most is None or self.used < self.most
        return self.revoked_at is None and at < self.expires_at and left

    @staticmethod
    def hash(token: str) -> str:
        """Return what is stored of a token: tokens are long and random, so one round is enough."""
        return hashlib.sha256(token.encode()).hexdigest()
