"""The same house in Spanish: the front page, an article and a product, with what leads to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils.html import escape
from wagtail.models import Locale

from dxp.demo.words import link

Blocks = list[tuple[str, Any]]
TEXT = Path(__file__).parent / "texts/es/the-quiet-work-of-compounding.txt"


def build(*, home: Any, pages: dict[str, Any], blocks: Callable[[str], Blocks]) -> None:
    """Build the Spanish pages that are missing."""
    locale, _created = Locale.objects.get_or_create(language_code="es")
    head, _, text = TEXT.read_text().partition("\n\n")
    about = dict(line.split(": ", 1) for line in head.splitlines())
    _say(home, locale, slug="alder-finch-es", body=[])
    _say(
        pages["insights"],
        locale,
        title="Ideas",
        slug="ideas",
        intro="Palabras sencillas sobre el dinero y las vidas a las que sirve. Escribimos cuando"
        " tenemos algo que decir.",
    )
    article = _say(pages["the-quiet-work-of-compounding"], locale, body=blocks(text), **about)
    _say(
        pages["products"],
        locale,
        title="Productos",
        slug="productos",
        intro="Los tenemos o los usamos nosotros mismos. Todo lo demás solo lo venderíamos.",
    )
    plan = _say(pages["sapling-savings-plan"], locale, **_plan(pages["contact"]))
    front = home.get_translation(locale).specific
    if not front.body:
        front.body = _front(article, plan, pages)
        front.save_revision().publish()


def _say(page: Any, locale: Locale, **fields: Any) -> Any:
    if page.has_translation(locale):
        return page.get_translation(locale).specific
    # Fresh: a copy takes over what the page has now.
    said = page.specific_class.objects.get(pk=page.pk).copy_for_translation(locale)
    for name, value in fields.items():
        setattr(said, name, value)
    said.save_revision().publish()
    return said


def _front(article: Any, plan: Any, pages: dict[str, Any]) -> Blocks:
    return [
        (
            "hero",
            {
                "eyebrow": "Gestión de patrimonio desde 1987",
                "heading": "El dinero crece mejor si se le deja en paz.",
                "text": "Ayudamos a las familias a planificar por décadas, a pagar menos por ello"
                " y a pensar entretanto en otra cosa.",
                "links": [link("Ver el plan de ahorro", plan), link("Leer una idea", article)],
                "art": "finch",
            },
        ),
        (
            "cards",
            {
                "heading": "Dos maneras de empezar",
                "text": "",
                "cards": [
                    {
                        "title": "Ahorre un poco, a menudo",
                        "text": "Un plan desde 25 al mes que crece con su sueldo y se detiene"
                        " cuando la vida se detiene.",
                        "art": "seeds",
                        "link": link("Plan de ahorro Sapling", plan),
                    },
                    {
                        "title": "Lea diez minutos",
                        "text": "Por qué los últimos diez años aportan más que los de antes.",
                        "art": "rings",
                        "link": link("El interés compuesto", article),
                    },
                ],
            },
        ),
        ("latest_articles", {"heading": "Recién escrito", "count": 3}),
        (
            "call_to_action",
            {
                "heading": "¿Prefiere hablar?",
                "text": "Media hora por teléfono no cuesta nada y aclara casi todo.",
                "link": link("Concertar una llamada", pages["contact"]),
            },
        ),
    ]


def _plan(contact: Any) -> dict[str, Any]:
    asked = [
        (
            "¿Y si no puedo pagar durante un tiempo?",
            "Detenga el plan cuanto quiera. Lo ahorrado sigue invertido y no se cobra nada.",
        ),
        ("¿Puedo tener más de uno?", "Hasta diez, cada uno con su meta y su nombre."),
    ]
    rows = [
        ("15 años o más", "90 % Canopy, 10 % Meadow"),
        ("De 8 a 14 años", "60 % Canopy, 40 % Meadow"),
        ("De 4 a 7 años", "20 % Canopy, 80 % Meadow"),
        ("Menos de 4 años", "le conviene más una cuenta de ahorro"),
    ]
    figures = [
        ("Desde", "25", "al mes"),
        ("Coste del plan", "ninguno", "solo los gastos de los fondos"),
        ("Se cambia", "cualquier día", "sin formularios"),
        ("Se paga en", "3 días", "en su propia cuenta"),
    ]
    return {
        "title": "Plan de ahorro Sapling",
        "slug": "plan-de-ahorro-sapling",
        "intro": "Una suma cada mes en una mezcla que se ajusta a su meta. Súbala, deténgala o"
        " termine cuando quiera.",
        "figures": [
            ("figure", {"label": label, "value": value, "note": note})
            for label, value, note in figures
        ],
        "body": [
            (
                "text",
                "<h2>Sumas pequeñas, tomadas en serio</h2><p>Usted elige un día, una suma y una"
                " meta: una casa, unos estudios, un año libre, o simplemente más adelante."
                " Proponemos una mezcla de Canopy y Meadow para los años que quedan, y la llevamos"
                " hacia el lado tranquilo a medida que se acerca la fecha.</p>",
            ),
            (
                "table",
                {
                    "caption": "Cómo lo mezclamos",
                    "first": "Años hasta su meta",
                    "columns": ["Mezcla"],
                    "rows": [{"name": name, "cells": [cell]} for name, cell in rows],
                },
            ),
            (
                "faq",
                {
                    "heading": "Lo que más se pregunta",
                    "questions": [
                        {"question": question, "answer": f"<p>{escape(answer)}</p>"}
                        for question, answer in asked
                    ],
                },
            ),
            (
                "call_to_action",
                {
                    "heading": "¿No sabe cuál es el suyo?",
                    "text": "Media hora por teléfono no cuesta nada y aclara casi todo.",
                    "link": link("Concertar una llamada", contact),
                },
            ),
        ],
    }
