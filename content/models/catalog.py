"""What is on offer."""

from __future__ import annotations

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.models import Page
from wagtail.search import index

from content.blocks import FigureBlock, ProductBody
from content.blocks.media import drawings
from content.models.media import Image, sizes_of
from content.models.serving import PublicPage, is_closed
from dxp.lib.streams import BlocksField


class ProductIndexPage(PublicPage):
    """The list of products by category."""

    intro = models.TextField(_("introduction"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    search_fields = [*Page.search_fields, index.SearchField("intro")]
    subpage_types = ["content.ProductPage"]
    template = "site/product_index_page.html"

    class Meta:
        verbose_name = _("product index")

    def streams(self) -> Any:
        return iter(())

    def get_context(self, request: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        found = ProductPage.objects.child_of(self).filter(~is_closed(), live=True)
        found = found.select_related("picture").prefetch_related(sizes_of("picture"))
        products = list(found.defer_streamfields().order_by("path"))
        context["shelves"] = [
            (label, found)
            for value, label in ProductPage.Category.choices
            if (found := [product for product in products if product.category == value])
        ]
        return context


class ProductPage(PublicPage):
    """One product: what it is, for whom, what it costs and risks."""

    class Category(models.TextChoices):
        FUND = "FUND", _("Funds")
        SAVINGS = "SAVINGS", _("Savings plans")
        INSURANCE = "INSURANCE", _("Insurance")

    code = models.CharField(
        _("product id"), max_length=40, help_text=_("As other systems and reports call it.")
    )
    category = models.CharField(_("category"), max_length=12, choices=Category)
    intro = models.TextField(_("introduction"), max_length=400)
    picture = models.ForeignKey(
        Image, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("image")
    )
    art = models.CharField(
        _("or illustration"),
        max_length=20,
        choices=drawings,
        blank=True,
        help_text=_("Shown where there is no image."),
    )
    risk_class = models.PositiveSmallIntegerField(
        _("risk class"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(7)],
        help_text=_("1 (lowest) to 7 (highest); empty where it has no meaning."),
    )
    figures = BlocksField([("figure", FigureBlock())], blank=True, verbose_name=_("key figures"))
    body = BlocksField(ProductBody(), verbose_name=_("body"))

    content_panels = [
        *Page.content_panels,
        FieldPanel("intro"),
        MultiFieldPanel(
            [
                FieldPanel("code"),
                FieldPanel("category"),
                FieldPanel("risk_class"),
                FieldPanel("picture"),
                FieldPanel("art"),
            ],
            heading=_("About the product"),
        ),
        FieldPanel("figures"),
        FieldPanel("body"),
    ]
    search_fields = [
        *Page.search_fields,
        index.SearchField("intro", boost=2),
        index.SearchField("body"),
        index.FilterField("category"),
    ]
    parent_page_types = ["content.ProductIndexPage"]
    subpage_types: list[str] = []
    template = "site/product_page.html"

    class Meta:
        verbose_name = _("product")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(category__in=["FUND", "SAVINGS", "INSURANCE"]),
                name="content_product_category",
            ),
            models.CheckConstraint(
                condition=models.Q(risk_class__isnull=True)
                | models.Q(risk_class__gte=1, risk_class__lte=7),
                name="content_product_risk_class",
            ),
        ]

    @property
    def risk_steps(self) -> list[bool]:
        """Seven steps, filled up to this product's risk class."""
        return [step <= (self.risk_class or 0) for step in range(1, 8)]

    def pictures(self) -> dict[int, set[str]]:
        return {self.picture_id: {"card", "arch"}} if self.picture_id else {}

    def opening(self) -> tuple[Any, str] | None:
        return (self.picture, "arch") if self.picture else None

    def tracked(self) -> tuple[str, dict[str, Any]]:
        return "Product Viewed", {
            "product_id": self.code,
            "name": self.title,
            "category": str(self.get_category_display()),
            "path": self.get_url() or "",
        }
