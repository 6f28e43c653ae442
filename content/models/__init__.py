"""The nouns of this floor; other floors import from here."""

from content.models.catalog import ProductIndexPage, ProductPage
from content.models.pages import (
    ArticleIndexPage,
    ArticlePage,
    HomePage,
    StandardPage,
)
from content.models.serving import SHELL, PublicPage, keep_private
from content.models.taxonomy import Topic

__all__ = [
    "SHELL",
    "ArticleIndexPage",
    "ArticlePage",
    "HomePage",
    "ProductIndexPage",
    "ProductPage",
    "PublicPage",
    "StandardPage",
    "Topic",
    "keep_private",
]  # fmt: skip
