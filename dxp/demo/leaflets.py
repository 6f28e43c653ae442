"""The words of the plain pages: advice, about, newsletter, contact, privacy, thanks."""

from __future__ import annotations

from typing import Any

from dxp.demo import library
from dxp.demo.words import link, sign_up


def bodies(pages: dict[str, Any]) -> dict[str, list[tuple[str, Any]]]:
    """Return the blocks of the plain pages by their slug."""
    return {
        "advice": _advice(pages),
        "about": _about(),
        "newsletter": _newsletter(pages),
        "contact": _contact(),
        "privacy": _privacy(),
        "thanks": [
            (
                "cards",
                {
                    "heading": "Until then",
                    "text": "",
                    "cards": [
                        {
                            "title": "The quiet work of compounding",
                            "text": "Three numbers that explain most of it.",
                            "art": "rings",
                            "link": link("Read it", pages["the-quiet-work-of-compounding"]),
                        },
                        {
                            "title": "How much to keep in cash",
                            "text": "A way to find your own figure.",
                            "art": "nest",
                            "link": link("Read it", pages["how-much-should-you-keep-in-cash"]),
                        },
                    ],
                },
            )
        ],
    }


def _advice(pages: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        (
            "cards",
            {
                "heading": "In three steps",
                "text": "",
                "cards": [
                    {
                        "title": "We listen",
                        "text": "An hour about your life: who depends on you, what you fear, what"
                        " you"
                        " would do with a free year. No papers yet.",
                        "art": "",
                        "link": {},
                    },
                    {
                        "title": "We count",
                        "text": "You send what you have. We put it on one page: what comes in,"
                        " what goes"
                        " out, what it costs, where it is thin.",
                        "art": "",
                        "link": {},
                    },
                    {
                        "title": "We write",
                        "text": "A plan of four pages at most. You may carry it out with us, by"
                        " yourself,"
                        " or with somebody else.",
                        "art": "",
                        "link": {},
                    },
                ],
            },
        ),
        (
            "table",
            {
                "caption": "What advice costs",
                "first": "Service",
                "columns": ["Price", "Good for"],
                "rows": [
                    {"name": "First talk", "cells": ["free", "finding out whether we fit"]},
                    {"name": "An hour", "cells": ["140", "one question"]},
                    {"name": "A plan", "cells": ["950", "a new job, child, house or pension"]},
                    {"name": "A year", "cells": ["0.4 %, at least 600", "handing it over"]},
                ],
            },
        ),
        *library.downloads(),
        ("quote", {"text": "If you can do it yourself, we show you how.", "who": "", "role": ""}),
        (
            "call_to_action",
            {
                "heading": "Talk to a person",
                "text": "Half an hour, by telephone, free of charge.",
                "link": link("How to reach us", pages["contact"]),
            },
        ),
    ]


def _about() -> list[tuple[str, Any]]:
    return [
        (
            "illustration",
            {
                "art": "alder",
                "alt": "An alder tree on a small island in a river, hills behind it",
                "caption": "The alder in our name still stands behind the house.",
            },
        ),
        (
            "text",
            "<h2>How it began</h2><p>In 1987 Edith Alder, an actuary, and Jonas Finch, who ran a"
            " seed"
            " merchant's books, were asked by the same widow to look at the same portfolio. It held"
            " eleven funds from one bank. They found that it had earned the bank more than the"
            " widow,"
            " and said so to both. The bank was not pleased. The widow told her"
            " friends.</p><h2>How we"
            " work today</h2><p>We are thirty-one people in one building. The two families still"
            " hold"
            " all shares, so that nobody can press us to grow. Everyone who advises you has his"
            " or her"
            " own savings in the same funds, on the same terms, and we publish the total each"
            " year.</p>"
            "<p>We have turned down about one enquiry in seven, mostly because a simple savings"
            " account"
            " was the better answer. It is the part of the job that we are proudest of.</p>",
        ),
        *library.view(library.RIVER, "Where we take visitors after lunch."),
        (
            "figures",
            {
                "heading": "The house in figures",
                "figures": [
                    {"label": "Founded", "value": "1987", "note": ""},
                    {"label": "People", "value": "31", "note": "nine of them advisers"},
                    {"label": "Our own savings in our funds", "value": "18 m", "note": ""},
                ],
                "source": "",
            },
        ),
    ]


def _newsletter(pages: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        sign_up(
            pages,
            "newsletter",
            "The Thursday letter",
            "Read in four minutes. No forecasts, no shares of the week. About 9,000 people get"
            " it; the"
            " archive is free for everyone.",
        ),
        (
            "faq",
            {
                "heading": "Before you sign up",
                "questions": [
                    {
                        "question": "How do I stop it?",
                        "answer": "<p>By one click in any letter. It works at once, and nobody"
                        " asks why.</p>",
                    },
                    {
                        "question": "Who else gets my address?",
                        "answer": "<p>Nobody. We send the letters ourselves.</p>",
                    },
                ],
            },
        ),
    ]


def _contact() -> list[tuple[str, Any]]:
    return [
        (
            "text",
            "<h2>By telephone</h2><p>555 0142, Monday to Friday from eight to six. Whoever"
            " answers can"
            " decide something.</p><h2>By letter</h2><p>Alder &amp; Finch, The Mill House, 4"
            " River Lane,"
            " Alderbrook. Papers with original signatures are safest by registered mail.</p>"
            "<h2>In person</h2><p>We like visitors. Please call before, so that there is cake.</p>",
        ),
        (
            "faq",
            {
                "heading": "When something is wrong",
                "questions": [
                    {
                        "question": "I have lost my card or my telephone",
                        "answer": "<p>Call 555 0143 at any hour. We lock your account while you"
                        " are on"
                        " the line.</p>",
                    },
                    {
                        "question": "I wish to complain",
                        "answer": "<p>Write to Jonas Finch at the address above. He answers"
                        " within five"
                        " working days. If you are not content with the answer, the ombudsman's"
                        " address is at the foot of it.</p>",
                    },
                ],
            },
        ),
    ]


def _privacy() -> list[tuple[str, Any]]:
    return [
        (
            "text",
            "<h2>As a reader</h2><p>Without your permission this site keeps nothing in your"
            " browser and"
            " counts nothing about you. With it, one cookie of our own holds a random number for"
            " a year."
            " It tells us which pages are read and lets the front page greet you with something"
            " that"
            " fits. You can change your mind under “Cookie settings” at the foot of every page.</p>"
            "<h2>As a subscriber</h2><p>We keep your first name, your address, what you allowed and"
            " when. We use them to write to you, and stop when you tell us to.</p><h2>Your"
            " rights</h2>"
            "<p>Ask us what we know about you, have it put right, taken along or deleted. A short"
            " message to the address on our contact page is enough.</p>",
        ),
    ]
