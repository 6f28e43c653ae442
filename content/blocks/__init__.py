"""What editors build pages from."""

from content.blocks.dynamic import PersonalSlotBlock, SlotContent, Variant, first_match, fits_edge
from content.blocks.fields import SignUpBlock, SignUpForm
from content.blocks.layout import FigureBlock
from content.blocks.page import Body, ProductBody
from content.blocks.reused import FormBlock, FragmentBlock, FragmentBody

__all__ = [
    "Body",
    "FigureBlock",
    "FormBlock",
    "FragmentBlock",
    "FragmentBody",
    "PersonalSlotBlock",
    "ProductBody",
    "SignUpBlock",
    "SignUpForm",
    "SlotContent",
    "Variant",
    "first_match",
    "fits_edge",
]
