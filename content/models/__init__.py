"""The nouns of this floor; other floors import from here."""

from content.models.catalog import ProductIndexPage, ProductPage
from content.models.documents import Document, DocumentLink, SealedCollection, lies_sealed
from content.models.faults import BlockFault
from content.models.forms import Form, Submission
from content.models.fragments import Fragment
from content.models.grants import GrantNote
from content.models.media import Image, Rendition
from content.models.pages import (
    ArticleIndexPage,
    ArticlePage,
    HomePage,
    StandardPage,
)
from content.models.panels import TagsPanel
from content.models.personas import Persona
from content.models.recommendations import Recommended
from content.models.serving import CLOSED, SHELL, PublicPage, is_closed, keep_private
from content.models.tagging import TagDue, TaggerModel, Tagging, TagSuggestion
from content.models.taxonomy import Facet, Term, Topic
from content.models.work import BackgroundTask, BulkRun
from content.models.workflow import (
    CheckState,
    CheckTask,
    ReviewInvite,
    ReviewRemark,
    ReviewState,
    ReviewTask,
)

__all__ = [
    "CLOSED",
    "SHELL",
    "ArticleIndexPage",
    "ArticlePage",
    "BackgroundTask",
    "BlockFault",
    "BulkRun",
    "CheckState",
    "CheckTask",
    "Document",
    "DocumentLink",
    "Facet",
    "Form",
    "Fragment",
    "GrantNote",
    "HomePage",
    "Image",
    "Persona",
    "ProductIndexPage",
    "ProductPage",
    "PublicPage",
    "Recommended",
    "Rendition",
    "ReviewInvite",
    "ReviewRemark",
    "ReviewState",
    "ReviewTask",
    "SealedCollection",
    "StandardPage",
    "Submission",
    "TagDue",
    "TagSuggestion",
    "TaggerModel",
    "Tagging",
    "TagsPanel",
    "Term",
    "Topic",
    "is_closed",
    "keep_private",
    "lies_sealed",
]  # fmt: skip
