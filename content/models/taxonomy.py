"""What content is about: topics, and the terms of facets with which anything may be tagged."""

from __future__ import annotations

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
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
    retired_at = models.DateTimeField(_("retired"), null=True, editable=False)

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


class Tagging(models.Model):
    """A term on a thing: a page, a fragment, a picture or a document.

    Pages are meant by the content type of `wagtailcore.Page`, whatever their kind. `by` is the
    person who said so; without one a bot did, which never takes away what a person gave.
    """

    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.BigIntegerField()
    thing = GenericForeignKey("content_type", "object_id")
    term = models.ForeignKey(Term, models.PROTECT, related_name="taggings")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("tagging")
        verbose_name_plural = _("taggings")
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id", "term"], name="content_tagging_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.content_type_id}:{self.object_id} {self.term_id}"


class TagSuggestion(models.Model):
    """A term that a tagger thinks fits a thing, how sure it is, why, and what a person decided.

    A rejected one is never suggested again for the same thing, and is learned from. `reason` holds
    what the tagger saw: {"words": [[word, weight], …]} or {"alike": [[title, similarity], …]}.
    """

    class State(models.TextChoices):
        OPEN = "OPEN", _("Open")
        ACCEPTED = "ACCEPTED", _("Accepted")
        REJECTED = "REJECTED", _("Rejected")

    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.BigIntegerField()
    thing = GenericForeignKey("content_type", "object_id")
    term = models.ForeignKey(Term, models.CASCADE, related_name="suggestions")
    confidence = models.FloatField(_("confidence"))
    tagger = models.CharField(_("tagger"), max_length=40)
    model = models.ForeignKey(
        "TaggerModel", models.SET_NULL, null=True, related_name="+", db_index=False
    )
    reason = models.JSONField(default=dict)
    language = models.CharField(max_length=12, blank=True, default="")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        constraints = [
            models.UniqueConstraint(
                fields=["content_type", "object_id", "term"], name="content_suggestion_once"
            ),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1),
                name="content_suggestion_confidence",
            ),
            models.CheckConstraint(
                condition=Q(state="OPEN", decided_at__isnull=True)
                | Q(state__in=["ACCEPTED", "REJECTED"], decided_at__isnull=False),
                name="content_suggestion_decided",
            ),
        ]
        indexes = [
            models.Index(fields=["term", "state"], name="content_suggestion_term"),
        ]

    def __str__(self) -> str:
        return f"{self.term_id} {self.confidence:.2f}"


class TaggerModel(models.Model):
    """What was learned for a facet from people's decisions, kept so that it can be explained.

    `quality` holds what was measured on things that were held out. The newest that is `in_use`
    suggests.
    """

    facet = models.ForeignKey(Facet, models.CASCADE, related_name="models")
    tagger = models.CharField(max_length=40)
    learned_at = models.DateTimeField()
    examples = models.PositiveIntegerField()
    decisions = models.PositiveIntegerField(default=0)
    quality = models.JSONField(default=dict)
    weights = models.BinaryField(null=True)
    in_use = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("tagger")
        verbose_name_plural = _("taggers")
        ordering = ["-learned_at", "-id"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.tagger} {self.learned_at:%Y-%m-%d}"
