"""Which terms are on which things, which are suggested, and what taggers learned of it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from content.models.taxonomy import Facet, Term
from dxp.lib.rows import MovableQuerySet


class Tagging(models.Model):
    """A term on a thing: a page, a fragment, a picture or a document.

    Pages are meant by the content type of `wagtailcore.Page`, whatever their kind. What a person
    said stays a person's word when their account goes: no bot takes it away.
    """

    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.BigIntegerField()
    thing = GenericForeignKey("content_type", "object_id")
    term = models.ForeignKey(Term, models.PROTECT, related_name="taggings")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    is_human = models.BooleanField(default=False)
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


class SuggestionQuerySet(MovableQuerySet["TagSuggestion"]):
    """Suggestions; they have a state."""


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

    objects = SuggestionQuerySet.as_manager()

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


class TagDue(models.Model):
    """A thing whose words changed and that the taggers have to read; gone once they did.

    A thing that is saved again before `due_at` waits anew, so that it is read when the writing
    pauses and not at each key.
    """

    content_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    object_id = models.BigIntegerField()
    due_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("thing to be read")
        verbose_name_plural = _("things to be read")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["content_type", "object_id"], name="content_tag_due"),
        ]

    def __str__(self) -> str:
        return f"{self.content_type_id}:{self.object_id}"
