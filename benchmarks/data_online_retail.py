"""A real shop's orders and cancellations: revenue by month and country, to the cent."""

from __future__ import annotations

import csv
import gzip
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from analytics import collect, query
from analytics.collect import Lake
from analytics.measures import revenue
from analytics.measures.revenue import Sales
from analytics.measures.where import Act, act
from benchmarks import _rows

START, END = datetime(2010, 12, 1, tzinfo=UTC), datetime(2011, 9, 1, tzinfo=UTC)
ORDER, CANCELED = Act("Order Completed"), Act("Order Canceled")
EVERYTHING = Sales(ORDER, CANCELED, "order")
KNOWN_CUSTOMER = [{"prop": "customer", "cmp": "set", "value": True}]
# Who gave no number is somebody else with each order.
STRANGERS = 1_000_000


def run(folder: Path) -> dict[str, Any]:
    """Write each line of an order as an event, seal, and return what the reports say."""
    written = _rows.write(events(folder), received_at=END)
    with tempfile.TemporaryDirectory() as place:
        lake = Lake(Path(place))
        collect.seal(lake=lake, at=END)
        figures = {"rows": written, **told(lake)}
    for name, value in figures.items():
        print(f"{name:<28} {value}")
    return figures


def told(lake: Lake) -> dict[str, Any]:
    """Return the figures that the set's description knows."""

    def ask(measure: Any, what: Sales, **asked: Any) -> list[dict[str, Any]]:
        table = query.ask(measure, lake=lake, at=END, start=START, end=END, what=what, **asked)
        return table.records()

    def one(what: Sales) -> dict[str, Any]:
        return ask(revenue.by, what)[0]

    known = Sales(_of_a_customer(ORDER), _of_a_customer(CANCELED))
    canceled = one(Sales(CANCELED, None, "order"))
    months = ask(revenue.over_time, EVERYTHING, zone="UTC", every="month")
    countries = ask(revenue.by, EVERYTHING, by="property:country", limit=1000)
    products = ask(revenue.by, EVERYTHING, by="property:sku", limit=10_000)
    invoices = ask(revenue.by, EVERYTHING, by="property:order", limit=50_000)
    return {
        "net": round(one(EVERYTHING)["net"], 2),
        "sold": round(one(EVERYTHING)["sold"], 2),
        "canceled": round(canceled["returned"], 2),
        "cancellations": canceled["returns"],
        "invoices": len(invoices),
        "net_with_a_customer": round(one(known)["net"], 2),
        "months": [round(row["net"], 2) for row in months],
        "countries": len(countries),
        "top_countries": {row["value"]: round(row["net"], 2) for row in countries[:5]},
        "products": len(products),
    }


def _of_a_customer(event: Act) -> Act:
    return act({"event": event.event, "where": KNOWN_CUSTOMER}, "")


def events(folder: Path) -> Iterator[_rows.Told]:
    """Yield a line of an order, or of its cancellation, as an event."""
    strangers: dict[str, int] = {}
    for file in sorted(folder.glob("*.csv.gz")):
        with gzip.open(file, "rt", newline="") as lines:
            for row in csv.DictReader(lines):
                number, customer = row["InvoiceNo"], row["CustomerID"].removesuffix(".0")
                quantity = int(row["Quantity"])
                told: dict[str, Any] = {
                    "order": number, "sku": row["StockCode"], "country": row["Country"],
                    "quantity": quantity, "revenue": float(quantity * Decimal(row["UnitPrice"])),
                }  # fmt: skip
                if customer:
                    told["customer"] = customer
                person = int(customer or strangers.setdefault(number, STRANGERS + len(strangers)))
                at = datetime.fromisoformat(row["InvoiceDate"]).replace(tzinfo=UTC)
                name = CANCELED if number.startswith("C") else ORDER
                yield person, at, name.event, told
