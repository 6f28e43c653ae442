"""Forms that editors build, and what people wrote into them."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.contenttypes.fields import GenericRelation
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext_lazy as _
from wagtail.models import DraftStateMixin, Page, RevisionMixin
from wagtail.search import index

from content.blocks.form_fields import FormFields
from customers.models import Alias, Profile
from dxp.lib.streams import BlocksField


class Form(DraftStateMixin, RevisionMixin, index.Indexed, models.Model):
    """Questions that a page asks; the answers become events, traits and consents."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.CharField(
        _("short name"),
        max_length=60,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z0-9][a-z0-9-]*$", _("Use small letters, digits and hyphens."))
        ],
        help_text=_("In reports and segments: small letters, digits and hyphens."),
    )
    heading = models.CharField(_("heading"), max_length=100, blank=True)
    intro = models.TextField(_("text"), blank=True, max_length=600)
    fields = BlocksField(FormFields(), verbose_name=_("questions"))
    button = models.CharField(_("button"), max_length=40, default="Send")
    thanks = models.TextField(
        _("thanks"),
        max_length=600,
        default="Thank you.",
        help_text=_("Shown instead of the form once it was sent."),
    )
    thanks_page = models.ForeignKey(
        Page, models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("or thank-you page"),
    )  # fmt: skip
    most_new = models.PositiveSmallIntegerField(
        _("ask at most"),
        null=True,
        blank=True,
        help_text=_(
            "Progressive profiling: of the questions that may wait, so many that we have no answer "
            "to yet. Empty: all."
        ),
    )
    keep_days = models.PositiveIntegerField(
        _("keep answers for days"), null=True, blank=True, help_text=_("Empty: until erased.")
    )

    _revisions = GenericRelation(
        "wagtailcore.Revision",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="form",
        for_concrete_model=False,
    )
    search_fields = [
        index.SearchField("name", boost=5),
        index.AutocompleteField("name"),
        index.SearchField("heading"),
    ]

    class Meta:
        verbose_name = _("form")
        verbose_name_plural = _("forms")
        ordering = ["name"]
        permissions = [("publish_form", "Can publish form")]

    def __str__(self) -> str:
        return self.name

    @property
    def revisions(self) -> Any:
        return self._revisions


class _Values(models.Func):
    """The answers alone, as text."""

    template = "jsonb_path_query_array(%(expressions)s, '$[*][2]')::text"
    output_field = models.TextField()


class SubmissionQuerySet(models.QuerySet["Submission"]):
    """Submissions, by what was written into them."""

    def saying(self, words: str) -> SubmissionQuerySet:
        """Return those in whose answers some words stand; questions do not count."""
        if not words.strip():
            return self
        # As they stand inside JSON.
        told = json.dumps(words.strip().replace("\x00", ""), ensure_ascii=False)[1:-1]
        return self.alias(said=_Values("answers")).filter(said__icontains=told)

    def keys(self) -> list[str]:
        """Return the short names of all questions that were ever answered."""
        each = models.Func(
            "answers", function="jsonb_array_elements", output_field=models.JSONField()
        )
        found = self.order_by().values_list(KeyTextTransform(0, each), flat=True)
        return sorted(map(str, found.distinct()))


class Submission(models.Model):
    """One form that somebody sent, as it was asked: `answers` is [[key, label, value], …].

    `alias` is the browser that sent it, where its person allowed that; `profile` whom it named.
    """

    form = models.ForeignKey(Form, models.PROTECT, related_name="submissions")
    page = models.ForeignKey(Page, models.SET_NULL, null=True, related_name="+")
    profile = models.ForeignKey(
        Profile, models.SET_NULL, null=True, related_name="+", db_constraint=False
    )
    alias = models.ForeignKey(Alias, models.SET_NULL, null=True, related_name="+")
    answers = models.JSONField()
    key = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(_("sent"))

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["-at", "-id"]
        default_permissions = ("view", "delete")
        indexes = [models.Index(fields=["form", "-at"], name="content_submission_form")]

    def __str__(self) -> str:
        return f"{self.form_id} {self.at:%Y-%m-%d %H:%M}"
