"""Blocks whose content depends on who looks, or on what was published last."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from content import context as contexts
from content import tokens
from content.blocks import shelf
from content.blocks.layout import (
    CallToActionBlock,
    CardsBlock,
    FiguresBlock,
    QuoteBlock,
    TextBlock,
)
from content.blocks.media import IllustrationBlock, PictureBlock
from content.blocks.reused import FragmentBlock
from content.blocks.setting import SettingBlock
from content.blocks.when import Filled, WhenBlock
from customers.choosers import SegmentChooserBlock

# Each is a class in content/strategies.
STRATEGIES = [
    ("first_match", _("The first that matches")),
    ("schedule", _("The one whose time it is")),
    ("random", _("One of the matching, at random")),
    ("pick", _("Pages picked below")),
    ("popular", _("Most read pages")),
    ("recent", _("Pages they looked at last")),
    ("related", _("Pages with the same tags")),
]
LISTS = {"pick", "popular", "recent", "related"}
DELIVERIES = [
    ("fragment", _("After the page (suits everything)")),
    ("edge", _("With the page, kept by the network of caches")),
    ("server", _("With the page, filled in by our server")),
]


class SlotContent(blocks.StreamBlock):
    """What a slot may hold: no form and no slot again."""

    call_to_action = CallToActionBlock()
    text = TextBlock()
    cards = CardsBlock()
    quote = QuoteBlock()
    figures = FiguresBlock()
    illustration = IllustrationBlock()
    picture = PictureBlock()
    fragment = FragmentBlock()

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        written = json.dumps(cleaned.get_prep_value(), default=str, ensure_ascii=False)
        if found := tokens.strange(written):
            words = _now("“%(found)s” would be shown as it stands here. Write %(instead)s.") % {
                "found": found[:60], "instead": "{{ customer.first_name|there }}",
            }  # fmt: skip
            raise blocks.StreamBlockValidationError(non_block_errors=[words])
        return cleaned

    class Meta:
        min_num = 1


class AudienceBlock(SegmentChooserBlock):  # type: ignore[misc, valid-type]
    """A segment. One that is gone stays a segment that nobody is in: not "everybody"."""

    def to_python(self, value: Any) -> Any:
        return self.bulk_to_python([value])[0]

    def bulk_to_python(self, values: Any) -> list[Any]:
        """Return the segments of these numbers; what they are called is asked for where needed."""
        if shelf.is_laid_out():
            # The page that all get depends on which segments there are, not on their names.
            made = self.model_class.from_db
            return [made(DEFAULT_DB_ALIAS, ["id"], [one]) if one else None for one in values]
        found: list[Any] = super().bulk_to_python(values)
        return [
            self.model_class(pk=value, name=_now("a segment that is gone"))
            if one is None and value is not None
            else one
            for value, one in zip(values, found, strict=True)
        ]


class Variant(blocks.StructBlock):
    audience = AudienceBlock(
        required=False, label=_("Audience"), help_text=_("Empty: everybody we may recognize.")
    )
    content = SlotContent(label=_("Content"))
    when = WhenBlock(label=_("How they came"))
    starts = blocks.DateTimeBlock(required=False, label=_("From"))
    ends = blocks.DateTimeBlock(required=False, label=_("Until"))

    class Meta:
        icon = "group"
        value_class = Filled
        label_format = "{audience}"
        form_layout = blocks.BlockGroup(
            children=["audience", "content"], settings=["when", "starts", "ends"]
        )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        starts, ends = cleaned["starts"], cleaned["ends"]
        if starts and ends and ends <= starts:
            raise blocks.StructBlockValidationError({
                "ends": ValidationError(_now("It would end before it begins."))
            })
        return cleaned


class PersonalSlotBlock(blocks.StructBlock):
    """A place that greets people differently.

    The id of the stream's child is the slot's id: Wagtail gives one to each block and keeps it
    through edits. A field of ours would be the same for two slots added in one go.
    """

    default = SlotContent(
        label=_("For everyone"),
        help_text=_(
            "What people see who are in none of the audiences, or have not allowed cookies. "
            "{{ customer.first_name|there }} says a trait, or “there” where it is unknown."
        ),
    )
    variants = blocks.ListBlock(
        Variant(),
        min_num=0,
        default=[],
        label=_("For audiences"),
        help_text=_("The first match wins, unless the settings say otherwise."),
    )
    control = blocks.IntegerBlock(
        min_value=0,
        max_value=100,
        default=0,
        label=_("Control group (%)"),
        help_text=_(
            "This share of people keeps seeing the default, so that the difference is known."
        ),
    )
    strategy = SettingBlock(choices=STRATEGIES, default="first_match", label=_("What is shown"))
    picks = blocks.ListBlock(
        blocks.PageChooserBlock(),
        min_num=0,
        max_num=12,
        default=[],
        label=_("Picked pages"),
        help_text=_("Also shown where a list of pages would be empty."),
    )
    count = blocks.IntegerBlock(min_value=1, max_value=12, default=3, label=_("How many pages"))
    delivery = SettingBlock(
        choices=DELIVERIES,
        default="fragment",
        label=_("How it arrives"),
        help_text=_("A network of caches can tell audiences apart, three for a page, and no more."),
    )

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        context["variant"], context["shown"] = _shown(
            value, context.get("id"), context.get("request"), context.get("page")
        )
        return context

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned["delivery"] == "edge" and not fits_edge(cleaned):
            words = _now(
                "The network of caches only knows audiences: no control group, no schedule, no "
                "“how they came”, no other way of choosing, three audiences at most."
            )
            raise blocks.StructBlockValidationError({"delivery": ValidationError(words)})
        for name, is_missing in (
            ("picks", cleaned["strategy"] == "pick" and not len(cleaned["picks"])),
            ("variants", cleaned["strategy"] in {"schedule", "random"}
             and not len(cleaned["variants"])),
        ):  # fmt: skip
            if is_missing:
                words = _now("There is nothing to choose from.")
                raise blocks.StructBlockValidationError({name: ValidationError(words)})
        if cleaned["strategy"] == "first_match" and (after := _unreachable(cleaned["variants"])):
            words = _now("Nobody sees what stands below variant %(number)s: it asks for nothing.")
            told = ValidationError(words % {"number": after})
            raise blocks.StructBlockValidationError({"variants": told})
        return cleaned

    class Meta:
        icon = "user"
        label = _("Personal slot")
        value_class = Filled
        template = "content/blocks/personal_slot.html"
        form_layout = blocks.BlockGroup(
            children=["default", "variants"],
            settings=["strategy", "control", "picks", "count", "delivery"],
        )


def first_match(slot: Any, segments: Collection[int]) -> Any | None:
    """Return the first variant, a list child, for one of these segments, or None."""
    for child in slot["variants"].bound_blocks:
        segment = child.value["audience"]
        if segment is not None and segment.pk in segments:
            return child
    return None


def _unreachable(variants: Any) -> int:
    """Return the number of the first variant that leaves nobody to those below it, or 0."""
    for number, one in enumerate([*variants][:-1], 1):
        asks = one["audience"] or one["starts"] or one["ends"] or not contexts.is_empty(one["when"])
        if not asks:
            return number
    return 0


def fits_edge(slot: Any) -> bool:
    """Return whether a slot depends on its audiences alone, and on three of them at most."""
    variants = list(slot["variants"])
    return (
        slot["strategy"] == "first_match"
        and not slot["control"]
        and all(one["audience"] is not None for one in variants)
        and all(contexts.is_empty(one["when"]) for one in variants)
        and not any(one["starts"] or one["ends"] for one in variants)
        and len({one["audience"].pk for one in variants}) <= contexts.MOST_AT_EDGE
    )


def _shown(slot: Any, slot_id: Any, request: Any, page: Any) -> tuple[str, Any]:
    """Return the variant that stands in the page, and its content.

    The default, except in a preview (`slots_shown`: decisions by slot), and in the copy of a page
    that a cache keeps for browsers in some segments (`edge_segments`).
    """
    decision = (getattr(request, "slots_shown", None) or {}).get(slot_id)
    if decision is not None:
        return decision.variant, decision.content
    segments = getattr(request, "edge_segments", None)
    if segments and page is not None and page.deliveries().get(slot_id) == "edge":
        chosen = first_match(slot, segments)
        if chosen is not None:
            return str(chosen.id), chosen.value["content"]
    return "", slot["default"]


class LatestArticlesBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=100, label=_("Heading"))
    count = blocks.IntegerBlock(min_value=1, max_value=6, default=3, label=_("How many"))

    class Meta:
        icon = "doc-full"
        label = _("Latest articles")
        template = "content/blocks/latest_articles.html"
