"""What Alder & Finch tags its pages with: who a page is for, and what in life it is about."""

from __future__ import annotations

from datetime import datetime

from content import tag
from content.models import ArticlePage, Facet, ProductPage, Term

# facet: short name, name, description, several terms; its terms: name, also called, part of
FACETS = [
    ("life", "Life", "What in life a page is about.", True),
    ("level", "Level", "How much somebody needs to know already.", False),
]
TERMS: dict[str, list[tuple[str, list[str], str]]] = {
    "life": [
        ("Retirement", ["pension", "old age", "jubilación"], ""),
        ("A home", ["house", "mortgage", "vivienda"], ""),
        ("Family", ["children", "school", "inheritance", "familia"], ""),
        ("Rainy days", ["emergency", "cash", "savings account", "colchón"], ""),
        ("Investing", ["fund", "funds", "shares", "inversión"], ""),
        ("Falling markets", ["crash", "crisis", "loss"], "Investing"),
        ("Costs", ["fees", "fee", "charges"], "Investing"),
    ],
    "level": [
        ("For a start", ["beginner", "first steps"], ""),
        ("For those who know", ["advanced"], ""),
    ],
}
GIVEN = {
    "a-calm-way-into-retirement": ["retirement"],
    "how-much-should-you-keep-in-cash": ["rainy-days", "for-a-start"],
    "talking-to-your-children-about-money": ["family", "for-a-start"],
    "what-a-fall-of-a-fifth-feels-like": ["falling-markets"],
    "what-your-fund-really-costs": ["costs", "for-those-who-know"],
}


def build(*, at: datetime) -> None:
    """Make the facets with their terms and tag some articles, unless there are facets."""
    if Facet.objects.exists():
        return
    made: dict[str, Term] = {}
    for slug, name, description, several in FACETS:
        facet = Facet.objects.create(slug=slug, name=name, description=description, several=several)
        for word, synonyms, above in TERMS[slug]:
            short = word.lower().replace(" ", "-")
            made[short] = Term.objects.create(
                facet=facet, name=word, slug=short, synonyms=synonyms,
                parent=made.get(above.lower().replace(" ", "-")),
            )  # fmt: skip
    for page in ArticlePage.objects.filter(slug__in=GIVEN):
        for short in GIVEN[page.slug]:
            tag.give(page, made[short], by=None, at=at)
    for product in ProductPage.objects.filter(category="FUND"):
        tag.give(product, made["investing"], by=None, at=at)
