"""What is written to people."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.models import DraftStateMixin, PreviewableMixin, RevisionMixin

from content.models import Fragment, Topic
from dxp.lib.streams import BlocksField
from journeys import blocks, wording
from journeys.blocks import MailBlock

NO_FRAGMENT = _("There is no published fragment “%(name)s”.")
PREVIEW_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: https: http:; "
    "frame-ancestors 'self'"
)


class Sender(models.Model):
    """A way out: a channel's adapter with its configuration, its name and its pace.

    `config` is what the adapter's form asks for, `secrets` the part of it that nobody reads back,
    encrypted. A sender that fails again and again opens its circuit: nothing goes out before
    `paused_until`.
    """

    name = models.CharField(_("name"), max_length=100, unique=True)
    channel = models.CharField(_("channel"), max_length=20, default="email", editable=False)
    adapter = models.CharField(_("adapter"), max_length=20, blank=True, default="", editable=False)
    config = models.JSONField(default=dict, blank=True, editable=False)
    secrets = models.TextField(default="", blank=True, editable=False)
    address = models.CharField(
        _("from"),
        max_length=320,
        blank=True,
        default="",
        help_text=_("Such as: Alder & Finch <hello@example.org>. Empty: the setting MAIL_FROM."),
    )
    rate = models.PositiveIntegerField(
        _("messages a second"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
        help_text=_("Empty: the setting SEND_RATE."),
    )
    burst = models.PositiveIntegerField(
        _("at once"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
        help_text=_("How many may go at once after a rest. Empty: those of one second."),
    )
    failures = models.PositiveIntegerField(default=0, editable=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, editable=False)
    pause_reason = models.CharField(max_length=500, blank=True, default="", editable=False)

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def first_sender() -> int:
    """Return the sender that a new message gets."""
    return Sender.objects.order_by("pk").values_list("pk", flat=True).first() or 1


def check_wording(text: str) -> None:
    """Refuse variables that no message can fill, and fragments that nobody published.

    Raises:
        ValidationError: braces that are no variable, or a name nobody knows.
    """
    if names := wording.quoted(text):
        known = Fragment.objects.filter(name__in=names, live=True).values_list("name", flat=True)
        for name in set(names).difference(known):
            raise ValidationError(NO_FRAGMENT, params={"name": name})
    blocks.check_wording(wording.quote(text, lambda _name: ""))


class Message(PreviewableMixin, DraftStateMixin, RevisionMixin, models.Model):
    """What marketing writes for one channel; this row is the draft, `current` what is sent.

    `subject` is a mail's, or the title of a push or on-site message; `body` the blocks of a mail,
    `text` the words of the other channels (of a webhook: its JSON). `url` is where a push or
    on-site message leads, or where a webhook goes.
    """

    class Kind(models.TextChoices):
        NEWS = "news", _("News")
        CONFIRMATION = "confirmation", _("Question whether an address signed up")
        # No letter that anybody edits: what the house writes to colleagues is listed under it.
        STAFF = "staff", _("Mail to colleagues")

    class Purpose(models.TextChoices):
        MARKETING = "marketing", _("Marketing")
        TRANSACTIONAL = "transactional", _("Transactional")

    name = models.CharField(
        _("name"), max_length=100, unique=True, help_text=_("For colleagues; people never see it.")
    )
    channel = models.CharField(_("channel"), max_length=20, default="email", editable=False)
    purpose = models.CharField(
        _("purpose"),
        max_length=20,
        choices=Purpose,
        default=Purpose.MARKETING,
        help_text=_(
            "Transactional: the person expects it because of something they did. Such a message "
            "needs no consent to marketing and waits for no quiet hours or caps."
        ),
    )
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.NEWS, editable=False)
    subject = models.CharField(_("subject"), max_length=200, blank=True, validators=[check_wording])
    preheader = models.CharField(
        _("preheader"),
        max_length=200,
        blank=True,
        validators=[check_wording],
        help_text=_("What the inbox shows beside the subject."),
    )
    body = BlocksField(MailBlock(), verbose_name=_("content"), blank=True)
    text = models.TextField(
        _("text"), max_length=5000, blank=True, default="", validators=[check_wording]
    )
    url = models.CharField(_("leads to"), max_length=1000, blank=True, default="")
    valid_hours = models.PositiveIntegerField(
        _("valid for hours"),
        default=168,
        validators=[MinValueValidator(1), MaxValueValidator(2160)],
        help_text=_("What could not be sent for so long is not sent any more."),
    )
    sender = models.ForeignKey(
        Sender, models.PROTECT, related_name="+", default=first_sender, verbose_name=_("sender")
    )
    topic = models.ForeignKey(
        Topic,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("topic"),
        help_text=_("People who do not want this topic do not get the message."),
    )
    current = models.ForeignKey(
        "Edition", models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    preview_modes = [
        ("light", _("Light")),
        ("dark", _("Dark")),
        ("phone", _("Phone")),
        ("text", _("Text only")),
    ]

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["news", "confirmation", "staff"]),
                name="journeys_message_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(purpose__in=["marketing", "transactional"]),
                name="journeys_message_purpose",
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(kind="confirmation"),
                name="journeys_message_one_confirmation",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """Return the preview, with what mail programs allow: inline style, pictures, no scripts."""
        response: HttpResponse = super().serve_preview(request, mode_name)
        response["Content-Security-Policy"] = PREVIEW_POLICY
        return response

    def get_preview_template(self, request: object, mode_name: str) -> str:
        """Return the template that renders the message by a tag, as a model must not."""
        return "journeys/message/preview.html"

    def get_preview_context(self, request: object, mode_name: str) -> dict[str, object]:
        """Return what the preview's template reads."""
        return {"message": self, "mode": mode_name or "light"}


class Edition(models.Model):
    """One published form of a message, rendered once; never changes.

    `html` and `text` hold marks where a person's variables and signed links go; `links` are the
    targets, to which a click link refers by number: nothing else can be reached through it.
    """

    message = models.ForeignKey(Message, models.CASCADE, related_name="editions")
    number = models.PositiveIntegerField()
    subject = models.TextField()
    html = models.TextField()
    text = models.TextField()
    links = models.JSONField()
    # What channels other than mail send, by the names that the channel gives them.
    parts = models.JSONField(default=dict)
    published_at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="journeys_edition_once"),
        ]

    def __str__(self) -> str:
        return f"{self.message_id}/{self.number}"
