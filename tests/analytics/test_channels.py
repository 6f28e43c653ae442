"""Channels: the published rules, by the function and by both databases' SQL."""

from __future__ import annotations

import pytest

from analytics.measures import channels
from analytics.measures.channels import channel_of, host_of
from benchmarks import data_channel_grouping


@pytest.mark.parametrize(
    ("host", "channel"),
    [
        ("www.google.co.uk", "Organic Search"),
        ("duckduckgo.com", "Organic Search"),
        ("l.facebook.com", "Organic Social"),
        ("t.co", "Organic Social"),
        ("www.youtube.com", "Organic Video"),
        ("amazon.de", "Organic Shopping"),
        ("mail.google.com", "Referral"),
        ("notgoogle.example", "Referral"),
        ("us.example", "Direct"),
        ("WWW.US.EXAMPLE", "Direct"),
        ("", "Direct"),
    ],
)
def test_a_host_without_a_campaign_says_where_a_visit_came_from(host, channel):
    assert channel_of("", "", "", host, "us.example") == channel


@pytest.mark.parametrize(
    ("told", "channel"),
    [
        (("google", "cpc", "spring"), "Paid Search"),
        (("Google", "CPC", "spring"), "Paid Search"),
        (("partner", "cpc", "eshop"), "Paid Shopping"),
        (("partner", "cpc", "workshop"), "Paid Other"),
        (("instagram", "paid_social", ""), "Paid Social"),
        (("news", "banner", ""), "Display"),
        (("newsletter", "email", "march"), "Email"),
        (("partner", "post", ""), "Unassigned"),
        ((None, None, "march"), "Unassigned"),
    ],
)
def test_a_campaign_goes_before_the_host(told, channel):
    assert channel_of(*told, "duckduckgo.com" if told[0] else None, None) == channel


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://www.Shop.example:8443/a?b=c", "shop.example"),
        ("android-app://com.google.android.gm/", "com.google.android.gm"),
        ("https://ana:secret@us.example/", "us.example"),
        ("about:blank", ""),
        (None, ""),
    ],
)
def test_the_host_of_an_address(address, host):
    assert host_of(address) == host


def test_every_channel_has_a_rule_and_a_word():
    assert len(channels.CHANNELS) == len(set(channels.CHANNELS)) == 19


@pytest.mark.dataset
@pytest.mark.django_db
def test_every_case_of_the_set_on_both_databases(dataset):
    figures = data_channel_grouping.run(dataset("channel_grouping"))

    assert figures == {
        "cases": 15, "function_agree": 15, "duckdb_agree": 15, "postgresql_agree": 15,
        # The one besides has a space in its name, as no source of a link has.
        "sources": 819, "sources_agree": 818,
    }  # fmt: skip
