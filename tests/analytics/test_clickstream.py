"""A real shop's clickstream: the counts its description knows, through collection and reports."""

from __future__ import annotations

import pytest

from benchmarks import data_clickstream_ecom

KNOWN = {
    "events": 17_808,
    "users": 579,
    "visits": 2_089,
    "purchases": 257,
    "buyers": 204,
    "funnel_users": [557, 361, 263, 164, 86, 47],
    "funnel_sessions": [1676, 502, 258, 100, 27, 6],
    "funnel_visits": [1676, 502, 258, 100, 27, 6],
    "conversion_by_channel": {
        "direct": [95, 15],
        "email": [355, 41],
        "organic": [763, 95],
        "paid_search": [576, 79],
        "social": [300, 27],
    },
    "conversion_by_platform": {"desktop": [1136, 159], "mobile": [710, 59], "tablet": [243, 39]},
    "retention": {
        "2024-01": [63, 45, 38, 43, 24],
        "2024-02": [124, 90, 93, 41],
        "2024-03": [181, 150, 81],
        "2024-04": [167, 101],
        "2024-05": [44],
    },
    "transitions": {
        "catalog>product_view": 1016,
        "product_view>catalog": 844,
        "product_view>product_view": 774,
        "catalog>catalog": 671,
        "search>product_view": 562,
    },
}


@pytest.mark.dataset
def test_the_known_counts_come_out_of_files_and_tail(lake, dataset):
    figures = data_clickstream_ecom.run(dataset("clickstream_ecom"))

    assert figures == KNOWN
