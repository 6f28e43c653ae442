"""What Alder & Finch offers, and what people ask about it. All of it is made up."""

from __future__ import annotations

from typing import Any

PRODUCTS: list[dict[str, Any]] = [
    {
        "slug": "canopy-world-fund",
        "title": "Canopy World Fund",
        "category": "FUND",
        "art": "hills",
        "risk_class": 5,
        "intro": "Shares of some 1,600 companies in 41 countries, held for the long run and"
        " hardly ever traded.",
        "figures": [
            ("Ongoing charge", "0.38 %", "a year, everything included"),
            ("Smallest purchase", "50", "once, or each month"),
            ("Held for", "7 years +", "the time we advise"),
            ("Companies", "1,612", "none above 3 %"),
        ],
        "text": (
            "<h2>A fund that moves little</h2><p>Canopy owns a broad slice of the world's listed"
            " companies and mostly leaves it alone. Once a quarter we bring the weights back in"
            " line,"
            " leave out what we do not wish to own, and otherwise let businesses do their work.</p>"
            "<p>It suits money that you will not need for seven years or more. In a bad year it"
            " may lose"
            " a third of its value. It has always had company in that, and has come back each"
            " time; that"
            " is no promise for the next.</p>"
        ),
        "rows": [
            ("Management", "0.29 %"),
            ("Custody and audit", "0.05 %"),
            ("Trading, last year", "0.04 %"),
            ("Entry and exit", "none"),
        ],
        "questions": [
            (
                "Can I sell at any time?",
                "Yes, on every day on which the exchanges are open. The money is in your account"
                " two"
                " working days later.",
            ),
            (
                "What do you leave out?",
                "Makers of cluster munitions and tobacco, and companies that sell more coal than"
                " anything else. The full list is in the half-yearly report.",
            ),
        ],
    },
    {
        "slug": "meadow-balanced-fund",
        "title": "Meadow Balanced Fund",
        "category": "FUND",
        "art": "alder",
        "risk_class": 3,
        "intro": "Half shares, half bonds of good debtors. For people who would like to grow, and"
        " to sleep.",
        "figures": [
            ("Ongoing charge", "0.46 %", "a year, everything included"),
            ("Smallest purchase", "50", "once, or each month"),
            ("Held for", "4 years +", "the time we advise"),
            ("Share of bonds", "50 %", "between 45 and 55"),
        ],
        "text": (
            "<h2>Two halves that disagree</h2><p>When shares fall, good bonds often hold their"
            " ground."
            " Meadow keeps half of each and brings them back to the middle four times a year. In"
            " this"
            " way it sells a little of what has become dear and buys a little of what has become"
            " cheap,"
            " without anybody having to feel brave.</p><p>In the worst twelve months that our model"
            " looks back on, a mix like this one lost about a fifth. Shares alone lost twice as"
            " much.</p>"
        ),
        "rows": [
            ("Management", "0.36 %"),
            ("Custody and audit", "0.06 %"),
            ("Trading, last year", "0.04 %"),
            ("Entry and exit", "none"),
        ],
        "questions": [
            (
                "Why not more shares when the outlook is good?",
                "Because nobody we know can tell reliably when it is. The fixed half is what you"
                " pay us"
                " to keep.",
            ),
            (
                "Does the fund pay out?",
                "Each December, what it has earned in interest and dividends. You can have it"
                " paid or"
                " put back.",
            ),
        ],
    },
    {
        "slug": "sapling-savings-plan",
        "title": "Sapling Savings Plan",
        "category": "SAVINGS",
        "art": "seeds",
        "risk_class": 4,
        "intro": "A sum each month into a mix that fits your goal. Raise it, pause it or stop it"
        " whenever you like.",
        "figures": [
            ("From", "25", "a month"),
            ("Plan fee", "none", "only the charges of the funds"),
            ("Change it", "any day", "without a form"),
            ("Paid out within", "3 days", "to your own account"),
        ],
        "text": (
            "<h2>Small sums, taken seriously</h2><p>You choose a day, a sum and a goal: a house, a"
            " degree, a year off, or simply later. We propose a mix of Canopy and Meadow that"
            " fits the"
            " years in between, and move it towards the calmer side as your date comes"
            " nearer.</p><p>In"
            " every January we ask whether the sum may grow with your pay. Two clicks raise it;"
            " doing"
            " nothing leaves it as it is.</p>"
        ),
        "rows": [
            ("15 years or more", "90 % Canopy, 10 % Meadow"),
            ("8 to 14 years", "60 % Canopy, 40 % Meadow"),
            ("4 to 7 years", "20 % Canopy, 80 % Meadow"),
            ("Less than 4 years", "a savings account serves you better"),
        ],
        "table": ("How we mix it", "Years to your goal", "Mix"),
        "questions": [
            (
                "What if I cannot pay for a while?",
                "Pause the plan for as long as you like. What you have saved stays invested, and"
                " nothing"
                " is charged.",
            ),
            (
                "Can I have more than one?",
                "Up to ten, each with its own goal and name. People keep to plans that have a"
                " name.",
            ),
        ],
    },
    {
        "slug": "first-branch-plan",
        "title": "First Branch Plan",
        "category": "SAVINGS",
        "art": "leaves",
        "risk_class": 5,
        "intro": "For children: you save, grandparents join in, and at eighteen it is theirs to"
        " climb on.",
        "figures": [
            ("From", "10", "a month"),
            ("May pay in", "everybody", "by a link of the child's own"),
            ("Plan fee", "none", "only the charges of the funds"),
            ("Theirs at", "18", "or later, if you decide so"),
        ],
        "text": (
            "<h2>Eighteen years are a gift</h2><p>Nobody has as much time as a newborn. 50 a"
            " month from"
            " the first birthday to the eighteenth come to 10,200 paid in; at five percent a year"
            " that"
            " would be about 16,000. The difference is what time adds when it is left"
            " alone.</p><p>The"
            " plan belongs to the child from the start. You look after it until the day that you"
            " choose, and by then we have met all three of you at least once.</p>"
        ),
        "rows": [
            ("Until 10", "100 % Canopy"),
            ("11 to 14", "70 % Canopy, 30 % Meadow"),
            ("15 to 17", "30 % Canopy, 70 % Meadow"),
            ("From 18", "the child decides"),
        ],
        "table": ("How the mix grows up", "Age", "Mix"),
        "questions": [
            (
                "Whose money is it?",
                "The child's. You may move it between funds for the child's good, but not back to"
                " yourself.",
            ),
            (
                "How do relatives pay in?",
                "By a link that shows the child's first name and nothing else: no balance, no"
                " address.",
            ),
        ],
    },
    {
        "slug": "shelter-income-cover",
        "title": "Shelter Income Cover",
        "category": "INSURANCE",
        "art": "roof",
        "risk_class": None,
        "intro": "If illness or an accident stops your work, Shelter pays up to two thirds of"
        " your income until you are back.",
        "figures": [
            ("Pays up to", "66 %", "of your net income"),
            ("Starts after", "6 weeks", "or 13, for a lower price"),
            ("Until age", "67", "at the latest"),
            ("Decided within", "10 days", "once papers are complete"),
        ],
        "text": (
            "<h2>Your largest asset walks about</h2><p>A nurse of thirty-five with a usual career"
            " will"
            " earn more than a million before she retires. Most people insure their car better than"
            " that.</p><p>Shelter pays when a doctor finds that you can do no more than half of"
            " your own"
            " work for six months or longer. Your own work: nobody will tell a surgeon that she"
            " could"
            " sell tickets instead.</p>"
        ),
        "rows": [
            ("Your own profession is what counts", "covered"),
            ("Illness of the mind", "covered"),
            ("Part-time return, difference paid", "covered"),
            ("Illness you knew of and did not tell us", "not covered"),
        ],
        "table": ("What is covered", "Case", "Shelter"),
        "questions": [
            (
                "Do you ask about my health?",
                "Yes, eleven questions about the last five years. Please take your time: what you"
                " leave"
                " out may cost you the cover later.",
            ),
            (
                "What does it cost?",
                "That depends on age, work and waiting time. An office worker of thirty pays from"
                " 38 a"
                " month for 1,500.",
            ),
        ],
    },
]
