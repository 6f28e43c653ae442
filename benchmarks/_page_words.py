"""What the measured page says, for our house and for the one beside it: no framework here."""

MENU = ["Insights", "Products", "Advice", "About", "Newsletter", "Contact"]
TITLE = "How to think about the next thirty years"
HERO = ("Wealth, looked after", "A calm way to plan", "Start with what you need, not with markets.")
PARAGRAPH = (
    "<p>Most of what decides how a plan ends is decided early: how much is put aside each month, "
    "what it costs to look after it, and whether anybody loses patience in a bad year. "
    "<b>Everything else</b> is smaller than it looks from near by, and most of it is noise that "
    "somebody is paid to make. Write down what the money is for, and when.</p>"
    "<ul><li>What will be needed soon stays in cash.</li><li>What has time may swing.</li>"
    "<li>What costs less every year leaves more.</li></ul>"
)
TEXTS = [f"<h2>Part {number}</h2>{PARAGRAPH}" for number in range(1, 5)]
QUOTE = (
    "We moved twice and changed jobs; the plan stayed.",
    "Ines and Pavel",
    "clients since 2009",
)
FIGURES = [("Clients", "4,100", "at the end of the year"), ("Costs", "0.28 %", "a year"),
           ("Founded", "1987", "in a room above a bakery")]  # fmt: skip
CARDS = [(f"A way in, number {number}", "Twenty minutes, a cup of tea and a pencil.")
         for number in range(1, 5)]  # fmt: skip
# Three places that greet people differently: (for everyone, for the audience).
SLOTS = [
    ("New here? Begin with the basics.", "Welcome back: your reading list has grown."),
    ("Talk to us for half an hour.", "Your adviser has an hour on Thursday."),
    ("Our letter, once a month.", "The letter of this month, before the others get it."),
]
