"""Wagtail choosers of this floor's nouns, for blocks and forms of the floors above."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from wagtail.admin.viewsets.chooser import ChooserViewSet

from customers.models import Segment
from dxp.lib.guard import GuardedChooserMixin


class SegmentChooserViewSet(GuardedChooserMixin, ChooserViewSet):
    """Lets editors pick a segment."""

    needs = "customers.view_segment"
    model = Segment
    icon = "group"
    choose_one_text = _("Choose a segment")
    choose_another_text = _("Choose another segment")
    edit_item_text = _("Edit this segment")
    register_widget = False


segment_chooser = SegmentChooserViewSet("segment_chooser", url_prefix="choose-segment")
SegmentChooserBlock = segment_chooser.get_block_class(
    name="SegmentChooserBlock", module_path="customers.choosers"
)
