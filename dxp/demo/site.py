"""The public site of Alder & Finch: pages, menu, and the personal slot on the front page."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.html import escape
from wagtail.models import Page, Site

from content.models import (
    ArticleIndexPage,
    ArticlePage,
    HomePage,
    ProductIndexPage,
    ProductPage,
    StandardPage,
    Topic,
)
from customers.models import Segment
from dxp.demo import leaflets, spanish, words
from dxp.demo.shelf import PRODUCTS

NAME = "Alder & Finch"
TEXTS = Path(__file__).parent / "texts"


@transaction.atomic
def build_site(at: datetime) -> None:
    """Build the site's missing pages; what is there, edited or not, stays as it is."""
    home = _home()
    insights = _page(
        home, ArticleIndexPage, "insights", title="Insights", intro=words.INSIGHTS, menu=True
    )
    for file in sorted(TEXTS.glob("*.txt")):
        _article(insights, file, at)
    products = _page(
        home, ProductIndexPage, "products", title="Products", intro=words.PRODUCTS, menu=True
    )
    pages = {"insights": insights, "products": products}
    for slug, (title, intro, in_menu) in words.STANDARD.items():
        pages[slug] = _page(home, StandardPage, slug, title=title, intro=intro, menu=in_menu)
    pages["thanks"] = _page(
        pages["newsletter"],
        StandardPage,
        "thank-you",
        title="Thank you. You are on the list.",
        intro=words.THANKS,
        is_listed=False,
    )
    for product in PRODUCTS:
        _product(products, product, pages["contact"])
    pages |= {page.slug: page for page in Page.objects.child_of(products)}
    pages |= {page.slug: page for page in Page.objects.child_of(insights)}
    for slug, body in leaflets.bodies(pages).items():
        _fill(pages[slug], body)
    _fill(home, words.home(pages))
    spanish.build(home=home, pages=pages, blocks=_blocks)
    _personalize(home, pages)


def _home() -> Any:
    """Return the front page, and make it the root of the default site."""
    root = Page.get_first_root_node()
    site = Site.objects.filter(is_default_site=True).first()
    welcome = site.root_page if site else None
    # The one in the language that most is written in.
    home = HomePage.objects.order_by("path").first() or _page(
        root, HomePage, "alder-finch", title=NAME
    )
    address = urlsplit(settings.SITE_URL)
    site = site or Site(is_default_site=True)
    site.hostname = address.hostname or "localhost"
    site.port = address.port or (443 if address.scheme == "https" else 80)
    site.root_page, site.site_name = home, NAME
    site.save()
    # The page that Wagtail's own migration leaves behind, never one of somebody's own.
    if welcome is not None and type(welcome.specific) is Page and not welcome.get_children():
        welcome.delete()
    return home


def _page(
    parent: Any, model: Any, slug: str, *, title: str, menu: bool = False, **fields: Any
) -> Any:
    found = parent.get_children().filter(slug=slug).first()
    if found is not None:
        return found.specific
    page = model(slug=slug, title=title, show_in_menus=menu, **fields)
    # Fresh from the database: treebeard counts children on the instance.
    Page.objects.get(pk=parent.pk).add_child(instance=page)
    page.save_revision().publish()
    return page


def _fill(page: Any, body: list[tuple[str, Any]]) -> None:
    # Fresh as well: saving an old instance would forget children added since.
    page = Page.objects.get(pk=page.pk).specific
    if not page.body:
        page.body = body
        page.save_revision().publish()


def _article(parent: Any, file: Path, at: datetime) -> None:
    head, _, text = file.read_text().partition("\n\n")
    about = dict(line.split(": ", 1) for line in head.splitlines())
    topic, _created = Topic.objects.get_or_create(
        slug=about["topic"].lower(), defaults={"name": about["topic"]}
    )
    _page(
        parent,
        ArticlePage,
        file.stem,
        title=about["title"],
        topic=topic,
        author=about["author"],
        intro=about["intro"],
        art=about["art"],
        published_on=(at - timedelta(days=int(about["age"]))).date(),
        body=_blocks(text),
    )


def _blocks(text: str) -> list[tuple[str, Any]]:
    """Turn the texts' small markup (paragraphs, `##`, `-`, `>`) into blocks."""
    blocks: list[tuple[str, Any]] = []
    html: list[str] = []
    for line in [*text.splitlines(), "> "]:
        mark, _, rest = line.partition(" ")
        if mark == ">":
            if html:
                blocks.append(("text", "".join(html).replace("</ul><ul>", "")))
            html = []
            if rest:
                blocks.append(("quote", {"text": rest}))
        elif mark == "##":
            html.append(f"<h2>{escape(rest)}</h2>")
        elif mark == "-":
            html.append(f"<ul><li>{escape(rest)}</li></ul>")
        elif line:
            html.append(f"<p>{escape(line)}</p>")
    return blocks


def _product(parent: Any, product: dict[str, Any], contact: Any) -> None:
    caption, first, column = product.get("table", ("What it costs", "Cost", "A year"))
    _page(
        parent,
        ProductPage,
        product["slug"],
        title=product["title"],
        code=product["slug"],
        category=product["category"],
        intro=product["intro"],
        art=product["art"],
        menu=True,
        risk_class=product["risk_class"],
        figures=[
            ("figure", {"label": label, "value": value, "note": note})
            for label, value, note in product["figures"]
        ],
        body=[
            ("text", product["text"]),
            (
                "table",
                {
                    "caption": caption,
                    "first": first,
                    "columns": [column],
                    "rows": [{"name": name, "cells": [cell]} for name, cell in product["rows"]],
                },
            ),
            (
                "faq",
                {
                    "heading": "Asked often",
                    "questions": [
                        {"question": question, "answer": f"<p>{escape(answer)}</p>"}
                        for question, answer in product["questions"]
                    ],
                },
            ),
            ("call_to_action", words.talk(contact)),
        ],
    )


def _personalize(home: Any, pages: dict[str, Any]) -> None:
    """Give the front page's slot its audiences, once their segments exist."""
    home = HomePage.objects.get(pk=home.pk)
    slot = next(iter(home.slots().values()), None)
    if slot is None or len(slot.value["variants"]):
        return
    audiences = {segment.slug: segment for segment in Segment.objects.all()}
    variants = [
        {"audience": audiences[slug], "content": content}
        for slug, content in words.variants(pages).items()
        if slug in audiences
    ]
    if variants:
        block = slot.block.child_blocks["variants"]
        slot.value["variants"] = block.normalize(variants)
        home.save_revision().publish()
