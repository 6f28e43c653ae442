"""What content is about: topics, and the terms of facets with which anything may be tagged."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel


class Topic(models.Model):
    """A subject that articles are written about; readers' interests are counted by it."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)

    panels = [FieldPanel("name"), FieldPanel("slug")]

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class FacetQuerySet(models.QuerySet["Facet"]):
    """Facets."""

    def needed_by(self, kind: str) -> FacetQuerySet:
        """Return those without whose terms a kind of thing may not be published."""
        return self.filter(required_for__contains=[kind])


class Facet(models.Model):
    """A question that tags answer, such as "audience" or "stage": terms are its answers.

    `required_for` names kinds of things ("content.articlepage") that need a term before they are
    published. Suggestions at or above `threshold` are ticked beforehand; none is taken by itself.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    description = models.TextField(_("description"), blank=True, max_length=400)
    several = models.BooleanField(
        _("several terms"), default=True, help_text=_("Off: one thing has one term of this facet.")
    )
    required_for = ArrayField(
        models.CharField(max_length=100),
        default=list,
        blank=True,
        verbose_name=_("required for"),
        help_text=_("What may not be published without a term of this facet."),
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
        help_text=_("Who answers questions about these terms."),
    )
    threshold = models.FloatField(
        _("ticked from"),
        default=0.8,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text=_("Suggestions this sure or surer are ticked beforehand."),
    )

    objects = FacetQuerySet.as_manager()

    class Meta:
        verbose_name = _("facet")
        verbose_name_plural = _("facets")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(threshold__gte=0, threshold__lte=1), name="content_facet_threshold"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TermQuerySet(models.QuerySet["Term"]):
    """Terms."""

    def current(self) -> TermQuerySet:
        """Return those that may be given: neither retired nor merged into another."""
        return self.filter(merged_into=None, retired_at=None)


class Term(models.Model):
    """One answer of a facet; `synonyms` are other words for it, in any language.

    A merged term points to the one that took its place, so that old links and imports still find
    it; a retired one stays where it is and is suggested no more.
    """

    facet = models.ForeignKey(Facet, models.PROTECT, related_name="terms", verbose_name=_("facet"))
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("part of"),
    )
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(_("short name"), max_length=80)
    description = models.TextField(_("description"), blank=True, max_length=400)
    synonyms = ArrayField(
        models.CharField(max_length=80), default=list, blank=True, verbose_name=_("also called")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("owner"),
    )
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", editable=False
    )
    # What the merge changed, so that it can be undone.
    before_merge = models.JSONField(null=True, editable=False)
    retired_at = models.DateTimeField(_("retired"), null=True, editable=False)

    objects = TermQuerySet.as_manager()

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("terms")
        ordering = ["facet", "name"]
        permissions = [("merge_term", "Can merge terms")]
        constraints = [
            models.UniqueConstraint(fields=["facet", "slug"], name="content_term_once"),
            models.CheckConstraint(condition=~Q(name=""), name="content_term_name"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")), name="content_term_parent"
            ),
        ]
        indexes = [GinIndex(fields=["synonyms"], name="content_term_synonyms")]

    def __str__(self) -> str:
        return self.name
