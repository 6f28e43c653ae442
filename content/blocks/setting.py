"""Choices that say how something is shown: no words of a page, for search and tags."""

from __future__ import annotations

from typing import Any

from wagtail import blocks


class SettingBlock(blocks.ChoiceBlock):
    """One of several. What is stored is one of their names, and not looked up among them again."""

    def to_python(self, value: Any) -> Any:
        return value

    def get_searchable_content(self, value: Any) -> list[str]:
        return []


class SettingsBlock(blocks.MultipleChoiceBlock):
    """Some of several."""

    def get_searchable_content(self, value: Any) -> list[str]:
        return []
