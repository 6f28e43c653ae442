"""What people asked and want to ask again, and what they wrote beside the answers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Question(models.Model):
    """A question about events that somebody keeps: asked again each time it is opened.

    `asked` is its one JSON spelling (grammar: `analytics.questions`), with the kind in `kind`, the
    days in `period` and the people's condition in `who`; answers are never kept here.
    """

    name = models.CharField(_("name"), max_length=100, unique=True)
    description = models.TextField(_("description"), blank=True, default="")
    asked = models.JSONField(editable=False)
    on_home = models.BooleanField(_("show on the home page"), default=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), editable=False)
    changed_at = models.DateTimeField(_("changed"), editable=False)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(asked__has_key="kind"), name="analytics_question_has_a_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Annotation(models.Model):
    """A remark about a day, drawn into every chart by day: what happened out there."""

    happened_on = models.DateField(_("day"))
    text = models.CharField(_("text"), max_length=200)
    question = models.ForeignKey(
        Question, models.CASCADE, null=True, blank=True, related_name="annotations",
        verbose_name=_("question"), help_text=_("Empty: shown in every chart."),
    )  # fmt: skip
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), editable=False)

    class Meta:
        verbose_name = _("annotation")
        verbose_name_plural = _("annotations")
        ordering = ["happened_on", "pk"]

    def __str__(self) -> str:
        return f"{self.happened_on}: {self.text}"
