"""Blocks that show something written elsewhere: a fragment, a form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.snippets.blocks import SnippetChooserBlock

from content.blocks.asked import AskedForm
from content.blocks.layout import (
    CallToActionBlock,
    CardsBlock,
    FaqBlock,
    FiguresBlock,
    QuoteBlock,
    TableBlock,
    TextBlock,
)
from content.blocks.media import IllustrationBlock, PictureBlock


class FragmentBody(blocks.StreamBlock):
    """What a fragment is made of: no form, no slot, and no fragment again."""

    text = TextBlock()
    call_to_action = CallToActionBlock()
    cards = CardsBlock()
    quote = QuoteBlock()
    figures = FiguresBlock()
    table = TableBlock()
    faq = FaqBlock()
    illustration = IllustrationBlock()
    picture = PictureBlock()

    class Meta:
        min_num = 1


class Beside:
    """The fragments of one stream, so that their translations are asked for at once."""

    def __init__(self, fragments: Iterable[Any]) -> None:
        self.fragments = list(fragments)
        self.known: dict[int, dict[Any, Any]] = {}

    def said(self, fragment: Any, locale_id: int | None) -> Any:
        """Return what is shown of a fragment where a language is spoken."""
        if locale_id is None or locale_id == fragment.locale_id:
            return fragment.said_in(None)
        if locale_id not in self.known:
            keys = {one.translation_key for one in self.fragments}
            live = type(fragment).objects.filter(locale_id=locale_id, live=True)
            self.known[locale_id] = {
                one.translation_key: one for one in live.filter(translation_key__in=keys)
            }
        return self.known[locale_id].get(fragment.translation_key) or fragment.said_in(None)


class FragmentBlock(SnippetChooserBlock):
    """A fragment in its place, in the language of the page around it."""

    def __init__(self, **options: object) -> None:
        options.pop("target_model", None)
        super().__init__("content.Fragment", **options)

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        page = context.get("page")
        if value:
            beside = getattr(value, "beside", None) or Beside([value])
            context["said"] = beside.said(value, page.locale_id if page else None)
        return context

    def bulk_to_python(self, values: Any) -> list[Any]:
        found: list[Any] = super().bulk_to_python(values)
        beside = Beside(one for one in found if one is not None)
        for one in beside.fragments:
            one.beside = beside
        return found

    class Meta:
        icon = "snippet"
        label = _("Fragment")
        template = "content/blocks/fragment.html"


class FormBlock(SnippetChooserBlock):
    """A form in its place, with what was wrong where it was sent with faults."""

    def __init__(self, **options: object) -> None:
        options.pop("target_model", None)
        super().__init__("content.Form", **options)

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        block_id = str(context.get("id") or "")
        request = context.get("request")
        filled = getattr(request, "asked_form", None)
        ours = filled is not None and filled.block_id == block_id
        context["asked"] = (
            filled
            if ours
            else AskedForm(questions=value.fields, block_id=block_id, most_new=value.most_new)
        )
        context["is_sent"] = getattr(request, "asked_sent", None) == block_id
        return context

    class Meta:
        icon = "form"
        label = _("Form")
        template = "content/blocks/form.html"
