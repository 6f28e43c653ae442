"""Blocks that could not be shown: which, where, why, and since when."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.auth import permission_required
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import Column, DateColumn, NumberColumn
from wagtail.admin.views import generic
from wagtail.models import Page
from wagtail.permissions import policy_registry

from content.models import BlockFault
from content.policies import SEEING_PAGES

VIEW, DELETE = "content.view_blockfault", "content.delete_blockfault"


class PageColumn(Column):  # type: ignore[misc]
    """The page, which is where it is mended, and whether it was mended."""

    cell_template_name = "content/slots/_fault_page.html"

    def get_cell_context_data(self, instance: Any, parent_context: Any) -> dict[str, Any]:
        """Return the cell's variables."""
        told: dict[str, Any] = super().get_cell_context_data(instance, parent_context)
        told["may_edit"] = (
            bool(instance.page_id)
            and instance.page.permissions_for_user(parent_context["request"].user).can_edit()
        )
        told["may_delete"] = parent_context["request"].user.has_perm(DELETE)
        return told


class Faults(generic.IndexView):  # type: ignore[misc]
    """All broken blocks, the last first."""

    model = BlockFault
    index_url_name = "content_faults"
    page_title = lazy("Broken blocks")
    header_icon = "warning"
    default_ordering = "-last_at"
    is_searchable = False
    paginate_by = 50
    columns = [
        PageColumn("page", label=lazy("Page")),
        Column("kind", label=lazy("Block")),
        Column("error", label=lazy("What happened")),
        NumberColumn("count", label=lazy("Times")),
        DateColumn("last_at", label=lazy("Last")),
    ]

    def get_base_queryset(self) -> QuerySet[BlockFault]:
        """Return the faults with their pages."""
        return _seen_by(self.request.user).select_related("page")


@require_POST
@permission_required(DELETE)
def mended(request: HttpRequest, pk: int) -> HttpResponse:
    """Strike a fault from the list, if nobody was faster; it comes back if it happens again.

    Raises:
        Http404: it is of a page that this person may not look into.
    """
    gone, _kinds = _seen_by(request.user).filter(pk=pk).delete()
    if not gone and BlockFault.objects.filter(pk=pk).exists():
        raise Http404
    messages.success(request, _("Struck from the list. It comes back if it happens again."))
    return redirect("content_faults")


def _seen_by(user: Any) -> QuerySet[BlockFault]:
    """Return the faults of pages that somebody may look into, and of none at all."""
    pages = policy_registry.get_by_type(Page)
    mine = pages.instances_user_has_any_permission_for(user, SEEING_PAGES)
    return BlockFault.objects.filter(Q(page=None) | Q(page__in=mine.values("pk")))


class FaultItem(MenuItem):  # type: ignore[misc]
    """A menu entry for those who may see broken blocks."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Return whether this person may see them."""
        return bool(request.user.has_perm(VIEW))


@hooks.register("register_admin_urls")
def addresses() -> list[URLPattern]:
    """Offer the list of broken blocks."""
    return [
        path("faults/", permission_required(VIEW)(Faults.as_view()), name="content_faults"),
        path("faults/<int:pk>/mended/", mended, name="content_fault_mended"),
    ]


@hooks.register("register_reports_menu_item")
def item() -> MenuItem:
    """List them among the reports."""
    return FaultItem(
        lazy("Broken blocks"), reverse("content_faults"), name="faults", icon_name="warning",
        order=800,
    )  # fmt: skip
