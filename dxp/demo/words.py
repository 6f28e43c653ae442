"""The words of Alder & Finch's pages: who they are and how they speak. All of it is made up."""

from __future__ import annotations

from typing import Any

INSIGHTS = (
    "Plain words about money and the lives it serves. We write when we have something to say,"
    " which is about twice a month."
)
PRODUCTS = "Five things, each of which we own or use ourselves. Everything else we would only sell."
THANKS = (
    "The first letter is on its way. Should it not arrive within the hour, have a look among the"
    " unwanted mail, and tell your mailbox that we are friends."
)
CONSENT = (
    "Yes, Alder & Finch may write to me by e-mail about saving, investing and its products."
    " I can stop this at any time by one click in each message."
)
# slug: title, introduction, in the menu
STANDARD: dict[str, tuple[str, str, bool]] = {
    "advice": (
        "Advice",
        "We are paid by the hour or by the year, never by the product. It makes the talk shorter"
        " and"
        " the paper thinner.",
        True,
    ),
    "about": (
        "About",
        "Two families, one house by the river, and some four thousand people who trust us with what"
        " they have put aside.",
        True,
    ),
    "newsletter": (
        "Newsletter",
        "One letter every other Thursday: a thought, a figure, and something to do in ten minutes.",
        True,
    ),
    "contact": ("Contact", "A person answers. Usually on the second ring.", False),
    "privacy": ("Privacy", "What we know about you, why, and how to make us forget it.", False),
}


def link(text: str, page: Any) -> dict[str, Any]:
    """Return a link to one of our pages."""
    return {"text": text, "page": page, "url": ""}


def sign_up(pages: dict[str, Any], form: str, heading: str, text: str) -> tuple[str, Any]:
    """Return a sign-up form as a block."""
    return (
        "sign_up",
        {
            "name": form,
            "heading": heading,
            "text": text,
            "consent": CONSENT,
            "button": "Send me the letter",
            "thanks": pages["thanks"],
        },
    )


def talk(contact: Any) -> dict[str, Any]:
    """Return the invitation at the foot of each product."""
    return {
        "heading": "Not sure which of it is for you?",
        "text": "Half an hour by telephone costs nothing and settles most questions.",
        "link": link("Arrange a talk", contact),
    }


def home(pages: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the front page's blocks."""
    return [
        (
            "hero",
            {
                "eyebrow": "Wealth management since 1987",
                "heading": "Money grows best when it is left in peace.",
                "text": "We help families to plan for decades, to pay less for it, and to think"
                " about"
                " something else in the meantime.",
                "links": [
                    link("See what we offer", pages["products"]),
                    link("Read our insights", pages["insights"]),
                ],
                "art": "finch",
            },
        ),
        (
            "personal_slot",
            {
                "default": [
                    (
                        "call_to_action",
                        {
                            "heading": "New here? Begin with ten minutes.",
                            "text": "Our letter explains one idea at a time, every other"
                            " Thursday, in"
                            " words your grandmother would have used.",
                            "link": link("Get the letter", pages["newsletter"]),
                        },
                    )
                ],
                "variants": [],
                "control": 0,
            },
        ),
        (
            "cards",
            {
                "heading": "Three ways to begin",
                "text": "",
                "cards": [
                    {
                        "title": "Save a little, often",
                        "text": "A plan from 25 a month that grows with your pay and pauses when"
                        " life"
                        " does.",
                        "art": "seeds",
                        "link": link("Sapling Savings Plan", pages["sapling-savings-plan"]),
                    },
                    {
                        "title": "Put a sum to work",
                        "text": "The whole world in one fund, at a cost that you can say in one"
                        " breath.",
                        "art": "hills",
                        "link": link("Canopy World Fund", pages["canopy-world-fund"]),
                    },
                    {
                        "title": "Keep a roof over it",
                        "text": "Your income is your largest asset. Shelter pays when you cannot"
                        " work.",
                        "art": "roof",
                        "link": link("Shelter Income Cover", pages["shelter-income-cover"]),
                    },
                ],
            },
        ),
        (
            "figures",
            {
                "heading": "What we look after",
                "figures": [
                    {
                        "label": "Families",
                        "value": "4,120",
                        "note": "most of them for ten years or more",
                    },
                    {"label": "Entrusted to us", "value": "1.3 bn", "note": "in funds and plans"},
                    {"label": "Average cost", "value": "0.44 %", "note": "a year, all in"},
                    {"label": "Products", "value": "5", "note": "and no sixth is planned"},
                ],
                "source": "Alder & Finch, end of last quarter",
            },
        ),
        ("latest_articles", {"heading": "Fresh from the desk", "count": 3}),
        (
            "quote",
            {
                "text": "They told me to do nothing, and sent me a bill for an hour. It was the"
                " best"
                " advice I ever paid for.",
                "who": "Ruth Abelson",
                "role": "client since 1998",
            },
        ),
    ]


def variants(pages: dict[str, Any]) -> dict[str, list[tuple[str, Any]]]:
    """Return what the front page's slot says to each audience, by the segment's short name."""
    return {
        "new-subscribers": [
            (
                "call_to_action",
                {
                    "heading": "Good to have you with us.",
                    "text": "While the first letter is on its way: most readers begin with a"
                    " savings"
                    " plan. Yours could start at 25 a month.",
                    "link": link("Plant a Sapling", pages["sapling-savings-plan"]),
                },
            )
        ],
        "engaged-readers": [
            (
                "call_to_action",
                {
                    "heading": "You read a lot here. Shall we talk?",
                    "text": "Half an hour with one of our advisers, by telephone, free of charge."
                    " Bring the question that none of the articles answered.",
                    "link": link("Arrange a talk", pages["contact"]),
                },
            )
        ],
    }
