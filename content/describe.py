"""What a page says about itself to machines, in the words of schema.org."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.utils.html import strip_tags

from content.gather import Around
from content.models import ArticlePage, ProductPage, PublicPage

Data = dict[str, Any]
Absolute = Callable[[str], str]


def graph(
    *, page: Any, around: Around, absolute: Absolute, search: str, image: str = ""
) -> Data | None:
    """Return what search engines are told of a page; None where it is no page of ours.

    Args:
        page: that is read.
        around: what surrounds it.
        absolute: makes an address whole.
        search: where the site is searched; the words follow.
        image: the whole address of its picture, if it has one.
    """
    if not isinstance(page, PublicPage) or around.home is None:
        return None
    root = absolute(around.place.address(around.home))
    house = {"@type": "Organization", "@id": f"{root}#house", "name": around.place.name}
    said: list[Data] = [{**house, "url": root}]
    if page.pk == around.home.pk:
        said.append(_site(around, root, search))
    if isinstance(page, ArticlePage):
        said.append(_article(page, house, around, absolute))
    if isinstance(page, ProductPage):
        said.append(_product(page, house, around, absolute))
    if len(said) == 1:
        said.append(_other(page, root, around, absolute))
    if image:
        said[-1]["image"] = image
    if steps := list(_steps(page, around, absolute)):
        said.append({"@type": "BreadcrumbList", "itemListElement": steps})
    if asked := list(_asked(page)):
        said.append({"@type": "FAQPage", "mainEntity": asked})
    return {"@context": "https://schema.org", "@graph": said}


def _site(around: Around, root: str, search: str) -> Data:
    return {
        "@type": "WebSite",
        "@id": f"{root}#site",
        "url": root,
        "name": around.place.name,
        "inLanguage": around.language,
        "publisher": {"@id": f"{root}#house"},
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{search}?q={{words}}"},
            "query-input": "required name=words",
        },
    }


def _article(page: ArticlePage, house: Data, around: Around, absolute: Absolute) -> Data:
    said: Data = {
        "@type": "Article",
        "headline": page.title,
        "description": page.intro,
        "datePublished": page.published_on.isoformat(),
        "inLanguage": around.language,
        "articleSection": page.topic.name,
        "publisher": {"@id": house["@id"]},
        "mainEntityOfPage": absolute(around.place.address(page)),
    }
    if page.last_published_at:
        said["dateModified"] = page.last_published_at.isoformat()
    if page.author:
        said["author"] = {"@type": "Person", "name": page.author}
    return said


def _product(page: ProductPage, house: Data, around: Around, absolute: Absolute) -> Data:
    return {
        "@type": "Product",
        "name": page.title,
        "description": page.intro,
        "sku": page.code,
        "category": str(page.get_category_display()),
        "brand": {"@type": "Brand", "name": house["name"]},
        "url": absolute(around.place.address(page)),
    }


def _other(page: PublicPage, root: str, around: Around, absolute: Absolute) -> Data:
    said: Data = {
        "@type": "CollectionPage" if any(page.listed()) else "WebPage",
        "url": absolute(around.place.address(page)),
        "name": page.title,
        "inLanguage": around.language,
        "publisher": {"@id": f"{root}#house"},
    }
    return {**said, "description": page.summary()} if page.summary() else said


def _steps(page: Any, around: Around, absolute: Absolute) -> Iterator[Data]:
    """Yield the way from the front page, if it is longer than one step."""
    above = [one for one in around.sections if page.path.startswith(one.path) and one.pk != page.pk]
    if not above or around.home is None:
        return
    for place, one in enumerate([around.home, *above, page], start=1):
        yield {
            "@type": "ListItem",
            "position": place,
            "name": one.title,
            "item": absolute(around.place.address(one)),
        }


def _asked(page: PublicPage) -> Iterator[Data]:
    for stream in page.streams():
        for child in stream:
            if child.block_type != "faq":
                continue
            for entry in child.value["questions"]:
                yield {
                    "@type": "Question",
                    "name": entry["question"],
                    "acceptedAnswer": {
                        "@type": "Answer",
                        "text": strip_tags(str(entry["answer"])).strip(),
                    },
                }
