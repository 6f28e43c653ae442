"""The library of Alder & Finch: two pictures, papers to download, one for colleagues alone."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.base import ContentFile
from PIL import Image as Pixels
from PIL import ImageDraw, ImageFilter
from wagtail.models import BaseViewRestriction, Collection, CollectionViewRestriction

from content.models import Document, Image
from dxp.demo import papers

FEES = "What advice costs"
PLAN = "A savings plan, month by month"
MANDATE = "Letter of mandate"
RIVER = "The river below the mill"
HILLS = "The hills behind Alderbrook"
SIZE = (1600, 900)


def build() -> None:
    """Put what is missing into the library; what is there stays as it is."""
    public, inner = _collection("Downloads"), _collection("For colleagues")
    CollectionViewRestriction.objects.get_or_create(
        collection=inner, defaults={"restriction_type": BaseViewRestriction.LOGIN}
    )
    _paper(FEES, "fees.pdf", public, papers.pdf(FEES, FEES_LINES))
    _paper(PLAN, "savings-plan.xlsx", public, papers.table("Plan", _months()))
    _paper(MANDATE, "mandate.docx", inner, papers.letter(MANDATE_LINES))
    _picture(RIVER, "river.jpg", "A river bends between green banks under a pale sky", _river())
    _picture(HILLS, "hills.jpg", "Rows of hills in the evening, the sun low behind them", _hills())


def downloads() -> list[tuple[str, Any]]:
    """Return the blocks that offer the papers; none where the library is empty."""
    found = {one.title: one for one in Document.objects.filter(title__in=[FEES, PLAN])}
    links = "".join(
        f'<li><a linktype="document" id="{found[title].pk}">{title}</a> ({kind})</li>'
        for title, kind in ((FEES, "PDF"), (PLAN, "Excel"))
        if title in found
    )
    return [("text", f"<h2>On paper</h2><ul>{links}</ul>")] if links else []


def view(title: str, caption: str) -> list[tuple[str, Any]]:
    """Return the block that shows a picture; none where the library is empty."""
    found = Image.objects.filter(title=title).first()
    if found is None:
        return []
    found.contextual_alt_text, found.decorative = found.description, False
    return [("picture", {"image": found, "caption": caption})]


FEES_LINES = [
    "First talk: free. For finding out whether we fit.",
    "An hour: 140. For one question.",
    "A plan: 950. For a new job, a child, a house or a pension.",
    "A year: 0.4 %, at least 600. For handing it over.",
    "Whatever we do not use of an hour, you do not pay.",
]
MANDATE_LINES = [
    "Letter of mandate",
    "I ask Alder & Finch to look after the accounts named below from the first of next month on.",
    "I may end this at any time, by a line to the Mill House; nothing is owed after that day.",
    "Accounts, date, signature:",
]


def _months() -> list[list[str]]:
    rows, kept = [["Month", "Paid in", "Kept after the yearly charge of 0.38 %"]], 0.0
    for month in range(1, 25):
        kept = (kept + 50) * (1 - 0.0038 / 12)
        rows.append([str(month), str(50 * month), f"{kept:.2f}"])
    return rows


def _collection(name: str) -> Collection:
    found = Collection.objects.filter(name=name).first()
    return found or Collection.get_first_root_node().add_child(name=name)


def _paper(title: str, name: str, collection: Collection, data: bytes) -> None:
    if Document.objects.filter(title=title).exists():
        return
    made = Document(title=title, file=ContentFile(data, name=name), collection=collection)
    made.full_clean(exclude=["tags"])
    made._set_document_file_metadata()
    made.save()


def _picture(title: str, name: str, described: str, pixels: Pixels.Image) -> None:
    if Image.objects.filter(title=title).exists():
        return
    file = io.BytesIO()
    pixels.save(file, "JPEG", quality=88)
    Image.objects.create(
        title=title, description=described, credit="Alder & Finch",
        file=ContentFile(file.getvalue(), name=name), collection=_collection("Pictures"),
    )  # fmt: skip


def _sky(above: tuple[int, int, int], below: tuple[int, int, int]) -> Pixels.Image:
    made = Pixels.new("RGB", (1, 2))
    made.putpixel((0, 0), above)
    made.putpixel((0, 1), below)
    return made.resize(SIZE, Pixels.Resampling.BICUBIC)


def _river() -> Pixels.Image:
    made = _sky((176, 208, 214), (236, 232, 214))
    draw, (wide, high) = ImageDraw.Draw(made), SIZE
    draw.rectangle([0, 420, wide, high], fill=(94, 128, 84))
    draw.polygon(
        [(0, 430), (500, 380), (900, 425), (wide, 370), (wide, 480), (0, 480)], (70, 104, 78)
    )
    bends = [
        (700, 440),
        (760, 440),
        (900, 560),
        (820, 690),
        (1180, high),
        (380, high),
        (640, 690),
        (740, 560),
    ]
    draw.polygon(bends, fill=(126, 168, 184))
    for place, tall in ((180, 200), (320, 150), (1230, 210), (1420, 160)):
        draw.rectangle([place - 7, 520 - tall // 3, place + 7, 540], fill=(72, 56, 44))
        draw.ellipse([place - tall // 2, 470 - tall, place + tall // 2, 500], fill=(58, 92, 66))
    return made.filter(ImageFilter.GaussianBlur(1.2))


def _hills() -> Pixels.Image:
    made = _sky((92, 108, 148), (246, 196, 138))
    draw, (wide, high) = ImageDraw.Draw(made), SIZE
    draw.ellipse([1010, 330, 1190, 510], fill=(255, 232, 176))
    for step in range(5):
        base, shade = 460 + 90 * step, 1 - 0.16 * step
        tops = [(at, base - 40 * ((at // 200 + step) % 3)) for at in range(0, wide + 200, 200)]
        color = (int(120 * shade), int(132 * shade), int(138 * shade))
        draw.polygon([(0, high), *tops, (wide, high)], fill=color)
    return made.filter(ImageFilter.GaussianBlur(3))
