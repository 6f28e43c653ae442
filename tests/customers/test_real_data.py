"""Real data with known answers: user agents of the world, and a site's Snowplow events."""

from __future__ import annotations

import gzip
import json

import pytest

from benchmarks import data_clickstream_snowplow_web, data_user_agents
from customers import agents

pytestmark = pytest.mark.dataset


def test_every_crawler_is_known(dataset):
    packed = dataset("user_agents") / "crawler-user-agents.json.gz"
    crawlers = json.loads(gzip.decompress(packed.read_bytes()))
    texts = [text for one in crawlers for text in one["instances"]]
    assert len(texts) == 2116

    assert [text for text in texts if not agents.is_bot(text)] == []


@pytest.mark.parametrize(
    ("file", "part", "cases"),
    [
        ("uap_test_ua.yaml.gz", "browser", 1601),
        ("uap_test_os.yaml.gz", "system", 483),
        ("uap_test_device_sample2000.json.gz", "device", 2000),
    ],
)
def test_families_are_read_as_expected(dataset, file, part, cases):
    expected = list(data_user_agents.cases(dataset("user_agents") / file))
    assert len(expected) == cases

    # All of them are asked by `benchmarks data user_agents`; here the first of each file.
    wrong = [text for text, family in expected[:400] if getattr(agents.read(text), part) != family]

    assert wrong == []


@pytest.mark.django_db
def test_snowplows_users_are_our_people(dataset):
    found = data_clickstream_snowplow_web.run(dataset("clickstream_snowplow_web"))

    assert found["events"] == 157
    assert found["bots"] == 0
    assert found["spider_rows_agree"] == 160
    assert found["users_apart"] == found["users_expected"] == 11
    # The two others are two known users on one browser, whom we never merge.
    assert found["sessions_stitched_agree"] == 16
    assert found["page_views_found"] == found["page_views_expected"] == 43
    # Where rules differ, docs/measurements.md says why.
    assert (found["sessions_agree"], found["users_agree"]) == (13, 6)
    assert found["page_views_besides"] == 5
    # By Snowplow's own rules, every session and every page view is as in its tables.
    assert (found["measured_sessions"], found["measured_sessions_equal"]) == (18, 18)
    assert (found["measured_page_views"], found["measured_page_views_equal"]) == (43, 43)
    assert found["measured_sessions_engaged_seconds"] == 60
    assert found["measured_page_views_engaged_seconds"] == 45
