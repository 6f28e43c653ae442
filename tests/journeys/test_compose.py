"""What people get: mails of blocks, lists and questions; links that lead where they should."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.test import Client

from journeys import compose, publish
from journeys.channels.email.mjml import VIEW
from journeys.compose import BadToken, Values
from journeys.models import Delivery, Enrollment, Message
from tests.journeys.conftest import NOON, draw, happened, person, send
from tests.journeys.test_advance import walk_all

pytestmark = pytest.mark.django_db
CART = {
    "cart_id": "c/1",
    "items": [
        {"name": "lamp", "price": 79.5, "url": "/lamp", "image": "https://alder.example/l.png"},
        {"name": "<rug>", "price": 20, "url": "https://evil.example/", "image": "javascript:1"},
        {"name": "chair", "price": 50, "url": "https://shop.friend.example/chair"},
    ],
}
BLOCKS = [
    ("text", "Hi {{ first_name }}.\n\n{% if trait.plan %}\n\nAs a {{ trait.plan }} member\n\n"
             "see [your cart](/cart?id={{ event.cart_id }}) or https://alder.example/help.\n\n"
             "{% endif %}\n\nBye."),
    ("each", {"list": "event.items", "blocks": [
        ("picture", {"url": "{{ item.image }}", "alt": "{{ item.name }}"}),
        ("text", '{{ item.name|capitalize }} {{ item.price|money:"EUR" }}'),
        ("link", {"text": "See {{ item.name }}", "url": "{{ item.url }}", "look": "button"}),
    ]}),
    ("only", {"question": 'trait.plan == "gold"', "blocks": [("heading", "Gold inside")]}),
]  # fmt: skip


def written(house, blocks=BLOCKS, **told):
    message = Message.objects.create(name="Cart", subject="Your cart", body=blocks, **told)
    publish.publish_message(message=message, house=house, at=NOON)
    return message


def mail(message, house, traits, event=CART, **told):
    asked = {"delivery": 7, "contact_point": 3, "recipient": "ana@example.com", **told}
    raw = compose.compose(
        edition=message.current, values=Values(traits, event), sender=house.sender, house=house,
        at=NOON, **asked,
    )  # fmt: skip
    found = email.message_from_bytes(raw, policy=email.policy.default)
    text, html = (part.get_content() for part in found.iter_parts())
    return found, text, html


def followed(address):
    return Client().get(urlsplit(address).path)


class TestMails:
    def test_show_lists_and_questions_to_whom_they_are_for(self, house):
        message = written(house)

        _found, text, html = mail(message, house, {"firstName": "Ana", "plan": "gold"})
        _found, plain, page = mail(message, house, {"firstName": "Ben"}, {})

        assert "Lamp 79.50 EUR" in text
        assert "&lt;rug&gt; 20.00 EUR" in html
        assert "<rug>" not in html
        assert "Gold inside" in text
        assert "As a gold member" in html
        for absent in ("EUR", "Gold", "member", "your cart", "See "):
            assert absent not in plain
            assert absent not in page
        assert "Hi Ben." in plain
        assert "\n\n\n" not in plain
        assert html.count("<table") == html.count("</table>")
        assert page.count("<table") == page.count("</table>") < html.count("<table")
        assert html.count("<td") == html.count("</td>")

    def test_links_lead_to_their_targets_and_nowhere_else(self, house):
        message = written(house)
        friendly = replace(house, hosts=("friend.example",))

        _found, text, html = mail(message, friendly, {"firstName": "Ana", "plan": "gold"})

        links = dict(re.findall(r"(?:See )?([\w<>]+): (https://\S+)", text))
        assert followed(links["cart"])["Location"] == "https://alder.example/cart?id=c%2F1"
        assert followed(links["lamp"])["Location"] == "https://alder.example/lamp"
        assert links["<rug>"] == "https://alder.example"
        assert followed(links["chair"])["Location"] == "https://shop.friend.example/chair"
        assert "evil" not in html
        assert "javascript" not in html
        assert 'src="https://alder.example/l.png"' in html

    def test_a_link_that_carries_its_target_cannot_be_changed(self, house):
        _found, text, _html = mail(written(house), house, {"plan": "x"})
        path = urlsplit(re.search(r"your cart: (\S+)", text)[1]).path
        token, number = path.removeprefix("/c/").split("/")

        assert followed(f"/c/{token}/{number}").status_code == 302
        for forged in (f"x{token}", token.replace("-", "-A", 2), token[:-2]):
            assert followed(f"/c/{forged}/{number}").status_code == 404
        plain = compose.click_token(delivery=7, edition=int(token.split("-")[1], 16))
        assert followed(f"/c/{plain}/{number}").status_code == 404

    def test_marketing_offers_the_way_out_and_what_is_expected_does_not(self, house):
        news = written(house)
        found, text, html = mail(news, house, {})

        assert "/u/" in found["List-Unsubscribe"]
        assert "Unsubscribe" in html
        assert "Choose what you get" in text

    def test_transactional_mails_are_no_bulk(self, house):
        message = written(house, [("text", "Thanks")], purpose="transactional")

        found, text, html = mail(message, house, {})

        assert found["List-Unsubscribe"] is None
        assert found["Auto-Submitted"] == "auto-generated"
        assert "Unsubscribe" not in html + text
        assert "something you did" in text

    def test_every_try_is_the_same(self, house):
        message = written(house)

        first, second = (
            mail(message, house, {"firstName": "Ana"}),
            mail(message, house, {"firstName": "Ana"}),
        )

        assert first[0].as_bytes() == second[0].as_bytes()
        assert compose.delivery_of(first[0]["Message-ID"]) == 7


class TestTokens:
    @pytest.mark.parametrize(
        "word", ["", "d7", "d7.abc@x", "dx.y", "d7.", "d" + "9" * 40 + ".a", "<>", "\x00", "d٣.a"]
    )
    def test_nobody_makes_up_a_delivery(self, word):
        with pytest.raises(BadToken):
            compose.delivery_of(word)

    def test_ours_are_read(self):
        assert compose.delivery_of(f"<{compose.token(delivery=12)}@alder.example>") == 12

    def test_click_links_are_short_and_those_of_before_still_lead_on(self, house):
        edition = written(house).current_id
        told = f"7-{edition:x}"
        before = signing.Signer(salt="journeys.click", sep=".").sign(told)

        assert len(compose.click_token(delivery=7, edition=edition)) == len(told) + 17
        assert compose.read_token(compose.CLICK, before) == (7, edition)
        for forged in (before[:-1], before[:-28], f"{told}.", f"{told}.{'A' * 16}"):
            with pytest.raises(BadToken):
                compose.read_token(compose.CLICK, forged)


class TestPages:
    @pytest.fixture
    def delivered(self, fans, house):
        ana = person("ana")
        message = written(house, [("text", "Dear {{ first_name }}, {{ trait.plan }}")])
        draw(fans, send(message))
        happened(ana, "Liked")
        walk_all(NOON)
        return Delivery.objects.get()

    def page(self, delivery, message):
        told = compose.view_token(delivery=delivery.pk, edition=message.current_id)
        return Client().get(f"/v/{told}")

    def test_a_message_can_be_read_in_the_browser(self, delivered):
        shown = self.page(delivered, delivered.message)

        assert "Dear Ana" in shown.content.decode()
        assert "default-src 'none'" in shown["Content-Security-Policy"]
        assert (shown["Referrer-Policy"], shown["X-Robots-Tag"]) == ("no-referrer", "noindex")
        assert "no-store" in shown["Cache-Control"]

    def test_each_mail_leads_there(self, delivered, house):
        delivered.message.current.message = delivered.message
        _found, text, _html = mail(
            delivered.message, house, {"firstName": "Ana"}, delivery=delivered.pk
        )

        address = re.search(r"View in the browser: (\S+)", text)[1]
        assert "Dear Ana" in followed(address).content.decode()
        assert VIEW not in range(len(delivered.message.current.links))

    def test_what_was_erased_is_gone(self, delivered):
        delivered.profile.state = "ERASED"
        delivered.profile.save()

        assert self.page(delivered, delivered.message).status_code == 404
        for forged in ("x", "1-1.abc", "\ue000"):
            assert Client().get(f"/v/{forged}").status_code == 404

    def test_the_event_that_let_them_in_fills_it(self, delivered, house):
        run = Enrollment.objects.get()
        run.entry = {"by": "event", "event": {"total": 5}}
        run.save()
        message = delivered.message
        message.body = [("text", "{{ event.total }} apples")]
        message.save()
        publish.publish_message(message=message, house=house, at=NOON)

        assert "5 apples" in self.page(delivered, message).content.decode()


class TestFormats:
    def test_moments_are_those_of_the_person(self, house):
        blocks = [("text", '{{ event.at|date:"j F, H:i" }}')]
        message = written(house, blocks)
        event = {"at": "2026-11-21T23:30:00Z"}

        _found, text, _html = mail(message, house, {"timezone": "Europe/Bucharest"}, event)
        _found, other, _html = mail(message, house, {}, event)

        assert "22 November, 01:30" in text
        assert "21 November, 23:30" in other
