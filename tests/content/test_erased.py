"""Who was erased may come back, by their own hand only."""

from __future__ import annotations

import uuid

import pytest

from content import submit
from customers import consent, erase
from customers.models import Alias, ContactPoint, Source
from customers.rights import Person
from tests.customers.people import NOON, happened

pytestmark = pytest.mark.django_db
COOKIE = str(uuid.UUID(int=7))
WORDS = {"words": "You may write to me.", "locale": "en", "evidence": {}, "at": NOON}


@pytest.fixture
def website():
    """The site, on whose browser ana was known until she was erased."""
    source = Source.objects.get_or_create(name="Website")[0]
    happened({"type": "identify", "userId": "ana", "anonymousId": COOKIE, "messageId": "1",
              "traits": {"email": "ana@example.org"}})  # fmt: skip
    person = Person.of(Alias.objects.get(value=COOKIE).profile_id)
    erase.run(erase.request(person, by=None, at=NOON), at=NOON)
    assert not Alias.objects.exists()
    return source


def test_who_signs_up_again_is_written_to_again_under_a_new_id(website):
    filled = submit.SignUp(
        form="news", first_name="Ana", email="Ana@example.org", words="You may write to me.",
        locale="en", evidence={}, context={},
    )  # fmt: skip
    submit.sign_up(source=website, filled=filled, anonymous_id=COOKIE, confirm=False, at=NOON)
    assert Alias.objects.get().value != COOKIE
    point = ContactPoint.objects.get()
    assert point.value == "ana@example.org"
    assert consent.may(contact_points=[point.pk], purpose="marketing", channel="email", at=NOON)


def test_who_allows_cookies_again_gets_a_new_one(website):
    kept = submit.decide(anonymous_id=COOKIE, allowed=["tracking"], **WORDS)
    assert kept != COOKIE
    assert list(Alias.objects.values_list("value", flat=True)) == [kept]
