"""What an automatic check looks at, one file each; a new one is named in this list."""

from content.inspections.accessibility import Accessibility
from content.inspections.base import INSPECTIONS, Draft, Finding, Inspection, Piece
from content.inspections.links import Links
from content.inspections.metadata import Metadata

for _kind in (Accessibility, Links, Metadata):
    INSPECTIONS.register(_kind)

__all__ = ["INSPECTIONS", "Draft", "Finding", "Inspection", "Piece"]
