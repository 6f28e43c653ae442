"""Steps of an editorial workflow: people who review, a program that checks, guests by link."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from wagtail.models import AbstractGroupApprovalTask, Task, TaskState


class ReviewState(TaskState):
    """A review that somebody may take on, until when it should be done, and who was reminded."""

    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    claimed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(_("due"), null=True)
    reminded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("review under way")
        default_permissions = ()


class ReviewTask(AbstractGroupApprovalTask):
    """A review by people of some groups, one of whom claims it, within some days."""

    days = models.PositiveSmallIntegerField(
        _("due after days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(365)],
        help_text=_("Empty: whenever it is done."),
    )
    remind_days = models.PositiveSmallIntegerField(
        _("remind days before"), default=1, validators=[MaxValueValidator(60)]
    )
    guests = models.BooleanField(
        _("may be shared"),
        default=True,
        help_text=_("Reviewers may ask somebody without an account by a link that expires."),
    )

    task_state_class = ReviewState
    admin_form_fields = [
        *AbstractGroupApprovalTask.admin_form_fields, "days", "remind_days", "guests",
    ]  # fmt: skip

    class Meta:
        verbose_name = _("review by people")
        verbose_name_plural = _("reviews by people")


class CheckState(TaskState):
    """An automatic check, under way or done: what it found."""

    findings = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("check under way")
        default_permissions = ()


def every_inspection() -> list[str]:
    """Return what a new check looks at."""
    return ["accessibility", "links", "metadata"]


class CheckTask(Task):
    """A program looks at the draft: it approves, or gives it back with the reasons."""

    inspections = ArrayField(
        models.CharField(max_length=40), default=every_inspection, verbose_name=_("looks at")
    )

    task_state_class = CheckState
    admin_form_fields = [*Task.admin_form_fields, "inspections"]

    class Meta:
        verbose_name = _("automatic check")
        verbose_name_plural = _("automatic checks")


class ReviewInvite(models.Model):
    """A link by which somebody without an account sees one draft, remarks on it and answers.

    Only a hash of its token is kept. It ends with its task, when it expires or is taken back.
    """

    class Answer(models.TextChoices):
        NONE = "", _("No answer yet")
        APPROVED = "APPROVED", _("Approved")
        RETURNED = "RETURNED", _("Wants changes")

    task_state = models.ForeignKey(TaskState, models.CASCADE, related_name="invites")
    name = models.CharField(_("name"), max_length=100)
    email = models.EmailField(_("e-mail"), blank=True, default="")
    may_approve = models.BooleanField(_("may approve"), default=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"))
    opened_at = models.DateTimeField(_("opened"), null=True)
    answer = models.CharField(
        _("answer"), max_length=10, choices=Answer, blank=True, default=Answer.NONE
    )
    answered_at = models.DateTimeField(_("answered"), null=True)
    revoked_at = models.DateTimeField(_("taken back"), null=True)

    class Meta:
        verbose_name = _("invitation to review")
        verbose_name_plural = _("invitations to review")
        ordering = ["-made_at", "-id"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True)
                | Q(answer__in=["APPROVED", "RETURNED"], answered_at__isnull=False),
                name="content_review_invite_answer",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def hash(token: str) -> str:
        """Return what is stored of a token: tokens are long and random, so one round is enough."""
        return hashlib.sha256(token.encode()).hexdigest()


class ReviewRemark(models.Model):
    """What a guest said about a draft."""

    invite = models.ForeignKey(ReviewInvite, models.CASCADE, related_name="remarks")
    text = models.TextField(_("remark"), max_length=5000)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("remark of a guest")
        verbose_name_plural = _("remarks of guests")
        ordering = ["at", "id"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.text[:60]
