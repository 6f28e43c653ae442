"""Real paths and real orders: their beginning each time, the whole sets with WHOLE_DATA=1."""

from __future__ import annotations

import csv
import gzip
import os
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from itertools import islice

import pytest

from benchmarks import data_attribution, data_online_retail

PATHS = {
    "eta": [1712, 2194, 1890.4966],
    "iota": [1692, 1363, 1484.0659],
    "alpha": [1876, 2604, 2324.2142],
    "beta": [1346, 432, 975.5623],
    "theta": [815, 334, 521.3353],
    "lambda": [571, 745, 640.1793],
    "kappa": [42, 115, 69.3359],
    "zeta": [17, 60, 72.0015],
    "epsilon": [37, 296, 148.0511],
    "gamma": [83, 47, 65.0022],
    "delta": [0, 1, 0.5333],
    "mi": [2, 2, 2.2222],
}
WORTH = {
    "eta": 7321.5346,
    "iota": 6421.5845,
    "alpha": 7537.2120,
    "beta": 4273.1159,
    "theta": 2163.0239,
    "lambda": 2713.2142,
}
SHOP = {
    "rows": 320_705,
    "net": 5_761_931.38,
    "sold": 6_304_826.06,
    "canceled": 520_770.56,
    "cancellations": 2_554,
    "invoices": 16_459,
    "net_with_a_customer": 4_919_107.73,
    "months": [
        748957.02, 560000.26, 498062.65, 683267.08, 493207.12, 723333.51, 691123.12, 681300.11,
        682680.51,
    ],
    "countries": 37,
    "top_countries": {
        "United Kingdom": 4776808.81, "Netherlands": 179431.60, "EIRE": 159594.06,
        "Germany": 139514.58, "France": 111426.65,
    },
    "products": 3_774,
}  # fmt: skip


whole = pytest.mark.skipif("WHOLE_DATA" not in os.environ, reason="takes half a minute")


def part(folder, into, lines):
    """Return a folder with the first lines of a set, and its rows."""
    (file,) = folder.glob("*.csv.gz")
    with gzip.open(file, "rt", newline="") as source:
        kept = list(islice(source, lines + 1))
    with gzip.open(into / file.name, "wt", newline="") as target:
        target.writelines(kept)
    return into, list(csv.DictReader(kept, delimiter=";" if ";" in kept[0] else ","))


@pytest.mark.dataset
def test_channels_get_what_their_paths_say(lake, dataset, tmp_path):
    folder, rows = part(dataset("attribution"), tmp_path, 60)
    first, last, linear = Counter(), Counter(), Counter()
    for row in rows:
        path, won = row["path"].split(" > "), int(row["total_conversions"])
        first[path[0]] += won
        last[path[-1]] += won
        for channel in path:
            linear[channel] += Fraction(won, len(path))

    figures = data_attribution.run(folder)

    assert {name: figures[name] for name in linear if linear[name]} == {
        name: [first[name], last[name], round(float(linear[name]), 4)]
        for name in linear
        if linear[name]
    }


@pytest.mark.dataset
def test_orders_and_cancellations_add_up_to_the_cent(lake, dataset, tmp_path):
    folder, rows = part(dataset("online_retail"), tmp_path, 4000)
    net, canceled = Counter(), Decimal(0)
    for row in rows:
        amount = int(row["Quantity"]) * Decimal(row["UnitPrice"])
        net[row["Country"]] += amount
        canceled -= amount if row["InvoiceNo"].startswith("C") else 0

    figures = data_online_retail.run(folder)

    assert figures["net"] == float(round(net.total(), 2))
    assert figures["canceled"] == float(round(canceled, 2))
    assert figures["invoices"] == len({row["InvoiceNo"] for row in rows})
    assert figures["top_countries"] == {
        name: float(round(amount, 2)) for name, amount in net.most_common(5)
    }


@whole
@pytest.mark.dataset
def test_each_channel_is_credited_as_the_description_of_the_paths_says(lake, dataset):
    figures = data_attribution.run(dataset("attribution"))

    assert (figures["conversions"], figures["value"]) == (8193, 31984.8448)
    assert {name: figures[name] for name in PATHS} == PATHS
    assert {name: figures["linear_values"][name] for name in WORTH} == WORTH


@whole
@pytest.mark.dataset
def test_the_shop_earned_what_its_description_says_to_the_cent(lake, dataset):
    assert data_online_retail.run(dataset("online_retail")) == SHOP
