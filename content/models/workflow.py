"""Steps of an editorial workflow: people who review, a program that checks, guests by link."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail.models import AbstractGroupApprovalTask, Task, TaskState

from content.inspections import INSPECTIONS


class Once(TaskState):
    """A step that ends once: of two who answer at the same moment, the second is refused."""

    class Meta:
        abstract = True

    @transaction.atomic
    def approve(self, user: Any = None, update: bool = True, comment: str = "") -> TaskState:
        """Approve, unless somebody was faster."""
        self._hold()
        state: TaskState = super().approve(user=user, update=update, comment=comment)
        return state

    @transaction.atomic
    def reject(self, user: Any = None, update: bool = True, comment: str = "") -> TaskState:
        """Give back, unless somebody was faster."""
        self._hold()
        state: TaskState = super().reject(user=user, update=update, comment=comment)
        return state

    def _hold(self) -> None:
        mine = TaskState.objects.select_for_update().filter(pk=self.pk)
        self.status = mine.values_list("status", flat=True).get()


class ReviewState(Once):
    """A review that somebody may take on, until when it should be done, and who was reminded."""

    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    claimed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(_("due"), null=True)
    reminded_at = models.DateTimeField(null=True)

    # A review that is asked for again is anybody's, and nobody was reminded of it.
    exclude_fields_in_copy = ["claimed_by", "claimed_at", "due_at", "reminded_at"]

    class Meta:
        verbose_name = _("review under way")
        default_permissions = ()

    def is_overdue(self, at: datetime) -> bool:
        """Return whether it should have been done by now."""
        return bool(self.status == self.STATUS_IN_PROGRESS and self.due_at and self.due_at < at)


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

    def start(self, workflow_state: Any, user: Any = None) -> TaskState:
        """Begin, and set when it should be done."""
        state: ReviewState = super().start(workflow_state, user=user)
        if self.days:
            state.due_at = state.started_at + timedelta(days=self.days)
            state.save(update_fields=["due_at"])
        return state

    def may_review(self, user: Any) -> bool:
        """Return whether somebody is one of its reviewers."""
        return bool(user.is_active and (user.is_superuser or self._user_in_groups(user)))

    def get_actions(self, obj: Any, user: Any) -> list[tuple[str, Any, bool]]:
        """Offer nothing to a reviewer while another has taken it on: two would answer at once."""
        actions: list[tuple[str, Any, bool]] = super().get_actions(obj, user)
        taken = ReviewState.objects.for_instance(obj).filter(
            task=self, status=TaskState.STATUS_IN_PROGRESS, claimed_by__isnull=False
        )
        return [] if actions and taken.exclude(claimed_by=user).exists() else actions

    @classmethod
    def get_description(cls) -> Any:
        """Return what it is, where steps are chosen."""
        return _("People of the chosen groups look at it; one of them takes it on, by a date")


class CheckState(Once):
    """An automatic check, under way or done: what it found."""

    findings = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    exclude_fields_in_copy = ["findings", "checked_at", "attempts"]

    class Meta:
        verbose_name = _("check under way")
        default_permissions = ()

    def get_comment(self) -> str:
        """Return what was found, for the history and for the mail to whoever asked."""
        wrong = [one["text"] for one in self.findings if one.get("stops")]
        if not wrong:
            return str(self.comment)
        heading = ngettext(
            "%(n)d thing to put right:", "%(n)d things to put right:", len(wrong)
        ) % {"n": len(wrong)}
        return "\n".join([heading, *(f"- {text}" for text in wrong)])


def every_inspection() -> list[str]:
    """Return what a new check looks at."""
    return ["accessibility", "links", "metadata"]


class Inspections(ArrayField):  # type: ignore[type-arg]
    """The names of inspections; ticked, not typed, where a step is edited."""

    def formfield(self, **_kwargs: Any) -> Any:
        """Return boxes to tick, one for each inspection that there is."""
        return forms.MultipleChoiceField(
            choices=lambda: [(one.name, one.label) for one in INSPECTIONS],
            widget=forms.CheckboxSelectMultiple,
            label=self.verbose_name,
        )

    def deconstruct(self) -> Any:
        """Return the column as migrations know it: how it is edited is none of their business."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.contrib.postgres.fields.ArrayField", args, kwargs


class CheckTask(Task):
    """A program looks at the draft: it approves, or gives it back with the reasons."""

    inspections = Inspections(
        models.CharField(max_length=40), default=every_inspection, verbose_name=_("looks at")
    )

    task_state_class = CheckState
    admin_form_fields = [*Task.admin_form_fields, "inspections"]

    class Meta:
        verbose_name = _("automatic check")
        verbose_name_plural = _("automatic checks")

    @classmethod
    def get_description(cls) -> Any:
        """Return what it is, where steps are chosen."""
        return _("A program looks at it and approves, or gives it back with the reasons")


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
